//! Making what nothing but its tags tells apart, once: EC2 shows what was made only after a moment, and a look-up by tag that finds
//! nothing isn't proof.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::model::{Addr, Result};

use super::not_visible;

/// How long after a call whose effect nobody knows "not there" isn't believed. What EC2 makes is seen within a second or two.
const SETTLE: Duration = Duration::from_secs(5);

/// What this process has made, or may have made, by address.
#[derive(Debug)]
pub(crate) struct Made {
    attempts: Mutex<BTreeMap<Addr, Attempt>>,
    settle: Duration,
}

impl Default for Made {
    fn default() -> Made {
        Made { attempts: Mutex::default(), settle: SETTLE }
    }
}

#[derive(Debug, Clone, Copy)]
enum Attempt {
    /// It was answered: it is there, whatever a look-up says.
    Answered,
    /// The answer was lost.
    InDoubt(Instant),
}

impl Made {
    /// Calls `create` unless an earlier call has made the thing, or may have. Only for what a look-up didn't find.
    ///
    /// # Errors
    /// That of `create`; or that the thing isn't visible yet, which passes.
    pub(crate) async fn once<T>(&self, addr: &Addr, create: impl Future<Output = Result<T>>) -> Result<T> {
        match self.known(addr) {
            Some(Attempt::Answered) => return Err(not_visible(addr)),
            Some(Attempt::InDoubt(at)) if at.elapsed() < self.settle => return Err(not_visible(addr)),
            _ => {}
        }
        let made = create.await;
        let attempt = match &made {
            Ok(_) => Some(Attempt::Answered),
            Err(error) => error.in_doubt.then(|| Attempt::InDoubt(Instant::now())),
        };
        let mut all = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        match attempt {
            Some(attempt) => all.insert(addr.clone(), attempt),
            None => all.remove(addr),
        };
        made
    }

    fn known(&self, addr: &Addr) -> Option<Attempt> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).get(addr).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Error, ErrorClass};

    fn lost() -> Result<&'static str> {
        Err(Error::new(ErrorClass::Unreachable, "cut").in_doubt())
    }

    fn settling(settle: Duration) -> Made {
        Made { settle, ..Made::default() }
    }

    #[tokio::test]
    async fn what_was_made_isnt_made_again() {
        let (made, addr) = (settling(Duration::ZERO), Addr::new("cluster/vpc"));
        assert_eq!(made.once(&addr, async { Ok("the one") }).await, Ok("the one"));
        let second = made.once(&addr, async { Ok("a second one") }).await.expect_err("it is there");
        assert!(second.is_passing() && second.to_string().contains("isn't visible yet"), "{second}");
    }

    #[tokio::test]
    async fn what_may_have_been_made_is_made_again_only_after_a_while() {
        let addr = Addr::new("cluster/vpc");
        let early = settling(Duration::from_secs(3600));
        assert!(early.once(&addr, async { lost() }).await.is_err());
        assert!(early.once(&addr, async { Ok("a second one") }).await.is_err());
        let late = settling(Duration::ZERO);
        assert!(late.once(&addr, async { lost() }).await.is_err());
        assert_eq!(late.once(&addr, async { Ok("the one") }).await, Ok("the one"));
    }

    #[tokio::test]
    async fn a_refusal_is_no_reason_to_wait() {
        let (made, addr) = (Made::default(), Addr::new("cluster/vpc"));
        let refused = made.once(&addr, async { Err::<&str, _>(Error::new(ErrorClass::Transient, "throttled")) }).await;
        assert!(refused.is_err());
        assert_eq!(made.once(&addr, async { Ok("the one") }).await, Ok("the one"));
    }
}
