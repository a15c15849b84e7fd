//! What others made for the deployment, as a resource that is only ever removed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Error, ErrorClass, Readiness, Result};
use crate::phases::site::{Site, outputs, until};

use super::ec2::{Cluster, cluster};

/// How long something may take that others let go: a load balancer's interfaces, or an instance that shuts down.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How many ids a message names.
const NAMED: usize = 5;

/// One thing that others made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Its id, or its name where it has no id.
    pub(super) id: String,
    /// What holds it, if it can't be removed yet.
    pub(super) held: Option<String>,
}

/// One kind of such things.
#[async_trait]
pub(super) trait Hunt: Send + Sync {
    /// The address that they are shown under.
    fn addr(&self) -> &'static str;
    /// The kind in words.
    fn title(&self) -> &'static str;
    /// What goes only after them.
    fn needs(&self) -> Vec<Addr>;
    /// What to do about those that don't go.
    fn hint(&self) -> &'static str;
    /// All that are there, by tag.
    async fn find(&self, cx: &Context) -> Result<Vec<Found>>;
    /// Removes one; already gone is success.
    async fn remove(&self, id: &str) -> Result<()>;
}

/// All things of a kind, if the cluster they were made for isn't somebody else's, or they carry our own mark.
pub(super) struct Leftover<H> {
    pub(super) site: Arc<Site>,
    pub(super) hunt: H,
    /// What this deployment consists of: a network of others has no subnets of ours.
    pub(super) there: Arc<BTreeSet<Addr>>,
}

fn told(all: &[Found]) -> String {
    let one = |found: &Found| match &found.held {
        Some(why) => format!("{} ({why})", found.id),
        None => found.id.clone(),
    };
    let named: Vec<String> = all.iter().take(NAMED).map(one).collect();
    let more = all.len().saturating_sub(NAMED);
    if more == 0 { named.join(", ") } else { format!("{} and {more} more", named.join(", ")) }
}

impl<H: Hunt> Leftover<H> {
    async fn find(&self, cx: &Context) -> Result<Vec<Found>> {
        match cluster(&self.site).await? {
            // Hunts in a cluster that was there before know our mark.
            Cluster::Foreign if !self.site.existing_cluster => Ok(Vec::new()),
            _ => self.hunt.find(cx).await,
        }
    }

    /// Removes what can be removed; what is left then.
    async fn round(&self, cx: &Context) -> Result<Vec<Found>> {
        let found = self.find(cx).await?;
        for thing in found.iter().filter(|thing| thing.held.is_none()) {
            self.hunt.remove(&thing.id).await?;
        }
        if found.is_empty() { Ok(found) } else { self.find(cx).await }
    }
}

#[async_trait]
impl<H: Hunt> Resource for Leftover<H> {
    fn addr(&self) -> Addr {
        self.hunt.addr().into()
    }

    fn title(&self) -> String {
        self.hunt.title().into()
    }

    fn needs(&self) -> Vec<Addr> {
        self.hunt.needs().into_iter().filter(|addr| self.there.contains(addr)).collect()
    }

    fn appears_late(&self) -> bool {
        true
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let found = self.find(cx).await?;
        if found.is_empty() {
            return Ok(Observed::Absent);
        }
        let ids: Vec<&str> = found.iter().map(|thing| thing.id.as_str()).collect();
        let ready = Readiness::Waiting(told(&found));
        let outputs = outputs([("ids", ids.join(",").as_str())]);
        Ok(Observed::Present(Live { outputs, owner: Owner::Ours, changes: Vec::new(), ready }))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        Err(Error::new(ErrorClass::Bug, format!("{} is made by others, never by a run", self.hunt.addr())))
    }

    async fn delete(&self, cx: &Context, _: &Live) -> Result<()> {
        let done = until(cx, self.hunt.title(), PATIENCE, || async {
            let left = self.round(cx).await?;
            if left.is_empty() {
                return Ok(Some(()));
            }
            cx.progress(format!("still there: {}", told(&left)));
            Ok(None)
        });
        match done.await {
            Err(error) if error.class == ErrorClass::Timeout => {
                let left = self.find(cx).await?;
                Err(error.caused_by(format!("still there: {}", told(&left))).hint(self.hunt.hint()))
            }
            done => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_still_there_is_named_with_what_holds_it() {
        let found = |id: &str, held: Option<&str>| Found { id: id.into(), held: held.map(str::to_owned) };
        assert_eq!(told(&[found("eni-1", Some("ELB app/x")), found("eni-2", None)]), "eni-1 (ELB app/x), eni-2");
        let many: Vec<Found> = (0..7).map(|i| found(&format!("vol-{i}"), None)).collect();
        assert_eq!(told(&many), "vol-0, vol-1, vol-2, vol-3, vol-4 and 2 more");
    }
}
