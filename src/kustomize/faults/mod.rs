//! After an error: all that is wrong with a tree, and where.
//!
//! A build ends at the first fault. Then, the tree is read once more without building anything: each kustomization once,
//! each file that it names. What only shows in building (a patch without its object, a name that is there twice) is told
//! from the build's error.

mod report;
mod search;

use std::path::Path;

use super::Options;
use crate::model::Error;

/// A fault and the way to it.
#[derive(Debug)]
struct Fault {
    /// The kustomizations that led there, outermost first, with line and field.
    trail: Vec<String>,
    /// What is wrong.
    error: Error,
}

/// Turns the error that ended a build into one about all faults of the tree; `what` says what couldn't be done.
pub fn explain(dir: &Path, what: &str, options: &Options, first: Error) -> Error {
    let mut faults = search::search(dir, options);
    if !faults.iter().any(|fault| fault.error.chain.last() == first.chain.last()) {
        faults.insert(0, Fault { trail: Vec::new(), error: first });
    }
    report::report(what, faults)
}
