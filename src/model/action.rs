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
    /// It differs in a field that can't be changed in place: it is removed and made anew, and nothing is lost by that.
    Replace,
    /// It is there and shall go.
    Delete,
}

impl Action {
    /// True if executing the action writes to a cloud or a cluster. Adopting only writes our state.
    pub fn writes(self) -> bool {
        !matches!(self, Action::NoOp | Action::Adopt)
    }

    /// True if executing the action makes something that wasn't there.
    pub fn makes(self) -> bool {
        matches!(self, Action::Create | Action::Replace)
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

/// What becomes of a field that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It is changed in place.
    #[default]
    Update,
    /// The resource is removed and made anew. Only for what holds no data, no address and no cluster.
    Replace,
    /// Nothing is done, and nothing of the whole plan: a change would lose what the resource holds, or AWS has none.
    Refused,
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
    /// What becomes of it.
    #[serde(default)]
    pub kind: ChangeKind,
    /// Why it isn't changed in place.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What to do instead of what is refused, besides putting the old value back.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instead: String,
}

impl Change {
    /// A change that can be made in place.
    pub fn update(field: impl Into<String>, from: impl ToString, to: impl ToString) -> Self {
        Change {
            field: field.into(),
            from: from.to_string(),
            to: to.to_string(),
            kind: ChangeKind::Update,
            why: String::new(),
            instead: String::new(),
        }
    }

    /// The same change, for which the resource is removed and made anew.
    #[must_use]
    pub fn replacing(self, why: &str) -> Self {
        Change { kind: ChangeKind::Replace, why: why.into(), ..self }
    }

    /// The same change, which isn't made: why, and what to do instead.
    #[must_use]
    pub fn refused(self, why: impl Into<String>, instead: impl Into<String>) -> Self {
        Change { kind: ChangeKind::Refused, why: why.into(), instead: instead.into(), ..self }
    }
}
