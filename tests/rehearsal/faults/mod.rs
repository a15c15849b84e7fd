//! Faults between the SDK and AWS: which there are, which calls they can meet, and how often each still fires.

mod answer;
mod call;
mod head;
mod random;
mod sweep;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

pub use call::Call;

/// What can go wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Too many calls.
    Throttled,
    /// A fault of the service, 500.
    Internal,
    /// 503 of a load balancer: no error of the service's protocol.
    Unavailable,
    /// It takes effect, but the answer comes after everybody's patience.
    Slow,
    /// The connection breaks before it takes effect.
    CutBefore,
    /// The connection breaks after it took effect.
    CutAfter,
    /// It takes effect, and half of the answer comes.
    Truncated,
    /// What was made a moment ago isn't seen yet.
    NotVisible,
    /// A role or provider that was made a moment ago isn't known yet.
    UnknownPrincipal,
    /// The clock is wrong: ends a run.
    Skewed,
    /// The credentials have run out: ends a run.
    Expired,
    /// Another write of the same object is under way: only for conditional writes to S3.
    Conflict,
    /// A right that is missing, or a quota that is reached: only where a test asks for it, since no patience heals it.
    Denied,
}

impl Fault {
    /// All that any call can meet.
    pub const ALL: [Fault; 11] = [
        Fault::Throttled,
        Fault::Internal,
        Fault::Unavailable,
        Fault::Slow,
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::Truncated,
        Fault::NotVisible,
        Fault::UnknownPrincipal,
        Fault::Skewed,
        Fault::Expired,
    ];

    /// True if it ends a run with 77: nothing but other credentials or another clock helps.
    pub fn ends(self) -> bool {
        matches!(self, Fault::Skewed | Fault::Expired)
    }
}

/// What the proxy does with a call.
pub enum Verdict {
    /// Nothing special.
    Pass,
    /// Answers in place of AWS.
    Answer(Vec<u8>),
    /// Hangs up without asking AWS.
    CutBefore,
    /// Asks AWS and hangs up.
    CutAfter,
    /// Asks AWS and gives half of the answer.
    Truncate,
    /// Asks AWS and says nothing more.
    Hang,
}

/// A fault of one operation.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `iam:CreateRole`.
    pub call: String,
    pub fault: Fault,
    /// How many of these calls pass before.
    pub skip: usize,
    /// How many it meets.
    pub times: usize,
}

/// The faults that are still to come, and the calls that came.
#[derive(Default)]
pub struct Faults(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    rules: Vec<Rule>,
    seen: BTreeMap<String, Call>,
    counts: BTreeMap<String, usize>,
    fired: BTreeMap<(String, Fault), usize>,
    /// What was made lately: only what is about one of these can be invisible.
    made: Vec<Call>,
}

impl Faults {
    /// Replaces the faults that are to come.
    pub fn set(&self, rules: Vec<Rule>) {
        self.with(|inner| inner.rules = rules);
    }

    /// The calls since the last time, with their number.
    pub fn take_calls(&self) -> Vec<(Call, usize)> {
        self.with(|inner| {
            let counts = std::mem::take(&mut inner.counts);
            let seen = std::mem::take(&mut inner.seen);
            inner.made.clear();
            seen.into_iter().map(|(name, call)| (call, counts[&name])).collect()
        })
    }

    /// What fired since the last time, and how often.
    pub fn take_fired(&self) -> BTreeMap<(String, Fault), usize> {
        self.with(|inner| std::mem::take(&mut inner.fired))
    }

    /// What happens to a call.
    pub fn meet(&self, call: &Call) -> Verdict {
        self.with(|inner| inner.meet(call))
    }

    fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    fn meet(&mut self, call: &Call) -> Verdict {
        let name = call.name();
        *self.counts.entry(name.clone()).or_default() += 1;
        self.seen.entry(name.clone()).or_insert_with(|| call.clone());
        let young = self.made.iter().any(|made| made.shares(call));
        if call.makes() {
            self.made.push(call.clone());
        }
        for rule in self.rules.iter_mut().filter(|rule| rule.call == name && rule.times > 0) {
            if rule.fault == Fault::NotVisible && !young {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            let Some(verdict) = verdict(call, rule.fault) else { continue };
            rule.times -= 1;
            *self.fired.entry((name, rule.fault)).or_default() += 1;
            return verdict;
        }
        Verdict::Pass
    }
}

/// How a fault of a call looks; `None` if the call can't have it.
fn verdict(call: &Call, fault: Fault) -> Option<Verdict> {
    let refusal = |refusal| Verdict::Answer(answer::refusal(call, refusal));
    Some(match fault {
        Fault::Throttled => refusal(answer::throttled(call)),
        Fault::Internal => refusal(answer::internal(call)),
        Fault::Unavailable => Verdict::Answer(answer::unavailable()),
        Fault::Slow => Verdict::Hang,
        Fault::CutBefore => Verdict::CutBefore,
        Fault::CutAfter => Verdict::CutAfter,
        Fault::Truncated => Verdict::Truncate,
        Fault::NotVisible if call.filters() => Verdict::Answer(answer::nothing(call)),
        Fault::NotVisible => refusal(answer::absent(call)),
        Fault::UnknownPrincipal => refusal(answer::unknown_principal(call)?),
        Fault::Skewed => refusal(answer::skewed(call)),
        Fault::Expired => refusal(answer::expired(call)),
        Fault::Denied => refusal(answer::denied(call)),
        Fault::Conflict => refusal((409, "ConditionalRequestConflict", "The conditional request cannot succeed now.")),
    })
}
