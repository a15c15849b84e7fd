//! Executes a plan: every step once all that it needs is done and ready.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::model::{Action, Addr, Error, ErrorClass, Event, Outcome, Readiness, Result, StepEvent};

use super::plan::Step;
use super::report::Report;
use super::run::Run;
use super::transition::{Decision, OpenIntent, decide};
use super::walk::{End, Walked, Way, walk};
use super::{Context, Engine, Observed, Outputs, Planned, Record, Snapshot};

/// How long to look for what is wrong when a wait ran out.
const EXPLAINED: Duration = Duration::from_secs(15);

impl Engine {
    /// Executes a plan. After a failure nothing new begins, what is in flight is finished, and all failures are reported.
    pub async fn execute(&self, planned: &Planned) -> Report {
        let run = Run::new(self);
        let known = match self.store.snapshot() {
            Ok(known) => known,
            Err(error) => return self.broken(error),
        };
        let up = Up {
            run: &run,
            known,
            steps: planned.plan.steps.iter().map(|step| (&step.addr, step)).collect(),
            planned,
            changed: RefCell::default(),
        };
        let halted = || run.halted();
        let walked = async {
            let mut walked = walk(&self.graph, Way::Forward, halted, async |i| up.visit(i).await).await;
            if walked.failed.is_empty() && !run.halted() && !self.unwanted.is_empty() {
                let removed = walk(&self.graph, Way::Backward, halted, async |i| up.clear(i).await).await;
                walked.failed.extend(removed.failed);
                walked.untouched.extend(removed.untouched);
            } else {
                walked
                    .untouched
                    .extend((0..self.graph.len()).filter(|i| self.unwanted.contains(&self.graph.addrs[*i])));
            }
            walked
        };
        self.drive(&run, planned, walked).await
    }

    /// Runs a walk over the graph, tells how it goes and reports.
    pub(super) async fn drive(&self, run: &Run<'_>, planned: &Planned, walk: impl Future<Output = Walked>) -> Report {
        let began = self.clock.now();
        let steps = planned.plan.steps.iter().filter(|step| step.is_work()).count();
        (self.sink)(Event::RunStarted { steps });
        let walked = tokio::select! {
            biased;
            () = self.cancel.aborted() => Walked { failed: Vec::new(), untouched: (0..self.graph.len()).collect() },
            walked = walk => walked,
        };
        let name = |i: usize| self.graph.addrs[i].clone();
        let work: BTreeSet<&Addr> = planned.plan.steps.iter().filter(|s| s.is_work()).map(|s| &s.addr).collect();
        let report = Report {
            wrote: run.wrote.load(Ordering::Relaxed),
            failures: walked.failed.into_iter().map(|(i, error)| (name(i), error)).collect(),
            untouched: walked.untouched.into_iter().map(name).filter(|addr| work.contains(addr)).collect(),
            stopped: self.cancel.why(),
            elapsed: self.clock.now().saturating_sub(began),
        };
        (self.sink)(Event::RunFinished { outcome: report.outcome(), elapsed: report.elapsed });
        report
    }

    /// The report of a run that couldn't begin.
    pub(super) fn broken(&self, error: Error) -> Report {
        let failures = vec![(Addr::new("state"), error)];
        Report { wrote: 0, failures, untouched: self.graph.addrs.clone(), stopped: None, elapsed: Duration::ZERO }
    }
}

/// A run towards what is wanted.
struct Up<'a> {
    run: &'a Run<'a>,
    known: Snapshot,
    steps: BTreeMap<&'a Addr, &'a Step>,
    planned: &'a Planned,
    /// What was written in this run: what needs it must be read again.
    changed: RefCell<BTreeSet<usize>>,
}

