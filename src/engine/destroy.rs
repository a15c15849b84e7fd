//! Takes down what is ours: users before what they need, from live reads, never only from the state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use crate::model::{Action, Addr, Outcome, Readiness, Result, StepEvent};

use super::plan::{Direction, Left, Step};
use super::report::Report;
use super::run::Run;
use super::select::closure;
use super::walk::{End, Way, ends_all, walk};
use super::{Context, Engine, Live, Observed, Owner, Planned, Snapshot};

impl Engine {
    /// Reads everything and plans its removal. What is kept, all that it needs, and what isn't ours is left.
    pub async fn plan_destroy(&self, delete_kept: bool) -> Result<Planned> {
        let known = self.store.snapshot()?;
        let doomed: BTreeSet<&Addr> =
            known.open.iter().filter(|(_, (action, ..))| *action == Action::Delete).map(|(addr, _)| addr).collect();
        // A removal that was begun means that all users were found gone before; they needn't answer any more.
        let excuse = |i: usize| self.ancestors(i).iter().any(|need| doomed.contains(&self.graph.addrs[*need]));
        let seen = self
            .read_all(&known, |i, error| {
                (error.is_passing() && excuse(i))
                    .then(|| Observed::Unknown("what it was part of is being removed".into()))
            })
            .await?;
        let mut stays: Vec<Option<String>> = vec![None; self.graph.len()];
        for i in (0..self.graph.len()).rev() {
            let Observed::Present(live) = &seen[&self.graph.addrs[i]] else { continue };
            // What was there before holds nothing of ours.
            let holds = |user: &&usize| stays[**user].is_some() && !borrowed(&seen[&self.graph.addrs[**user]]);
            let user = self.graph.users[i].iter().find(holds);
            stays[i] = match (&live.owner, self.graph.nodes[i].kept(), user) {
                (Owner::Borrowed, ..) => Some("it was there before".to_owned()),
                (Owner::Other(seen), ..) => Some(format!("it isn't ours: {seen}")),
                (_, Some(why), _) if !delete_kept => Some(why.to_owned()),
                (_, _, Some(user)) => Some(format!("{} needs it", self.graph.addrs[*user])),
                _ => None,
            };
        }
        let (mut steps, mut left) = (Vec::new(), Vec::new());
        for i in (0..self.graph.len()).rev() {
            let addr = &self.graph.addrs[i];
            if self.left_out.contains(addr) {
                continue;
            }
            match (&seen[addr], &stays[i]) {
                (Observed::Present(_), Some(why)) => {
                    left.push(Left { addr: addr.clone(), title: self.graph.nodes[i].title(), why: why.clone() });
                }
                (observed @ Observed::Present(_), None) => {
                    steps.push(self.step(i, Action::Delete, "exists and is ours".into(), observed));
                }
                (Observed::Absent | Observed::Unknown(_), _) => {}
            }
        }
        let unasked = self.unasked(&known, &seen);
        let mut plan = self.finish_plan(Direction::Down, steps, unasked);
        plan.left = left;
        Ok(Planned { plan, seen, refused: Vec::new() })
    }

    /// Executes the plan of a removal: waits until each resource is found gone.
    pub async fn destroy(&self, planned: &Planned) -> Report {
        let run = Run::new(self);
        let known = match self.store.snapshot() {
            Ok(known) => known,
            Err(error) => return self.broken(error),
        };
        for (addr, observed) in &planned.seen {
            if let Observed::Present(live) = observed {
                run.publish(addr, &live.outputs);
            }
        }
        let doomed: BTreeSet<&Addr> = planned.plan.steps.iter().map(|step| &step.addr).collect();
        let stays: BTreeSet<&Addr> = planned.plan.left.iter().map(|left| &left.addr).collect();
        // What a user that stays needs stays as well, also if it came since.
        let left: BTreeSet<&Addr> = (0..self.graph.len())
            .filter(|i| self.graph.users[*i].iter().chain([i]).any(|user| stays.contains(&self.graph.addrs[*user])))
            .map(|i| &self.graph.addrs[i])
            .collect();
        let visit = async |i: usize| {
            let addr = &self.graph.addrs[i];
            if doomed.contains(addr) {
                return self.remove(&run, &known, i).await;
            }
            if self.left_out.contains(addr) {
                return End::Done;
            }
            if self.graph.nodes[i].appears_late() && !left.contains(addr) {
                match self.came_since(&run, i).await {
                    Ok(true) => return self.remove(&run, &known, i).await,
                    Ok(false) => {}
                    Err(error) => return End::Failed(error),
                }
            }
            self.forget_gone(&known, addr, &planned.seen[addr]).await
        };
        self.drive(&run, planned, walk(&self.graph, Way::Backward, || run.halted(), visit)).await
    }

