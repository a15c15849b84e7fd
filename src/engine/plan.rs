//! A plan: pure data that people and programs read.

use serde::{Deserialize, Serialize};

use crate::model::{Action, Addr, Change, Phase};

/// Where a plan leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// To all resources as wanted.
    Up,
    /// To nothing but what is kept.
    Down,
}

/// What will be done, in what order and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Where it leads.
    pub direction: Direction,
    /// All resources that it looks at, in an order that respects their needs.
    pub steps: Vec<Step>,
    /// How long it typically takes: the critical path, not the sum. Seconds.
    pub estimate_seconds: u64,
    /// What decides how long it takes, first to last.
    pub critical_path: Vec<Addr>,
    /// What can't be done; nothing else is done then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
    /// What `down` leaves, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Left>,
    /// What the state knows and the configuration no longer asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unasked: Vec<Addr>,
    /// What the run was told to leave alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Addr>,
}

/// What is done with one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The resource.
    pub addr: Addr,
    /// Its phase.
    pub phase: Phase,
    /// The resource in words.
    pub title: String,
    /// What is done.
    pub action: Action,
    /// Why.
    pub why: String,
    /// The fields that an update changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// What must be done before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Addr>,
    /// How long it typically takes, seconds.
    pub typical_seconds: u64,
    /// What it isn't ready for yet, though there is nothing to change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
}

/// A resource that can't be made as wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The resource.
    pub addr: Addr,
    /// The resource in words.
    pub title: String,
    /// Why.
    pub why: String,
    /// What to do.
    pub hints: Vec<String>,
    /// The fields that are refused, if it is for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// A resource that `down` leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The resource.
    pub addr: Addr,
    /// The resource in words.
    pub title: String,
    /// Why.
    pub why: String,
}

impl Plan {
    /// True if executing it changes anything, be it only our state.
    pub fn has_changes(&self) -> bool {
        self.steps.iter().any(|step| step.action != Action::NoOp)
    }

    /// True if executing it changes or waits for anything.
    pub fn has_work(&self) -> bool {
        self.steps.iter().any(Step::is_work)
    }

    /// How many steps have an action.
    pub fn count(&self, action: Action) -> usize {
        self.steps.iter().filter(|step| step.action == action).count()
    }
}

impl Step {
    /// True if there is something to change or to wait for.
    pub fn is_work(&self) -> bool {
        self.action != Action::NoOp || self.waiting.is_some()
    }
}
