//! `kfctl-cn up`.

use std::sync::Arc;

use super::run::{Run, Session, ask, through, unless_stopped, watch};
use super::undertake::RunArgs;
use super::{Global, Output, plan_view, preflight, printer};
use crate::bundle::Bundle;
use crate::engine::{Direction, Engine, Selection};
use crate::model::{ExitStatus, Result};
use crate::phases;
use crate::ui::took;

/// Make the deployment, or go on making it: plan, ask, do
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    run: RunArgs,
}

/// Checks, plans, shows, asks and executes.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    args.run.undertake(global, "up", async |run, bundle| make(global, &args, run, bundle).await).await
}

/// All that is done while the state is held.
async fn make(global: &Global, args: &Args, run: &Run<'_>, bundle: Arc<Bundle>) -> Result<ExitStatus> {
    let Run { session, held, cancel, steps } = *run;
    printer::note(&format!("Deployment {}", session.title()));
    unless_stopped(cancel, preflight::pass(global, session)).await?;
    let (view, sink) = watch(global);
    let sink = steps.beside(sink);
    let deps = session.deps(bundle, through(&sink));
    let engine = Engine::new(phases::resources(&deps), held.store())?.unwanted(phases::teardown::unwanted(&deps))?;
    let engine = engine.select(&Selection::from(&args.run.select), Direction::Up)?.cancel(cancel.clone()).sink(sink);
    let planned = engine.plan().await?;
    plan_view::announce(global, &planned.plan)?;
    if planned.plan.has_work() {
        if !ask(global, cancel, "Do this?").await? {
            printer::note("Nothing was changed.");
            return Ok(ExitStatus::OK);
        }
        let report = engine.execute(&planned).await;
        view.finish();
        held.save().await?;
        report.result()?;
        let took = took(report.elapsed);
        printer::note(&format!("Done: {} writes in {took}.", report.wrote));
    } else {
        // What was looked at may be newer than what is recorded.
        engine.execute(&planned).await.result()?;
        held.save().await?;
    }
    if global.output == Output::Table {
        next_steps(global, session);
    }
    Ok(ExitStatus::OK)
}

fn next_steps(global: &Global, session: &Session) {
    let file = global.file_words();
    printer::note("\nNext:");
    printer::note(&format!("  kfctl-cn verify{file}        # proves that everything works"));
    printer::note(&format!(
        "  kfctl-cn credentials{file}   # shows the login of {}",
        session.config.spec.kubeflow.admin.email
    ));
    let kubeconfig = session.folder.join("kubeconfig");
    if kubeconfig.exists() {
        printer::note(&format!("  export KUBECONFIG={}", kubeconfig.display()));
    }
}
