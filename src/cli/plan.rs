//! `kfctl-cn plan`.

use std::sync::Arc;

use super::run::{Session, aloud, cancel_on_signals};
use super::select::Select;
use super::{Global, plan_view, printer};
use crate::engine::{Direction, Engine, Selection};
use crate::model::{Event, ExitStatus, Result, StepEvent};
use crate::phases;
use crate::state::{Holder, Looking};

/// Show what `up` would do; changes nothing and locks nothing
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Exit with 2 if there is something to do
    #[arg(long)]
    detailed_exitcode: bool,

    #[command(flatten)]
    select: Select,
}

/// Plans and shows the plan on stdout.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let session = Session::open(global).await?;
    let bundle = Arc::new(session.bundle(global)?);
    let store = Arc::new(Looking::at(&session.place(global), &session.identity()).await?);
    if let Some(Holder { who, host, pid, .. }) = store.holder() {
        printer::note(&format!(
            "a run of {who} on {host}, process {pid}, is going on: what it does is not in this plan"
        ));
    }
    let deps = session.deps(bundle, aloud());
    let engine = Engine::new(phases::resources(&deps), store)?.unwanted(phases::teardown::unwanted(&deps))?;
    let engine = engine.select(&Selection::from(&args.select), Direction::Up)?;
    let engine = engine.cancel(cancel_on_signals()?).sink(Arc::new(say_why_it_takes_long));
    let planned = engine.draft().await?;
    let plan = &planned.plan;
    printer::value(global.output, plan, |plan| plan_view::text(plan, false))?;
    if let Some(refusal) = planned.refusal() {
        return Err(refusal);
    }
    Ok(if args.detailed_exitcode && plan.has_changes() { ExitStatus::CHANGES } else { ExitStatus::OK })
}

/// Nothing else is shown before the plan: a silence of a minute would look as if it hung.
fn say_why_it_takes_long(event: Event) {
    if let Event::Step(StepEvent::Retrying { addr, message, attempt: 2, .. }) = event {
        printer::note(&format!("{addr}: tried again for a while, since: {message}"));
    }
}
