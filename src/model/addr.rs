//! The address of a resource inside a deployment.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The address of a resource, `phase/name`, such as `cluster/vpc`. Unique in a deployment and stable across versions:
/// it is the key in the state file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Addr(String);

impl Addr {
    /// Makes an address of its text.
    pub fn new(text: impl Into<String>) -> Self {
        Addr(text.into())
    }

    /// The text, `phase/name`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Addr {
    fn from(text: &str) -> Self {
        Addr::new(text)
    }
}
