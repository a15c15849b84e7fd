//! `kfctl-cn check`.

use super::run::Session;
use super::{Global, report};
use crate::checks::preflight;
use crate::model::{ExitStatus, Result};

/// Look whether `up` can work: credentials, versions, offers, quotas, names. Changes nothing
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    report: report::Options,
}

/// Runs the preflight checks and shows them.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let session = Session::open(global).await?;
    let checkers = preflight::checkers(&session.config, &session.clients);
    report::show(global, &args.report, &checkers).await
}
