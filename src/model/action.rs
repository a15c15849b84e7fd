//! What a plan decides to do with a resource.

use serde::{Deserialize, Serialize};

/// The action that a plan takes on one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is there, ours, recorded and as wanted.
    NoOp,
    /// It isn't there.
    Create,
    /// It is there and ours, but the state doesn't know it.
    Adopt,
    /// It is there and differs in fields that can be changed in place.
    Update,
    /// It differs in a field that can't be changed in place.
    Replace,
    /// It is there and shall go.
    Delete,
}

impl Action {
    /// True if executing the action writes to a cloud or a cluster. Adopting only writes our state.
    pub fn writes(self) -> bool {
        !matches!(self, Action::NoOp | Action::Adopt)
    }

    /// The sign that a plan shows before the resource.
    pub fn symbol(self) -> &'static str {
        match self {
            Action::NoOp => "=",
            Action::Create => "+",
            Action::Adopt => "<",
            Action::Update => "~",
            Action::Replace => "!",
            Action::Delete => "-",
        }
    }
}

/// One field in which a live resource differs from what is wanted. Never carries a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The field, as a dotted path.
    pub field: String,
    /// The live value, as shown to people.
    pub from: String,
    /// The wanted value, as shown to people.
    pub to: String,
    /// True if the field can't be changed in place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replace: bool,
}

impl Change {
    /// A change that can be made in place.
    pub fn update(field: impl Into<String>, from: impl ToString, to: impl ToString) -> Self {
        Change { field: field.into(), from: from.to_string(), to: to.to_string(), replace: false }
    }

    /// A change that would need a new resource.
    pub fn replace(field: impl Into<String>, from: impl ToString, to: impl ToString) -> Self {
        Change { replace: true, ..Change::update(field, from, to) }
    }
}
