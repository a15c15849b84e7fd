//! What to do about one resource: the one table of all legal transitions.

use crate::model::{Action, Addr, Change, ChangeKind, Error, ErrorClass, Readiness, Result};

use super::{Holds, Observed, Owner, Record};

/// An intent that was written down and never closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpenIntent {
    pub(super) action: Action,
    pub(super) token: String,
    pub(super) young: bool,
    /// Seconds since it was written down.
    pub(super) age: u64,
}

/// What is decided about a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) action: Action,
    pub(super) why: String,
    /// The token to repeat; a new one if `None`.
    pub(super) token: Option<String>,
}

/// What decides about a resource besides what is observed.
#[derive(Debug)]
pub(super) struct Past<'a> {
    pub(super) addr: Addr,
    /// What is recorded of it.
    pub(super) record: Option<&'a Record>,
    /// An intent that was never closed.
    pub(super) intent: Option<OpenIntent>,
    /// Why `down` keeps it: it is never replaced.
    pub(super) kept: Option<&'static str>,
    /// Which one the configuration names.
    pub(super) holds: Option<Holds>,
}

fn decision(action: Action, why: impl Into<String>) -> Decision {
    Decision { action, why: why.into(), token: None }
}

/// Decides from what was observed, what is recorded, and the open intent.
pub(super) fn decide(observed: &Observed, past: &Past) -> Result<Decision> {
    let (recorded, intent) = (past.record.is_some(), past.intent.as_ref());
    let refused = refused_changes(observed, past);
    let live = match observed {
        Observed::Present(live) => live,
        Observed::Absent | Observed::Unknown(_) if refused.is_empty() => {
            return Ok(absent(observed, recorded, intent));
        }
        Observed::Absent | Observed::Unknown(_) => return Err(refusal(&refused)),
    };
    if let Owner::Other(seen) = &live.owner {
        return Err(Error::new(ErrorClass::Permanent, format!("exists and isn't ours: {seen}"))
            .hint("choose another `metadata.name` (or the setting that names it), or remove what is there"));
    }
    if let (Owner::Borrowed, Readiness::Failed(why)) = (&live.owner, &live.ready) {
        return Err(Error::new(ErrorClass::Permanent, why.as_str())
            .hint("what was there before is never changed: put it right, or name another in the configuration"));
    }
    if !refused.is_empty() {
        return Err(refusal(&refused));
    }
    let replaced: Vec<_> = live.changes.iter().filter(|change| change.kind == ChangeKind::Replace).collect();
    if let Some(first) = replaced.first() {
        return Ok(decision(Action::Replace, format!("{}: {}", fields(replaced.iter().copied()), first.why)));
    }
    let begun = intent.map(|intent| intent.action);
    Ok(match (live.changes.is_empty(), recorded, begun) {
        (false, ..) => decision(Action::Update, fields(&live.changes)),
        (true, true, None) => decision(Action::NoOp, "as wanted"),
        (true, false, None) if live.owner == Owner::Borrowed => {
            decision(Action::Adopt, "was there before: it is used, and never changed")
        }
        (true, false, None) => decision(Action::Adopt, "exists and is ours, but isn't in the state"),
        (true, _, Some(Action::Delete)) => decision(Action::Adopt, "its removal was begun, but it is still there"),
        (true, true, Some(_)) => decision(Action::NoOp, "as wanted; an earlier run was stopped before it was ready"),
        (true, false, Some(_)) => decision(Action::Adopt, "an earlier run was stopped after making it"),
    })
}

/// The rows of the table in which nothing is there, or nothing can be known.
fn absent(observed: &Observed, recorded: bool, intent: Option<&OpenIntent>) -> Decision {
    let token = intent.filter(|i| i.action.makes() && i.young).map(|i| i.token.clone());
    let why = match (observed, intent.map(|i| i.action), recorded) {
        (Observed::Unknown(why), ..) => why.clone(),
        (_, Some(Action::Replace), _) => "an earlier run was stopped while replacing it".into(),
        (_, Some(Action::Create), _) => "an earlier run was stopped while making it".into(),
        (_, _, true) => "the state has it, but it is gone".into(),
        (_, _, false) => "doesn't exist".into(),
    };
    Decision { action: Action::Create, why, token }
}

fn fields<'a>(changes: impl IntoIterator<Item = &'a Change>) -> String {
    let names: Vec<_> = changes.into_iter().map(|change| change.field.as_str()).collect();
    format!("differs in {}", names.join(", "))
}

/// The changes for which nothing is done: those that the resource refuses, a replacement of what is kept, and one thing in place of
/// another that holds something.
pub(super) fn refused_changes(observed: &Observed, past: &Past) -> Vec<Change> {
    let mut all: Vec<Change> = other_one(past).into_iter().collect();
    if let Observed::Present(live) = observed {
        all.extend(live.changes.iter().filter_map(|change| match (change.kind, past.kept) {
            (ChangeKind::Refused, _) => Some(change.clone()),
            (ChangeKind::Replace, Some(kept)) => Some(change.clone().refused(kept, "")),
            _ => None,
        }));
    }
    all
}

/// That the configuration names another one than the state, of what holds something.
fn other_one(past: &Past) -> Option<Change> {
    let (holds, record) = (past.holds.as_ref()?, past.record?);
    let seen = record.outputs.get(holds.output).filter(|seen| **seen != holds.name)?;
    let instead = format!(
        "move {what} yourself, and let the state forget the old one, which stays as it is: `kfctl-cn state rm {addr}`",
        what = holds.what,
        addr = past.addr
    );
    Some(
        Change::update(holds.output, seen, &holds.name).refused(format!("{} wouldn't come along", holds.what), instead),
    )
}

fn refusal(changes: &[Change]) -> Error {
    let one = |change: &Change| {
        let Change { field, from, to, why, .. } = change;
        format!("`{field}` is {from} and isn't changed to {to}: {why}")
    };
    let all: Vec<String> = changes.iter().map(one).collect();
    let mut error = Error::new(ErrorClass::Permanent, all.join("; "));
    for change in changes {
        error = error.hint(format!("put {} back for `{}`", change.from, change.field));
        if !change.instead.is_empty() {
            error = error.hint(format!("or {}", change.instead));
        }
    }
    error
}
