//! How a run ended.

use std::time::Duration;

use crate::model::{Addr, Error, ErrorClass, Outcome, Result};

use super::cancel::Signal;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many writes of resources succeeded.
    pub wrote: usize,
    /// What failed.
    pub failures: Vec<(Addr, Error)>,
    /// What was not begun or not finished.
    pub untouched: Vec<Addr>,
    /// Why it was stopped from outside.
    pub stopped: Option<Signal>,
    /// Wall time.
    pub elapsed: Duration,
}

impl Report {
    /// The error of the run, if it has one.
    pub fn result(&self) -> Result<()> {
        if let Some(error) = combine(&self.failures) {
            return Err(error);
        }
        match self.stopped {
            Some(signal) => Err(Error::new(
                signal.class(),
                match self.untouched.len() {
                    1 => "stopped; what was begun is written down, 1 step is left".to_owned(),
                    left => format!("stopped; what was begun is written down, {left} steps are left"),
                },
            )),
            None => Ok(()),
        }
    }

    /// The outcome as events say it.
    pub fn outcome(&self) -> Outcome {
        match self.result() {
            Ok(()) => Outcome::Success,
            Err(error) if self.failures.is_empty() => Outcome::Stopped { message: error.to_string() },
            // Each failure was told when it happened.
            Err(error) if self.failures.len() > 1 => Outcome::Failed { message: error.chain[0].clone() },
            Err(error) => Outcome::Failed { message: error.to_string() },
        }
    }
}

/// One error of several, with the gravest class; `None` of none.
pub(super) fn combine(failures: &[(Addr, Error)]) -> Option<Error> {
    let (addr, first) = failures.first()?;
    if failures.len() == 1 {
        return Some(named(addr, first));
    }
    let gravest = failures.iter().map(|(_, error)| error).max_by_key(|error| gravity(error.class))?;
    let texts: Vec<_> = failures.iter().map(|(addr, error)| named(addr, error).to_string()).collect();
    let mut hints: Vec<String> = Vec::new();
    for hint in failures.iter().flat_map(|(_, error)| &error.hints) {
        if !hints.contains(hint) {
            hints.push(hint.clone());
        }
    }
    let error = Error::new(gravest.class, format!("{} resources failed", failures.len()));
    Some(Error { hints, request_id: gravest.request_id.clone(), ..error.caused_by(texts.join("\n")) })
}

/// An error that says which resource it is about.
fn named(addr: &Addr, error: &Error) -> Error {
    match error.chain.first() {
        Some(first) if first.starts_with(addr.as_str()) => error.clone(),
        _ => error.clone().context(addr.to_string()),
    }
}

/// Which class decides the exit code when several fail: first what makes going on pointless.
fn gravity(class: ErrorClass) -> u8 {
    match class {
        ErrorClass::Bug => 9,
        ErrorClass::StateIo | ErrorClass::StateNewer | ErrorClass::Locked => 8,
        ErrorClass::Credentials => 7,
        ErrorClass::Usage | ErrorClass::Config => 6,
        ErrorClass::Permanent => 5,
        ErrorClass::Timeout => 4,
        ErrorClass::Unreachable => 3,
        ErrorClass::Transient => 2,
        ErrorClass::Interrupted | ErrorClass::Terminated => 1,
    }
}
