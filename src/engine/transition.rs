//! What to do about one resource: the one table of all legal transitions.

use crate::model::{Action, Change, Error, ErrorClass, Readiness, Result};

use super::{Observed, Owner};

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

fn decision(action: Action, why: impl Into<String>) -> Decision {
    Decision { action, why: why.into(), token: None }
}

/// Decides from what was observed, whether it is recorded, and the open intent.
pub(super) fn decide(observed: &Observed, recorded: bool, intent: Option<&OpenIntent>) -> Result<Decision> {
    let live = match observed {
        Observed::Present(live) => live,
        Observed::Absent | Observed::Unknown(_) => return Ok(absent(observed, recorded, intent)),
    };
    if let Owner::Other(seen) = &live.owner {
        return Err(Error::new(ErrorClass::Permanent, format!("exists and isn't ours: {seen}"))
            .hint("choose another `metadata.name` (or the setting that names it), or remove what is there"));
    }
    if let (Owner::Borrowed, Readiness::Failed(why)) = (&live.owner, &live.ready) {
        return Err(Error::new(ErrorClass::Permanent, why.as_str())
            .hint("what was there before is never changed: put it right, or name another in the configuration"));
    }
    if let Some(change) = live.changes.iter().find(|change| change.replace) {
        return Err(refused(change));
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
    let token = intent.filter(|i| i.action == Action::Create && i.young).map(|i| i.token.clone());
    let why = match (observed, intent.map(|i| i.action), recorded) {
        (Observed::Unknown(why), ..) => why.clone(),
        (_, Some(Action::Create), _) => "an earlier run was stopped while making it".into(),
        (_, _, true) => "the state has it, but it is gone".into(),
        (_, _, false) => "doesn't exist".into(),
    };
    Decision { action: Action::Create, why, token }
}

fn fields(changes: &[Change]) -> String {
    let names: Vec<_> = changes.iter().map(|change| change.field.as_str()).collect();
    format!("differs in {}", names.join(", "))
}

fn refused(change: &Change) -> Error {
    let Change { field, from, to, .. } = change;
    Error::new(ErrorClass::Permanent, format!("`{field}` is {from} and can't be changed to {to} while it exists"))
        .hint(format!("put {from} back in the configuration, or deploy under another `metadata.name`"))
        .hint("nothing is ever replaced silently: to make it anew, remove it yourself and run `kfctl-cn up`")
}
