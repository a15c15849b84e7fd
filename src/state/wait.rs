//! Waiting for a lock that another run holds.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::Cancel;
use crate::model::{Error, ErrorClass, Result};

/// How long to wait for a lock, what ends the wait early, and who is told of it.
#[derive(Clone)]
pub struct Wait {
    /// How long; nothing: give up at once.
    pub timeout: Duration,
    /// Ends the wait.
    pub cancel: Cancel,
    /// Is told once what is waited for.
    pub note: Arc<dyn Fn(&str) + Send + Sync>,
}

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(2);

impl Wait {
    /// Gives up at once.
    pub fn none() -> Wait {
        Wait { timeout: Duration::ZERO, cancel: Cancel::default(), note: Arc::new(|_| ()) }
    }

    /// Tries until something else comes than an error of class `Locked`, or the time is over.
    pub(super) async fn patiently<T>(&self, mut take: impl AsyncFnMut() -> Result<T>) -> Result<T> {
        let until = Instant::now() + self.timeout;
        let mut told = false;
        loop {
            let error = match take().await {
                Err(error) if error.class == ErrorClass::Locked => error,
                other => return other,
            };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(error);
            }
            if !std::mem::replace(&mut told, true) {
                (self.note)(&format!("waiting: {error}"));
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE.min(left)) => {}
                () = self.cancel.stopped() => {
                    let class = self.cancel.why().map_or(ErrorClass::Interrupted, crate::engine::Signal::class);
                    return Err(Error::new(class, "stopped while it waited for the lock: nothing was changed"));
                }
            }
        }
    }
}
