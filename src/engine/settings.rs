//! How patient and how greedy the engine is.

use std::time::Duration;

/// The numbers of a run. The defaults suit AWS and EKS.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many calls of resources may be in flight at once. Waiting between looks takes no place.
    pub concurrency: usize,
    /// How long passing errors of `apply` and `delete` are retried.
    pub patience: Duration,
    /// How long passing errors of `read` are retried.
    pub read_patience: Duration,
    /// The first pause after a passing error; it doubles, with jitter, up to `retry_max`.
    pub retry_first: Duration,
    /// The longest pause after a passing error.
    pub retry_max: Duration,
    /// The first pause between two looks at what isn't ready; it doubles up to `poll_max`.
    pub poll_first: Duration,
    /// The longest pause between two looks.
    pub poll_max: Duration,
    /// How old an open intent may be for its client token to be repeated: AWS keeps tokens for a day, but
    /// refuses one that comes back with other parameters, which is likelier after a pause.
    pub token_young: Duration,
    /// How old an open intent must be before "not there" is believed: what was just made is often not seen at once.
    pub settle: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            concurrency: 8,
            patience: Duration::from_secs(300),
            read_patience: Duration::from_secs(60),
            retry_first: Duration::from_secs(1),
            retry_max: Duration::from_secs(20),
            poll_first: Duration::from_secs(1),
            poll_max: Duration::from_secs(15),
            token_young: Duration::from_secs(3600),
            settle: Duration::from_secs(10),
        }
    }
}
