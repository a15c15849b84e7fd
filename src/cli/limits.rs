//! How long a command may take, and how long it waits for the lock.

use std::sync::Arc;
use std::time::Duration;

use super::printer;
use crate::engine::{Cancel, Signal};
use crate::state::Wait;

/// How long calls in flight may still take once the time is over.
const GRACE: Duration = Duration::from_secs(60);

/// How long the command may take.
#[derive(Debug, Clone, clap::Args)]
pub struct TimeArgs {
    /// Stop after this time, such as 90m: calls in flight are finished, the state is saved, exit code 124
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
}

/// How long it waits for the lock.
#[derive(Debug, Clone, clap::Args)]
pub struct LockArgs {
    /// Wait this long for another run to end, such as 30m [default: not at all]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    lock_timeout: Option<Duration>,
}

impl TimeArgs {
    /// Stops a run once its time is over, and drops what is in flight if that takes much longer.
    pub(super) fn arm(&self, cancel: &Cancel) {
        let Some(timeout) = self.timeout else { return };
        let cancel = cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(timeout).await;
            // A run that is being stopped already needs no second push, which would drop what is in flight.
            if cancel.why().is_some() {
                return;
            }
            printer::note("\nthe time is over: calls in flight are finished and written down");
            cancel.signal(Signal::Timeout);
            tokio::time::sleep(GRACE).await;
            cancel.signal(Signal::Timeout);
        });
    }
}

impl LockArgs {
    /// The wait, which a signal ends.
    pub(super) fn wait(&self, cancel: &Cancel) -> Wait {
        let note = Arc::new(|text: &str| printer::note(text));
        Wait { timeout: self.lock_timeout.unwrap_or_default(), cancel: cancel.clone(), note }
    }
}

/// Reads a duration such as `45s`, `90m`, `1h30m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration such as 45s, 90m or 1h30m");
    let read: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(read).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let of = |text| duration(text).map(|d| d.as_secs());
        assert_eq!((of("45s"), of("90m"), of("1h30m"), of("0s")), (Ok(45), Ok(5400), Ok(5400), Ok(0)));
        for text in ["", "5", "-5s", "soon"] {
            assert!(of(text).is_err(), "{text}");
        }
    }
}
