//! What the engine tells its watchers. It has no idea who they are.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Action, Addr, Phase};

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Done.
    Success,
    /// Done, with something that people should know.
    Warning {
        /// What to know.
        message: String,
    },
    /// Not done, for a reason that is no failure.
    Skipped {
        /// Why.
        reason: String,
    },
    /// Stopped by a signal or a time limit: nothing failed, and the next run goes on.
    Stopped {
        /// By what, and how to go on.
        message: String,
    },
    /// Failed.
    Failed {
        /// Why, as text without secrets.
        message: String,
    },
}

/// One event of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Reading of what exists begins.
    Reading {
        /// How many resources are read.
        resources: usize,
    },
    /// A run begins.
    RunStarted {
        /// How many steps do something.
        steps: usize,
    },
    /// Something happened to a step.
    Step(StepEvent),
    /// A run ended.
    RunFinished {
        /// How it ended.
        outcome: Outcome,
        /// Wall time.
        elapsed: Duration,
    },
    /// Something for people that belongs to no step.
    Note {
        /// The text.
        message: String,
    },
}

/// What happened to one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum StepEvent {
    /// It begins.
    Started {
        /// The resource.
        addr: Addr,
        /// Its phase.
        phase: Phase,
        /// What is done.
        action: Action,
        /// The resource in words.
        title: String,
    },
    /// It goes on; the message is what is waited for or how far it is.
    Progress {
        /// The resource.
        addr: Addr,
        /// What isn't true yet, or how far.
        message: String,
    },
    /// A call failed in a passing way and is tried again.
    Retrying {
        /// The resource.
        addr: Addr,
        /// Why.
        message: String,
        /// Which attempt comes next, from 2.
        attempt: u32,
        /// How long it waits before.
        delay: Duration,
    },
    /// It ended.
    Finished {
        /// The resource.
        addr: Addr,
        /// How.
        outcome: Outcome,
        /// Wall time.
        elapsed: Duration,
    },
}
