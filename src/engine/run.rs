//! What the steps of one run share: permits, outputs, retries and waits.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::model::{Addr, Error, ErrorClass, Event, Readiness, Result, StepEvent};

use super::{Context, Engine, Outputs};

/// One run over the graph.
pub(super) struct Run<'a> {
    pub(super) engine: &'a Engine,
    permits: Semaphore,
    failed: AtomicBool,
    outputs: Mutex<Arc<BTreeMap<Addr, Outputs>>>,
    pub(super) wrote: AtomicUsize,
}

impl<'a> Run<'a> {
    pub(super) fn new(engine: &'a Engine) -> Self {
        Run {
            engine,
            permits: Semaphore::new(engine.settings.concurrency.max(1)),
            failed: AtomicBool::new(false),
            outputs: Mutex::default(),
            wrote: AtomicUsize::new(0),
        }
    }

    /// True once no new step may begin.
    pub(super) fn halted(&self) -> bool {
        self.failed.load(Ordering::Relaxed) || self.engine.cancel.why().is_some()
    }

    /// Notes that a step failed: steps that wait for their turn don't begin.
    pub(super) fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// Makes outputs known to the steps that begin later.
    pub(super) fn publish(&self, addr: &Addr, outputs: &Outputs) {
        let mut all = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut all).insert(addr.clone(), outputs.clone());
    }

    /// What a resource sees of the run now.
    pub(super) fn context(&self, addr: &Addr) -> Context {
        let outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (sink, addr) = (self.engine.sink.clone(), addr.clone());
        Context::new(
            outputs,
            Arc::new(move |message| sink(Event::Step(StepEvent::Progress { addr: addr.clone(), message }))),
        )
    }

    /// One call of a resource: under a permit, and again after passing errors while `patience` lasts.
    pub(super) async fn call<T, F>(&self, addr: &Addr, patience: Duration, call: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let (clock, settings) = (&self.engine.clock, &self.engine.settings);
        let began = clock.now();
        let mut pause = settings.retry_first;
        let mut attempt = 1;
        loop {
            let error = match self.permitted(&call).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if !error.is_passing() {
                return Err(error);
            }
            let delay = pause.mul_f64(rand::random_range(0.5..=1.0));
            let spent = clock.now().saturating_sub(began);
            if spent + delay > patience {
                let times = if attempt == 1 { "once".to_owned() } else { format!("{attempt} times") };
                return Err(gave_up(error, &times, spent));
            }
            attempt += 1;
            let message = error.to_string();
            self.emit(StepEvent::Retrying { addr: addr.clone(), message, attempt, delay });
            self.pause(delay).await?;
            pause = (pause * 2).min(settings.retry_max);
        }
    }

    /// One call under a permit, without retries.
    pub(super) async fn permitted<T, F>(&self, call: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await;
        call().await
    }

    /// Looks until `look` says ready. Passing errors of a look are
    /// shown, and end the wait only if nothing else comes for as long as the engine is patient.
    pub(super) async fn wait<T, F>(&self, addr: &Addr, deadline: Duration, look: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<(Readiness, T)>>,
    {
        let (clock, settings) = (&self.engine.clock, &self.engine.settings);
        let began = clock.now();
        let mut pause = settings.poll_first;
        let mut shown = String::new();
        let mut answered = began;
        loop {
            let message = match self.permitted(&look).await {
                Ok((Readiness::Ready, value)) => return Ok(value),
                Ok((Readiness::Failed(why), _)) => return Err(Error::new(ErrorClass::Permanent, why)),
                Ok((Readiness::Waiting(what), _)) => {
                    answered = clock.now();
                    what
                }
                // A look that only ever fails isn't a wait for something slow.
                Err(error) if error.is_passing() && clock.now().saturating_sub(answered) < settings.patience => {
                    error.to_string()
                }
                Err(error) => return Err(error),
            };
            let spent = clock.now().saturating_sub(began);
            if spent >= deadline {
                return Err(Error::new(ErrorClass::Timeout, format!("not there after {} s", spent.as_secs()))
                    .caused_by(message)
                    .hint("run it again: it goes on waiting where it stopped"));
            }
            if message != shown {
                self.emit(StepEvent::Progress { addr: addr.clone(), message: message.clone() });
                shown = message;
            }
            self.pause(pause.min(deadline.saturating_sub(spent))).await?;
            pause = (pause * 2).min(settings.poll_max);
        }
    }

    /// Sleeps, unless the run is being stopped.
    pub(super) async fn pause(&self, duration: Duration) -> Result<()> {
        tokio::select! {
            biased;
            () = self.engine.cancel.stopped() => Err(self.engine.cancel.error().unwrap_or_else(|| Error::new(ErrorClass::Bug, "stopped without a reason"))),
            () = self.engine.clock.sleep(duration) => Ok(()),
        }
    }

    pub(super) fn emit(&self, event: StepEvent) {
        (self.engine.sink)(Event::Step(event));
    }
}

/// An error that was waited out: how long is part of what failed, so that the hint is the same for all that wait for the
/// same thing.
fn gave_up(mut error: Error, times: &str, spent: Duration) -> Error {
    if let Some(innermost) = error.chain.last_mut() {
        *innermost += &format!(" (tried {times} in {} s)", spent.as_secs());
    }
    error.hint("run it again once this has passed")
}
