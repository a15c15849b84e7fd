//! The answer of a wait.

/// Whether something that was made can be used yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It can be used.
    Ready,
    /// Not yet; the text says what isn't true yet, for people who wait.
    Waiting(String),
    /// It will never be; the text says why and what to do.
    Failed(String),
}
