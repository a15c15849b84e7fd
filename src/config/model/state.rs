//! The section of the state.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Backend;

/// Where the state is kept: what was made, and what was begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct State {
    /// `local`: in a folder here. `s3://bucket/prefix`: in a bucket of the region that several machines reach, such as runners of
    /// CI; the bucket must be there, encrypted and better versioned.
    pub backend: String,
}

impl Default for State {
    fn default() -> Self {
        State { backend: "local".into() }
    }
}

impl State {
    /// The backend; the text was checked when the file was read.
    pub fn backend(&self) -> Backend {
        self.backend.parse().unwrap_or_default()
    }
}
