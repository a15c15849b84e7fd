//! Doing something again when what went wrong passes.

use std::time::Duration;

use super::fault::{Fault, Outcome};

/// How often, and with which pauses.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// How often something is tried at most.
    pub attempts: u32,
    /// The first pause; it doubles, up to half a minute, and is shortened at random by up to half.
    pub pause: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Retry { attempts: 6, pause: Duration::from_millis(500) }
    }
}

impl Retry {
    /// Tries until it goes well, until what goes wrong doesn't pass, or until the attempts are used up. `tell` hears of each
    /// repetition before its pause.
    pub async fn run<T, F>(&self, tell: &(dyn Fn(&Fault) + Send + Sync), mut act: impl FnMut() -> F) -> Outcome<T>
    where
        F: Future<Output = Outcome<T>>,
    {
        for attempt in 1.. {
            let fault = match act().await {
                Ok(done) => return Ok(done),
                Err(fault) if fault.is_passing() && attempt < self.attempts => fault,
                Err(fault) => return Err(fault),
            };
            tell(&fault);
            tokio::time::sleep(self.before(attempt, &fault)).await;
        }
        unreachable!("the loop ends by itself")
    }

    /// The pause after an attempt, from 1. What the registry asks for goes before.
    fn before(&self, attempt: u32, fault: &Fault) -> Duration {
        let grown = self.pause.saturating_mul(1 << (attempt - 1).min(16)).min(Duration::from_secs(30));
        grown.mul_f64(rand::random_range(0.5..=1.0)).max(fault.after.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::model::{Error, ErrorClass};

    async fn tries(class: ErrorClass) -> u32 {
        let count = AtomicU32::new(0);
        let retry = Retry { attempts: 4, pause: Duration::ZERO };
        let failed = retry.run(&|_| {}, || async {
            count.fetch_add(1, Ordering::Relaxed);
            Outcome::<()>::Err(Error::new(class, "x").into())
        });
        assert!(failed.await.is_err());
        count.into_inner()
    }

    #[tokio::test]
    async fn what_passes_is_tried_again_and_what_does_not_is_not() {
        assert_eq!(tries(ErrorClass::Transient).await, 4);
        assert_eq!(tries(ErrorClass::Unreachable).await, 4);
        assert_eq!(tries(ErrorClass::Permanent).await, 1);
        assert_eq!(tries(ErrorClass::Credentials).await, 1);
    }

    #[test]
    fn pauses_grow_and_the_registry_has_the_last_word() {
        let retry = Retry::default();
        let mut fault: Fault = Error::new(ErrorClass::Transient, "x").into();
        assert!(retry.before(1, &fault) <= Duration::from_millis(500));
        assert!(retry.before(4, &fault) >= Duration::from_secs(2));
        assert!(retry.before(60, &fault) <= Duration::from_secs(30));
        fault.after = Some(Duration::from_secs(40));
        assert_eq!(retry.before(1, &fault), Duration::from_secs(40));
    }
}
