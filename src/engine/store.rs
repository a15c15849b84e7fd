//! What the engine needs of a state store.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::model::{Action, Addr, Result};

use super::Outputs;

/// What is recorded of a resource that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its outputs at the last look.
    pub outputs: Outputs,
    /// True once its readiness was seen.
    pub ready: bool,
}

/// What a store knows at the start of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// The acknowledged resources.
    pub resources: BTreeMap<Addr, Record>,
    /// Intents without acknowledgement: the token and how old it is in seconds.
    pub open: BTreeMap<Addr, (Action, String, u64)>,
}

/// Keeps what was intended and what was acknowledged. Each writing method returns only when it is on disk, wherever that is.
#[async_trait]
pub trait Store: Send + Sync {
    /// What is known.
    fn snapshot(&self) -> Result<Snapshot>;
    /// Writes down that an action will be tried, with its client token.
    async fn intend(&self, addr: &Addr, action: Action, token: &str) -> Result<()>;
    /// Writes down that it was acknowledged, with its outputs. Closes the intent once it is ready: until
    /// then it may still be invisible to a read, and the token keeps a repetition from making it twice.
    async fn acknowledge(&self, addr: &Addr, record: &Record) -> Result<()>;
    /// Writes down that the attempt was answered with a refusal: closes the intent and keeps what was acknowledged before.
    async fn abandon(&self, addr: &Addr) -> Result<()>;
    /// Writes down that it is gone; closes the intent.
    async fn forget(&self, addr: &Addr) -> Result<()>;
}