impl Up<'_> {
    async fn visit(&self, i: usize) -> End {
        let engine = self.run.engine;
        let addr = &engine.graph.addrs[i];
        let Some(step) = self.steps.get(addr).filter(|_| !engine.unwanted.contains(addr)) else { return End::Done };
        let stale = step.is_work() || engine.graph.needs[i].iter().any(|need| self.changed.borrow().contains(need));
        if self.run.halted() {
            return End::Stopped;
        }
        let began = engine.clock.now();
        let context = self.run.context(addr);
        let past = engine.past(&self.known, i);
        let observed = match stale {
            true => self.look(i, &context, past.intent.as_ref()).await,
            false => Ok(self.planned.seen[addr].clone()),
        };
        let decided = observed.and_then(|observed| decide(&observed, &past).map(|decision| (observed, decision)));
        if decided.is_ok() && self.run.halted() {
            return End::Stopped;
        }
        let (action, quiet) = match &decided {
            Ok((observed, decision)) => (decision.action, decision.action == Action::NoOp && is_ready(observed)),
            Err(_) => (step.action, false),
        };
        if !quiet {
            let (addr, phase, title) = (addr.clone(), step.phase, step.title.clone());
            self.run.emit(StepEvent::Started { addr, phase, action, title });
        }
        let result = match decided {
            Ok((observed, decision)) => self.act(i, &context, &observed, decision).await,
            Err(error) => Err(error),
        };
        let (outcome, end) = match result {
            Ok(()) => match context.warning() {
                Some(message) => (Outcome::Warning { message }, End::Done),
                None => (Outcome::Success, End::Done),
            },
            Err(error) if Some(error.class) == engine.cancel.why().map(|s| s.class()) => {
                (Outcome::Skipped { reason: "stopped".into() }, End::Stopped)
            }
            Err(error) => {
                self.run.fail();
                (Outcome::Failed { message: error.to_string() }, End::Failed(error))
            }
        };
        if !quiet || !matches!(end, End::Done) {
            let elapsed = engine.clock.now().saturating_sub(began);
            self.run.emit(StepEvent::Finished { addr: addr.clone(), outcome, elapsed });
        }
        end
    }

    /// Removes what isn't wanted any more, and forgets what is gone.
    async fn clear(&self, i: usize) -> End {
        let engine = self.run.engine;
        let addr = &engine.graph.addrs[i];
        if !engine.unwanted.contains(addr) {
            return End::Done;
        }
        match self.steps.contains_key(addr) {
            true => engine.remove(self.run, &self.known, i).await,
            false => engine.forget_gone(&self.known, addr, &self.planned.seen[addr]).await,
        }
    }

    async fn read(&self, i: usize, context: &Context) -> Result<Observed> {
        let engine = self.run.engine;
        let patience = engine.settings.read_patience;
        self.run.call(&engine.graph.addrs[i], patience, || engine.graph.nodes[i].read(context)).await
    }

    /// Reads, and looks again for a while if something isn't there that may have been made a moment ago.
    async fn look(&self, i: usize, context: &Context, intent: Option<&OpenIntent>) -> Result<Observed> {
        let settle = self.run.engine.settings.settle;
        let left = match intent {
            Some(intent) if intent.action.makes() => settle.saturating_sub(Duration::from_secs(intent.age)),
            _ => Duration::ZERO,
        };
        let began = self.run.engine.clock.now();
        loop {
            let observed = self.read(i, context).await?;
            let spent = self.run.engine.clock.now().saturating_sub(began);
            if !matches!(observed, Observed::Absent) || spent >= left {
                return Ok(observed);
            }
            self.run.pause(Duration::from_secs(1)).await?;
        }
    }

    /// Does what was decided and waits until it can be used.
    async fn act(&self, i: usize, context: &Context, observed: &Observed, decision: Decision) -> Result<()> {
        let engine = self.run.engine;
        let addr = &engine.graph.addrs[i];
        let mut outputs = match observed {
            Observed::Present(live) if decision.action != Action::Replace => live.outputs.clone(),
            _ => Outputs::new(),
        };
        let mut ready = is_ready(observed);
        if decision.action.writes() {
            ready = false;
            outputs.extend(self.write(i, context, observed, decision).await?);
        }
        self.acknowledge(addr, &outputs, ready).await?;
        if !ready {
            outputs.extend(self.wait(i, context).await?);
            self.acknowledge(addr, &outputs, true).await?;
        }
        self.run.publish(addr, &outputs);
        Ok(())
    }

    /// Adds to the error of a wait that ran out what is wrong. Of a run whose time is up, which fails nowhere, it is told at once.
    async fn explain(&self, i: usize, context: &Context, error: &mut Error) {
        let engine = self.run.engine;
        let stopped = engine.cancel.why().is_some();
        let why = engine.graph.nodes[i].why(context);
        for (what, mend) in tokio::time::timeout(EXPLAINED, why).await.unwrap_or_default() {
            if stopped {
                let message = format!("{what}\nhint: {mend}");
                self.run.emit(StepEvent::Progress { addr: engine.graph.addrs[i].clone(), message });
            } else {
                error.chain.push(what);
                error.hints.push(mend);
            }
        }
    }

    /// The write itself, between intent and acknowledgement.
    async fn write(&self, i: usize, context: &Context, observed: &Observed, decision: Decision) -> Result<Outputs> {
        let engine = self.run.engine;
        let (addr, node) = (&engine.graph.addrs[i], &engine.graph.nodes[i]);
        let token = decision.token.unwrap_or_else(|| format!("{:032x}", rand::random::<u128>()));
        engine.store.intend(addr, decision.action, &token).await?;
        self.changed.borrow_mut().insert(i);
        let done = async {
            let action = match (decision.action, observed) {
                (Action::Replace, Observed::Present(live)) => {
                    engine.take_away(self.run, i, context, live).await?;
                    Action::Create
                }
                (action, _) => action,
            };
            self.run.call(addr, engine.settings.patience, || node.apply(context, action, &token)).await
        };
        match done.await {
            Ok(outputs) => {
                self.run.wrote.fetch_add(1, Ordering::Relaxed);
                Ok(outputs)
            }
            Err(error) => {
                // A refusal is an answer: the token is spent. Anything else may have had an effect.
                if error.class == crate::model::ErrorClass::Permanent {
                    engine.store.abandon(addr).await?;
                }
                Err(error)
            }
        }
    }

    async fn wait(&self, i: usize, context: &Context) -> Result<Outputs> {
        let engine = self.run.engine;
        let node = &engine.graph.nodes[i];
        let mut waited = self.run.wait(&engine.graph.addrs[i], node.deadline(), || node.ready(context)).await;
        if let Err(error) = &mut waited
            && error.class == ErrorClass::Timeout
        {
            self.explain(i, context, error).await;
        }
        waited
    }

    /// Writes an acknowledgement, unless the store has the same already.
    async fn acknowledge(&self, addr: &Addr, outputs: &Outputs, ready: bool) -> Result<()> {
        let record = Record { outputs: outputs.clone(), ready };
        let intended = self.run.engine.graph.addrs.iter().position(|a| a == addr);
        let wrote = intended.is_some_and(|i| self.changed.borrow().contains(&i));
        if !wrote && !self.known.open.contains_key(addr) && self.known.resources.get(addr) == Some(&record) {
            return Ok(());
        }
        self.run.engine.store.acknowledge(addr, &record).await
    }
}

fn is_ready(observed: &Observed) -> bool {
    matches!(observed, Observed::Present(live) if live.ready == Readiness::Ready)
}
