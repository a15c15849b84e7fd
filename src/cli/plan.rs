//! `kfctl-cn plan`.

use std::sync::Arc;

use super::run::{Session, cancel_on_signals};
use super::{Global, plan_view, printer};
use crate::engine::Engine;
use crate::model::{ExitStatus, Result};
use crate::phases;
use crate::state::Looking;

/// Show what `up` would do; changes nothing and locks nothing
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Exit with 2 if there is something to do
    #[arg(long)]
    detailed_exitcode: bool,
}

/// Plans and shows the plan on stdout.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let session = Session::open(global).await?;
    let bundle = Arc::new(session.bundle(global)?);
    let store = Arc::new(Looking::at(&session.folder, &session.identity())?);
    let engine = Engine::new(phases::resources(&session.deps(bundle)), store)?.cancel(cancel_on_signals()?);
    let plan = engine.plan().await?.plan;
    printer::value(global.output, &plan, |plan| plan_view::text(plan, false))?;
    Ok(if args.detailed_exitcode && plan.has_changes() { ExitStatus::CHANGES } else { ExitStatus::OK })
}
