//! Preflight and verify checkers, one file a category.

pub(crate) mod look;
pub mod preflight;
mod run;
pub mod verify;

use async_trait::async_trait;

pub use run::{Checked, passed, run};

/// One check of `check` or `verify`.
#[async_trait]
pub trait Checker: Send + Sync {
    /// The group that it is shown under, such as `credentials` or `workloads`.
    fn category(&self) -> &'static str;

    /// What it proves, as a statement that is true when it passes: `bucket refuses plain HTTP`.
    fn what(&self) -> String;

    /// The heading of docs/guides/checks.md that tells of it, as a link names it: lower case, hyphens. By default its group's.
    fn anchor(&self) -> String {
        anchor(self.category())
    }

    /// Looks. Makes no write.
    async fn check(&self) -> Verdict;
}

/// The name that a link has for a heading.
pub fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase().replace(' ', "-");
    lower.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect()
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is true; the text says what was seen, empty if there is nothing to add.
    Pass(String),
    /// Not quite: what was seen, and what to do.
    Warn {
        /// What was seen.
        seen: String,
        /// What to do.
        hint: String,
    },
    /// It is false: what was seen, and what to do.
    Fail {
        /// What was seen.
        seen: String,
        /// What to do.
        hint: String,
    },
    /// It couldn't be looked at, for a reason that is no failure.
    Skip(String),
}
