//! What adapting a set of objects gives back.

use std::fmt;

use crate::model::{Object, ObjectId};

/// The result of [`adapt`](super::adapt).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Adapted {
    /// The objects, in their order; added ones at the end.
    pub objects: Vec<Object>,
    /// What was changed, one entry an adaptation and object.
    pub applied: Vec<Applied>,
    /// What must not be in objects for AWS China. Callers treat each as an error.
    pub findings: Vec<Finding>,
    /// Every image that the objects name, once each, sorted by target.
    pub images: Vec<ImageRef>,
    /// Every image that the objects named before they were adapted, sorted by name, and what became of it.
    pub upstream: Vec<UpstreamImage>,
    /// Adaptations of this set and version that found nothing to change: the id, and what wasn't there.
    pub unmatched: Vec<String>,
}

/// One adaptation that changed one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The adaptation's id, as `explain adaptations` lists it.
    pub id: String,
    /// The object as it was named before.
    pub object: ObjectId,
    /// What changed, `path: old → new`; never a secret.
    pub changes: Vec<String>,
}

/// Something that must not be in objects for AWS China.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule, such as `partition` or `removed-api`.
    pub rule: &'static str,
    /// The object.
    pub object: ObjectId,
    /// Where in the object, a JSON pointer.
    pub path: String,
    /// What stands there; never a secret.
    pub seen: String,
    /// What to do.
    pub hint: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}: {}", self.rule, self.object, self.path, self.seen)
    }
}

/// An image that the objects name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageRef {
    /// The full name at its source, host included, such as `docker.io/library/python:3.7`.
    pub source: String,
    /// The name in the registry that the cluster pulls from.
    pub target: String,
    /// Where it is named, `Kind/name in namespace path`.
    pub places: Vec<String>,
    /// True if only a program names it: it is pulled when the program is used so, and no object waits for it.
    pub only_on_use: bool,
}

/// An image that upstream's objects name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamImage {
    /// The full name at its source.
    pub name: String,
    /// Where it is named, `Kind/name in namespace path`.
    pub places: Vec<String>,
    /// What became of it.
    pub fate: Fate,
}

/// What becomes of an image that upstream's objects name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is pulled, from the registry.
    Kept,
    /// Another one is pulled instead, by an adaptation.
    Replaced {
        /// The full name of the other one at its source.
        with: String,
        /// The adaptation's id.
        by: String,
    },
    /// No object names it any more, because of these adaptations.
    Dropped {
        /// The adaptations' ids.
        by: Vec<String>,
    },
}
