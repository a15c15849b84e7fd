//! `kfctl-cn up`.

use std::sync::Arc;

use super::run::{Session, ask, cancel_on_signals, require_consent, unless_stopped, watch};
use super::select::Select;
use super::{Global, Output, plan_view, preflight, printer};
use crate::engine::{Direction, Engine, Selection};
use crate::model::{ExitStatus, Result};
use crate::phases;
use crate::state::LocalStore;
use crate::ui::took;

/// Make the deployment, or go on making it: plan, ask, do
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    select: Select,
}

/// Checks, plans, shows, asks and executes.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    require_consent(global)?;
    let cancel = cancel_on_signals()?;
    let session = unless_stopped(&cancel, Session::open(global)).await?;
    let bundle = Arc::new(session.bundle(global)?);
    let store = Arc::new(LocalStore::open(&session.folder, &session.identity())?);
    printer::note(&format!("Deployment {}", session.title()));
    unless_stopped(&cancel, preflight::pass(global, &session)).await?;
    let (view, sink) = watch(global);
    let engine = Engine::new(phases::resources(&session.deps(bundle)), store.clone())?;
    let engine = engine.select(&Selection::from(&args.select), Direction::Up)?.cancel(cancel.clone()).sink(sink);
    let planned = engine.plan().await?;
    plan_view::announce(global, &planned.plan)?;
    if planned.plan.has_work() {
        if !ask(global, &cancel, "Do this?").await? {
            printer::note("Nothing was changed.");
            return Ok(ExitStatus::OK);
        }
        let report = engine.execute(&planned).await;
        view.finish();
        store.save()?;
        report.result()?;
        let took = took(report.elapsed);
        printer::note(&format!("Done: {} writes in {took}.", report.wrote));
    } else {
        // What was looked at may be newer than what is recorded.
        engine.execute(&planned).await.result()?;
        store.save()?;
    }
    if global.output == Output::Table {
        next_steps(global, &session);
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
