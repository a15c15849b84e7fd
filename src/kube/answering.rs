//! Whether the webhook of cert-manager answers: that its Deployment is Available says nothing of it.
//!
//! Until its injector has written the CA into its configuration, and until its port can be reached, every Issuer and Certificate is
//! refused. A dry run of one object tells, without a trace.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::model::{Error, ErrorClass, Object, Result};

use super::{Client, Owned, apply::Progress};

/// How long the webhook is waited for. Its CA is there within a minute; a closed port never opens.
pub(super) const PATIENCE: Duration = Duration::from_secs(5 * 60);
const PAUSE: Duration = Duration::from_secs(1);
const GROUP: &str = "cert-manager.io";

/// Returns when the API server takes one of the objects of cert-manager as a dry run, or refuses it for a reason that waiting doesn't
/// heal: of that the objects themselves tell.
pub(super) async fn cert_manager(
    client: &Client,
    objects: &[Object],
    patience: Duration,
    progress: Progress<'_>,
) -> Result<()> {
    let of_kind = |kind: &str| objects.iter().find(|object| object.group() == GROUP && object.kind() == kind);
    let Some(probe) = of_kind("Certificate").or_else(|| objects.iter().find(|object| object.group() == GROUP)) else {
        return Ok(());
    };
    let began = Instant::now();
    loop {
        let discovery = client.discovery().await?;
        // A kind that isn't served yet is waited for where the object itself is applied.
        let Some(kind) = discovery.find(probe.group(), probe.version(), probe.kind()) else { return Ok(()) };
        let refusal = match client.dry_run(kind, probe, true).await {
            Err(refusal) if refusal.class == ErrorClass::Transient => refusal,
            _ => return Ok(()),
        };
        if began.elapsed() > patience {
            let what = format!("cert-manager's webhook doesn't answer after {} s", patience.as_secs());
            return Err(Error::new(ErrorClass::Timeout, what)
                .caused_by(format!("{} as a dry run: {refusal}", Owned::of(probe)))
                .hint("see `kubectl -n cert-manager get pods` and the logs of cert-manager-webhook and cert-manager-cainjector")
                .hint("the security group of the nodes must let the control plane in at the port of the webhook's pods"));
        }
        progress(format!("cert-manager's webhook doesn't answer yet: {refusal}"));
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests;
