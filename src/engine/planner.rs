//! Reads all that exists and decides what to do.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{Action, Addr, Error, Event, Readiness, Result};

use super::plan::{Direction, Plan, Refusal, Step};
use super::report::combine;
use super::run::Run;
use super::transition::{OpenIntent, Past, decide, refused_changes};
use super::walk::{End, Way, walk};
use super::{Context, Engine, Live, Observed, Owner, Planned, Record, Snapshot};

impl Engine {
    /// Reads everything and plans the way to what is wanted. Writes nothing. What can't be done at all (a change that
    /// is refused, something that isn't ours under our name) is an error that names every case.
    pub async fn plan(&self) -> Result<Planned> {
        let planned = self.draft().await?;
        planned.refusal().map_or(Ok(planned), Err)
    }

    /// The same plan, with what can't be done beside the rest, to be looked at.
    pub async fn draft(&self) -> Result<Planned> {
        let known = self.store.snapshot()?;
        let seen = self.read_all(&known, |_, _| None).await?;
        let (mut steps, mut refused, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
        let wanted = |(_, addr): &(usize, &Addr)| !self.unwanted.contains(*addr);
        for (i, addr) in self.graph.addrs.iter().enumerate().filter(wanted) {
            let (observed, past) = (&seen[addr], self.past(&known, i));
            match decide(observed, &past) {
                Ok(decision) => steps.push(self.step(i, decision.action, decision.why, observed)),
                Err(error) => {
                    refusals.push(Refusal {
                        addr: addr.clone(),
                        title: self.graph.nodes[i].title(),
                        why: error.to_string(),
                        hints: error.hints.clone(),
                        changes: refused_changes(observed, &past),
                    });
                    refused.push((addr.clone(), error));
                }
            }
        }
        let left = self.plan_unwanted(&seen, &mut steps);
        let unasked = self.unasked(&known, &seen);
        let mut plan = self.finish_plan(Direction::Up, steps, unasked);
        (plan.refused, plan.left) = (refusals, left);
        Ok(Planned { plan, seen, refused })
    }

    /// What decides about a resource besides what is observed.
    pub(super) fn past<'a>(&self, known: &'a Snapshot, i: usize) -> Past<'a> {
        let (addr, node) = (&self.graph.addrs[i], &self.graph.nodes[i]);
        Past {
            addr: addr.clone(),
            record: known.resources.get(addr),
            intent: self.open_intent(known, addr),
            kept: node.kept(),
            holds: node.holds(),
        }
    }

    /// What is recorded and belongs to no resource.
    pub(super) fn unasked(&self, known: &Snapshot, seen: &BTreeMap<Addr, Observed>) -> Vec<Addr> {
        let asked = |addr: &&Addr| seen.contains_key(*addr) || self.left_out.contains(*addr);
        known.resources.keys().filter(|addr| !asked(addr)).cloned().collect()
    }

    /// A step of a plan for a node.
    pub(super) fn step(&self, i: usize, action: Action, why: String, observed: &Observed) -> Step {
        let node = &self.graph.nodes[i];
        let (changes, waiting) = match observed {
            Observed::Present(live) if action != Action::Delete => {
                let waiting = match &live.ready {
                    Readiness::Ready => None,
                    Readiness::Waiting(what) | Readiness::Failed(what) => Some(what.clone()),
                };
                (live.changes.clone(), waiting)
            }
            _ => (Vec::new(), None),
        };
        Step {
            addr: self.graph.addrs[i].clone(),
            phase: node.phase(),
            title: node.title(),
            action,
            why,
            changes,
            needs: self.graph.needs[i].iter().map(|need| self.graph.addrs[*need].clone()).collect(),
            typical_seconds: node.typical().as_secs(),
            waiting,
        }
    }

    /// Adds up the times of a plan.
    pub(super) fn finish_plan(&self, direction: Direction, steps: Vec<Step>, unasked: Vec<Addr>) -> Plan {
        let work: BTreeMap<&Addr, &Step> = steps.iter().filter(|s| s.is_work()).map(|s| (&s.addr, s)).collect();
        let time = |i: usize| match work.get(&self.graph.addrs[i]) {
            Some(step) if step.action == Action::Adopt && step.waiting.is_none() => Duration::ZERO,
            Some(_) => self.graph.nodes[i].typical(),
            None => Duration::ZERO,
        };
        let (length, path) = self.graph.critical_path(time);
        let mut critical_path: Vec<_> = path.into_iter().map(|i| self.graph.addrs[i].clone()).collect();
        if direction == Direction::Down {
            critical_path.reverse();
        }
        let left_out = self.left_out.iter().cloned().collect();
        Plan {
            direction,
            estimate_seconds: length.as_secs(),
            critical_path,
            steps,
            refused: Vec::new(),
            left: Vec::new(),
            unasked,
            left_out,
        }
    }

    /// Reads every resource once what it needs was read. `excuse` may answer in place of a read that failed.
    pub(super) async fn read_all(
        &self,
        known: &Snapshot,
        excuse: impl Fn(usize, &Error) -> Option<Observed>,
    ) -> Result<BTreeMap<Addr, Observed>> {
        (self.sink)(Event::Reading { resources: self.graph.len() });
        let run = Run::new(self);
        let seen = RefCell::new(BTreeMap::new());
        let read = async |i: usize| {
            let addr = &self.graph.addrs[i];
            if run.halted() {
                return End::Stopped;
            }
            let context = run.context(addr);
            let record = known.resources.get(addr).filter(|_| !known.open.contains_key(addr));
            let look = || self.look_for(i, &context, record);
            let result = run.call(addr, self.settings.read_patience, look).await;
            let observed = match result {
                Ok(observed) => observed,
                Err(_) if self.cancel.why().is_some() => return End::Stopped,
                Err(error) => match excuse(i, &error) {
                    Some(observed) => observed,
                    None => {
                        run.fail();
                        return End::Failed(error);
                    }
                },
            };
            if let Observed::Present(live) = &observed {
                run.publish(addr, &live.outputs);
            }
            seen.borrow_mut().insert(addr.clone(), observed);
            End::Done
        };
        let walked = tokio::select! {
            biased;
            () = self.cancel.aborted() => None,
            walked = walk(&self.graph, Way::Forward, || run.halted(), read) => Some(walked),
        };
        let failures: Vec<_> = walked
            .map(|walked| walked.failed.into_iter().map(|(i, error)| (self.graph.addrs[i].clone(), error)).collect())
            .unwrap_or_default();
        if let Some(error) = combine(&failures) {
            return Err(error.context("reading what exists"));
        }
        match self.cancel.error() {
            Some(error) => Err(Error::new(error.class, "stopped before anything was changed")),
            None => Ok(seen.into_inner()),
        }
    }

    /// Reads a resource. One that was acknowledged, isn't found and is there nevertheless isn't ours any more.
    async fn look_for(&self, i: usize, context: &Context, record: Option<&Record>) -> Result<Observed> {
        let observed = self.graph.nodes[i].read(context).await?;
        let (Observed::Absent, Some(record)) = (&observed, record) else { return Ok(observed) };
        let Some(why) = self.graph.nodes[i].astray(&record.outputs).await? else { return Ok(observed) };
        let (outputs, owner) = (record.outputs.clone(), Owner::Other(why));
        Ok(Observed::Present(Live { outputs, owner, changes: Vec::new(), ready: Readiness::Ready }))
    }

    /// The open intent of a resource, if there is one.
    pub(super) fn open_intent(&self, known: &Snapshot, addr: &Addr) -> Option<OpenIntent> {
        known.open.get(addr).map(|(action, token, age)| OpenIntent {
            action: *action,
            token: token.clone(),
            age: *age,
            young: *age < self.settings.token_young.as_secs(),
        })
    }
}
