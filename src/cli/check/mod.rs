//! `kfctl-cn check`.

mod files;
mod images;

use std::sync::Arc;

use super::run::Session;
use super::{Global, preflight as before, report};
use crate::aws::Clients;
use crate::checks::{Checker, preflight};
use crate::config;
use crate::model::{Error, ErrorClass, ExitStatus, Result};

/// Look whether `up` can work: connection, credentials, permissions, versions, offers, quotas, names, images. Changes nothing
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    report: report::Options,
}

/// Runs the preflight checks and shows them.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let session = match Session::open(global).await {
        Ok(session) => session,
        Err(error) => {
            let error = with_connection(global, error).await;
            return args.report.junit.begun("check", Err(error));
        }
    };
    let mut checkers: Vec<Arc<dyn Checker>> = preflight::checkers(&session.config, &session.clients);
    let rendered = files::Rendered::new(global);
    checkers.push(files::checker(&rendered));
    checkers.push(images::checker(&rendered, &session));
    report::show("check", global, &args.report, &checkers).await
}

/// Credentials that aren't taken may be a clock that is wrong, or a network that leads elsewhere: both are looked at, and what isn't
/// well is told first.
async fn with_connection(global: &Global, error: Error) -> Error {
    if !matches!(error.class, ErrorClass::Credentials | ErrorClass::Unreachable) {
        return error;
    }
    let Ok(config) = config::load(&global.file) else { return error };
    if let Ok(clients) = Clients::connect(config.spec.region).await {
        before::tell(global, &preflight::connection(&clients)).await;
    }
    error
}
