//! `kfctl-cn verify`.

use std::sync::Arc;

use async_trait::async_trait;

use super::limits::TimeArgs;
use super::run::{Session, aloud, cancel_on_signals, unless_stopped};
use super::{Global, report};
use crate::adapt::image_target;
use crate::checks::verify::{aws, gateway, kubernetes};
use crate::checks::{Checker, Verdict};
use crate::engine::{Cancel, Context, Engine, Plan, Step};
use crate::model::{Action, ExitStatus, Object, Phase, Result};
use crate::phases;
use crate::state::Looking;

/// Prove that the deployment is there, complete, ready and in China. Changes nothing
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    report: report::Options,
    #[command(flatten)]
    time: TimeArgs,
}

/// Reads everything, then runs the checks and shows them.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let cancel = cancel_on_signals()?;
    args.time.arm(&cancel);
    let checkers = args.report.junit.begun("verify", collect(global, &cancel).await)?;
    unless_stopped(&cancel, report::show("verify", global, &args.report, &checkers)).await
}

/// The checks of what the configuration asks for and of what is there.
async fn collect(global: &Global, cancel: &Cancel) -> Result<Vec<Arc<dyn Checker>>> {
    let session = unless_stopped(cancel, Session::open(global)).await?;
    let deps = session.deps(Arc::new(session.bundle(global)?), aloud());
    let store = Arc::new(Looking::at(&session.place(global), &session.identity()).await?);
    let engine = Engine::new(phases::resources(&deps), store)?.cancel(cancel.clone());
    let planned = engine.plan().await?;
    let outputs = Arc::new(planned.outputs());
    let cx = Context::new(outputs.clone(), Arc::new(|_| ()));
    let client = deps.link.client(&cx).await?;
    // What can't be known yet is left out: the check of its phase says so.
    let objects: Vec<Object> = match &client {
        Some(_) => {
            let pieces = unless_stopped(cancel, phases::pieces(&deps, &cx)).await?;
            pieces.known.into_iter().flat_map(|piece| piece.objects).collect()
        }
        None => Vec::new(),
    };
    let mut checkers = wanted(&planned.plan);
    checkers.extend(aws::checkers(&session.config, &session.clients, &session.account, &outputs, &objects));
    if let Some(client) = client {
        let registry = session.config.registry(&session.account);
        let copy = image_target(&registry, kubernetes::FOREIGN_IMAGE);
        checkers.extend(gateway::checkers(&session.clients, &session.config, &client));
        checkers.extend(kubernetes::checkers(client, session.config.spec.region, copy, registry, objects));
    }
    Ok(checkers)
}

/// A check a phase: all its resources are there, as wanted and ready.
fn wanted(plan: &Plan) -> Vec<Arc<dyn Checker>> {
    let of = |phase: Phase| {
        let steps: Vec<_> = plan.steps.iter().filter(|step| step.phase == phase).collect();
        let open = |step: &&&Step| step.is_work();
        let told: Vec<String> = steps
            .iter()
            .filter(open)
            .map(|step| match &step.waiting {
                Some(waiting) if step.action == Action::NoOp => format!("{}: {waiting}", step.addr),
                _ => format!("{}: {}", step.addr, step.why),
            })
            .collect();
        (!steps.is_empty()).then(|| Arc::new(Wanted { phase, count: steps.len(), open: told }) as Arc<dyn Checker>)
    };
    Phase::ALL.into_iter().filter_map(of).collect()
}

struct Wanted {
    phase: Phase,
    count: usize,
    open: Vec<String>,
}

#[async_trait]
impl Checker for Wanted {
    fn category(&self) -> &'static str {
        "resources"
    }

    fn what(&self) -> String {
        format!("all of phase {} is there, as wanted and ready", self.phase)
    }

    async fn check(&self) -> Verdict {
        if self.open.is_empty() {
            return Verdict::Pass(format!("{} resource{}", self.count, if self.count == 1 { "" } else { "s" }));
        }
        let seen = format!("{} of {} aren't\n{}", self.open.len(), self.count, self.open.join("\n"));
        Verdict::Fail { seen, hint: "`kfctl-cn plan` shows the difference, `kfctl-cn up` mends it".into() }
    }
}
