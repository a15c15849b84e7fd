//! Faults as one error.

use super::Fault;
use crate::model::Error;

/// The most faults that are told.
const MAX_FAULTS: usize = 50;

/// One fault is told by the way to it; of several, each has an entry of its own, with the way to it and what to do below.
pub fn report(what: &str, faults: Vec<Fault>) -> Error {
    let count = faults.len();
    let class = faults.first().map(|fault| fault.error.class).unwrap_or(crate::model::ErrorClass::Config);
    let mut faults = faults.into_iter();
    if count == 1
        && let Some(Fault { mut trail, mut error }) = faults.next()
    {
        trail.insert(0, what.to_owned());
        trail.append(&mut error.chain);
        return Error { chain: trail, ..error };
    }
    let mut all = Error::new(class, format!("{what}: {count} faults"));
    for fault in faults.by_ref().take(MAX_FAULTS) {
        all = all.caused_by(block(fault));
    }
    match faults.len() {
        0 => all,
        more => all.caused_by(format!("and {more} more")),
    }
}

/// What is wrong, what to do, and the way there from the inside out.
fn block(fault: Fault) -> String {
    let Fault { mut trail, error } = fault;
    let steps = error.chain.iter().take_while(|entry| entry.starts_with("in ")).count();
    let (way, what) = error.chain.split_at(steps.min(error.chain.len().saturating_sub(1)));
    trail.extend_from_slice(way);
    let mut lines = vec![what.join(": ")];
    lines.extend(error.hints.iter().map(|hint| format!("hint: {hint}")));
    lines.extend(trail.into_iter().rev());
    lines.join("\n")
}
