//! Stopping a run from outside: once to finish what is in flight, twice to drop it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::model::{Error, ErrorClass};

/// Why a run is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// The time that was given is over.
    Timeout,
}

impl Signal {
    /// The class of the error that a stopped run ends with.
    pub fn class(self) -> ErrorClass {
        match self {
            Signal::Interrupt => ErrorClass::Interrupted,
            Signal::Terminate => ErrorClass::Terminated,
            Signal::Timeout => ErrorClass::Timeout,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Level {
    Run,
    Stop,
    Abort,
}

/// A handle that stops a run. Clones share it.
#[derive(Clone)]
pub struct Cancel(Arc<watch::Sender<(Level, Option<Signal>)>>);

impl Default for Cancel {
    fn default() -> Self {
        Cancel(Arc::new(watch::channel((Level::Run, None)).0))
    }
}

impl Cancel {
    /// The first call lets calls in flight finish and starts nothing new; the second drops them too.
    pub fn signal(&self, signal: Signal) {
        self.0.send_modify(|(level, why)| {
            *level = if *level == Level::Run { Level::Stop } else { Level::Abort };
            why.get_or_insert(signal);
        });
    }

    /// Why the run is being stopped, or `None` if it isn't.
    pub fn why(&self) -> Option<Signal> {
        self.0.borrow().1
    }

    /// Returns once the run is to stop.
    pub async fn stopped(&self) {
        self.reached(Level::Stop).await;
    }

    /// Returns once the run is to drop what is in flight.
    pub async fn aborted(&self) {
        self.reached(Level::Abort).await;
    }

    async fn reached(&self, wanted: Level) {
        let mut seen = self.0.subscribe();
        // The sender lives in `self`, so the channel can't close while this waits.
        let _ = seen.wait_for(|(level, _)| *level >= wanted).await;
    }

    /// The error of a step that was cut, if the run is being stopped.
    pub(super) fn error(&self) -> Option<Error> {
        self.why().map(|signal| Error::new(signal.class(), "stopped"))
    }
}
