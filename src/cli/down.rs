//! `kfctl-cn down`.

use std::sync::Arc;

use super::down_view::Remains;
use super::run::{Run, ask, through, unless_stopped, watch};
use super::undertake::RunArgs;
use super::{Global, plan_view, printer};
use crate::bundle::Bundle;
use crate::engine::{Direction, Engine, Selection};
use crate::model::{ExitStatus, Result};
use crate::phases::teardown::{self, Sweep};
use crate::ui::took;

/// Remove what `up` made, users before what they need; bucket and database are kept
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also remove the bucket with all objects and the database, of which a last snapshot is made
    #[arg(long)]
    delete_data: bool,

    /// Make no last snapshot of the database: what is in it can't be had back
    #[arg(long, requires = "delete_data")]
    no_final_snapshot: bool,

    #[command(flatten)]
    run: RunArgs,
}

/// Plans the removal, shows it, asks and executes.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    args.run.undertake(global, "down", async |run, bundle| remove(global, &args, run, bundle).await).await
}

/// All that is done while the state is held.
async fn remove(global: &Global, args: &Args, run: &Run<'_>, bundle: Arc<Bundle>) -> Result<ExitStatus> {
    let Run { session, held, cancel, steps } = *run;
    printer::note(&format!("Deployment {}", session.title()));
    let (view, sink) = watch(global);
    let sink = steps.beside(sink);
    let mut deps = session.deps(bundle, through(&sink));
    deps.final_snapshot = !args.no_final_snapshot;
    let selection = Selection::from(&args.run.select);
    let engine = Engine::new(teardown::resources(&deps), held.store())?;
    let engine = engine.select(&selection, Direction::Down)?.cancel(cancel.clone()).sink(sink);
    let mut planned = engine.plan_destroy(args.delete_data).await?;
    if teardown::shut_out(&session.config, &planned, &held.store().snapshot()?) {
        printer::note(
            "The cluster runs, and these credentials can't look into it: what is in it would be left in AWS.",
        );
        if !ask(global, cancel, "Give them access to the cluster first?").await? {
            printer::note("Nothing was changed.");
            return Ok(ExitStatus::OK);
        }
        teardown::let_in(&deps, &planned).await?;
        planned = engine.plan_destroy(args.delete_data).await?;
    }
    plan_view::announce(global, &planned.plan)?;
    let question = match args.delete_data {
        true => "Remove all this, with all data in bucket and database?",
        false => "Remove all this?",
    };
    if planned.plan.has_work() && !ask(global, cancel, question).await? {
        printer::note("Nothing was changed.");
        return Ok(ExitStatus::OK);
    }
    let report = engine.destroy(&planned).await;
    view.finish();
    held.save().await?;
    report.result()?;
    if planned.plan.has_work() {
        printer::note(&format!("Done: {} removed in {}.", planned.plan.steps.len(), took(report.elapsed)));
    }
    // Of a part, the rest is meant to be there.
    let sweep = match selection.is_all() {
        true => unless_stopped(cancel, async { Ok(teardown::sweep(&deps, &planned.plan.left).await) }).await?,
        false => Sweep::default(),
    };
    let left = Remains::new(planned.plan.left, sweep, selection.is_all().then_some(&*session.config));
    left.show(global, args.delete_data)?;
    left.result()
}
