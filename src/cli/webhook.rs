//! `kfctl-cn webhook`.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::run::cancel_on_signals;
use super::{Global, printer};
use crate::model::{ExitStatus, Result};
use crate::webhook::{Files, Limits, Server};

/// Serve the webhook that lets pods pull from the deployment's own registry
///
/// `up` runs this in the cluster; by hand it is only of use for tests. It answers the API server's reviews of pods under
/// /mutate, and has /healthz, /readyz and /metrics. Certificate, key and mappings are read again when they change.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to listen; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8443")]
    listen: SocketAddr,
    /// The certificate with the chain that signed it, PEM
    #[arg(long, value_name = "FILE")]
    tls_cert: PathBuf,
    /// Its key, PEM
    #[arg(long, value_name = "FILE")]
    tls_key: PathBuf,
    /// A mapping of registries; may be repeated: later ones go over earlier ones and may be absent
    #[arg(long, value_name = "FILE", required = true)]
    mapping: Vec<PathBuf>,
}

/// Serves until SIGTERM or Ctrl-C; what is in flight is finished. That is how it is meant to end, so the status is 0.
pub async fn run(_: &Global, args: Args) -> Result<ExitStatus> {
    let cancel = cancel_on_signals()?;
    let files = Files { certificate: args.tls_cert, key: args.tls_key, mappings: args.mapping };
    let server = Server::listen(args.listen, files, Limits::default()).await?;
    printer::note(&format!("listening at https://{}, {} prefixes mapped", server.address()?, server.prefixes()));
    server.run(cancel.stopped()).await?;
    printer::note("stopped");
    Ok(ExitStatus::OK)
}