    /// Plans the removal of what isn't wanted any more; returns what stays of it.
    pub(super) fn plan_unwanted(&self, seen: &BTreeMap<Addr, Observed>, steps: &mut Vec<Step>) -> Vec<Left> {
        let mut left = Vec::new();
        for i in (0..self.graph.len()).rev().filter(|i| self.unwanted.contains(&self.graph.addrs[*i])) {
            let (addr, node) = (&self.graph.addrs[i], &self.graph.nodes[i]);
            let observed = &seen[addr];
            match (observed, node.kept()) {
                (Observed::Present(Live { owner: Owner::Ours, .. }), None) => {
                    let why = "the configuration doesn't ask for it any more";
                    steps.push(self.step(i, Action::Delete, why.into(), observed));
                }
                (Observed::Present(Live { owner: Owner::Ours, .. }), Some(why)) => {
                    left.push(Left { addr: addr.clone(), title: node.title(), why: why.to_owned() });
                }
                _ => {}
            }
        }
        left
    }

    /// Lets the state forget what isn't there, or isn't ours.
    pub(super) async fn forget_gone(&self, known: &Snapshot, addr: &Addr, observed: &Observed) -> End {
        let gone = !matches!(observed, Observed::Present(_)) || borrowed(observed);
        match gone && knows(known, addr) {
            true => self.store.forget(addr).await.map_or_else(End::Failed, |()| End::Done),
            false => End::Done,
        }
    }

    /// Whether something is there and ours that the plan didn't find.
    async fn came_since(&self, run: &Run<'_>, i: usize) -> Result<bool> {
        if run.halted() {
            return Ok(false);
        }
        let (addr, node) = (&self.graph.addrs[i], &self.graph.nodes[i]);
        let context = run.context(addr);
        let observed = run.call(addr, self.settings.read_patience, || node.read(&context)).await?;
        Ok(matches!(observed, Observed::Present(Live { owner: Owner::Ours, .. })))
    }

    pub(super) async fn remove(&self, run: &Run<'_>, known: &Snapshot, i: usize) -> End {
        let addr = &self.graph.addrs[i];
        if run.halted() {
            return End::Stopped;
        }
        let began = self.clock.now();
        let node = &self.graph.nodes[i];
        let (action, title) = (Action::Delete, node.title());
        run.emit(StepEvent::Started { addr: addr.clone(), phase: node.phase(), action, title });
        let (outcome, end) = match self.remove_inner(run, known, i).await {
            Ok(()) => (Outcome::Success, End::Done),
            Err(error) if Some(error.class) == self.cancel.why().map(|s| s.class()) => {
                (Outcome::Skipped { reason: "stopped".into() }, End::Stopped)
            }
            Err(error) => {
                if ends_all(&error) {
                    run.fail();
                }
                (Outcome::Failed { message: error.to_string() }, End::Failed(error))
            }
        };
        let elapsed = self.clock.now().saturating_sub(began);
        run.emit(StepEvent::Finished { addr: addr.clone(), outcome, elapsed });
        end
    }

    async fn remove_inner(&self, run: &Run<'_>, known: &Snapshot, i: usize) -> Result<()> {
        let (addr, node) = (&self.graph.addrs[i], &self.graph.nodes[i]);
        let context = run.context(addr);
        let observed = run.call(addr, self.settings.read_patience, || node.read(&context)).await?;
        if let Observed::Present(live) = &observed {
            if let Owner::Other(seen) = &live.owner {
                let message = format!("it isn't ours any more: {seen}");
                return Err(crate::model::Error::new(crate::model::ErrorClass::Permanent, message));
            }
            self.store.intend(addr, Action::Delete, &format!("{:032x}", rand::random::<u128>())).await?;
            self.take_away(run, i, &context, live).await?;
        } else if !knows(known, addr) {
            // It went by itself, or with what held it, before anything about it was written down.
            return Ok(());
        }
        self.store.forget(addr).await
    }

    /// Deletes what is there and waits until it is gone.
    pub(super) async fn take_away(&self, run: &Run<'_>, i: usize, context: &Context, live: &Live) -> Result<()> {
        let (addr, node) = (&self.graph.addrs[i], &self.graph.nodes[i]);
        run.call(addr, self.settings.patience, || node.delete(context, live)).await?;
        run.wrote.fetch_add(1, Ordering::Relaxed);
        let gone = async || {
            Ok(match node.read(context).await? {
                Observed::Present(live) => (Readiness::Waiting(remains(&live)), ()),
                Observed::Absent | Observed::Unknown(_) => (Readiness::Ready, ()),
            })
        };
        run.wait(addr, node.deadline(), gone).await
    }

    /// All that a node needs, directly or not.
    fn ancestors(&self, i: usize) -> BTreeSet<usize> {
        closure(self.graph.needs[i].iter().copied().collect(), &self.graph.needs)
    }
}

/// True if the state has it, or that something about it was begun.
fn knows(known: &Snapshot, addr: &Addr) -> bool {
    known.resources.contains_key(addr) || known.open.contains_key(addr)
}

/// True of what was there before: it stays, and our state forgets it.
fn borrowed(observed: &Observed) -> bool {
    matches!(observed, Observed::Present(live) if live.owner == Owner::Borrowed)
}

/// What is said of something that is being removed and still there.
fn remains(live: &Live) -> String {
    match &live.ready {
        Readiness::Ready => "still there".into(),
        Readiness::Waiting(what) | Readiness::Failed(what) => format!("still there: {what}"),
    }
}
