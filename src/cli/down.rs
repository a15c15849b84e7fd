//! `kfctl-cn down`.

use std::sync::Arc;

use super::limits::{LockArgs, TimeArgs};
use super::run::{Session, ask, cancel_on_signals, let_go, require_consent, unless_stopped, watch};
use super::select::Select;
use super::{Global, plan_view, printer};
use crate::bundle::Bundle;
use crate::config::{Mirror, Switch};
use crate::engine::{Cancel, Direction, Engine, Selection};
use crate::model::{ExitStatus, Result};
use crate::phases;
use crate::state::Held;
use crate::ui::took;

/// Remove what `up` made, users before what they need; bucket and database are kept
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also remove the bucket with all objects and the database
    #[arg(long)]
    delete_data: bool,

    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    lock: LockArgs,
}

/// Plans the removal, shows it, asks and executes.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    require_consent(global)?;
    let cancel = cancel_on_signals()?;
    args.time.arm(&cancel);
    let session = unless_stopped(&cancel, Session::open(global)).await?;
    let bundle = Arc::new(session.bundle(global)?);
    let held = session.place(global).open(&session.identity(), &args.lock.wait(&cancel)).await?;
    let done = remove(global, &args, &session, bundle, &held, &cancel).await;
    let_go(&held, done).await
}

/// All that is done while the state is held.
async fn remove(
    global: &Global,
    args: &Args,
    session: &Session,
    bundle: Arc<Bundle>,
    held: &Held,
    cancel: &Cancel,
) -> Result<ExitStatus> {
    printer::note(&format!("Deployment {}", session.title()));
    let mut deps = session.deps(bundle);
    // What was switched off in the configuration may still be there.
    let spec = &mut Arc::make_mut(&mut deps.config).spec;
    spec.gpu.enabled = true;
    spec.images.webhook = Switch::Enabled;
    spec.images.mirror = Mirror::Auto;
    let (view, sink) = watch(global);
    let engine = Engine::new(phases::resources(&deps), held.store())?;
    let engine = engine.select(&Selection::from(&args.select), Direction::Down)?.cancel(cancel.clone()).sink(sink);
    let planned = engine.plan_destroy(args.delete_data).await?;
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
    if !planned.plan.left.is_empty() {
        printer::note("Left, and still paid for:");
        for left in &planned.plan.left {
            printer::note(&format!("  {} ({}): {}", left.addr, left.title, left.why));
        }
        if !args.delete_data {
            printer::note("`kfctl-cn down --delete-data` removes the data too.");
        }
    }
    Ok(ExitStatus::OK)
}
