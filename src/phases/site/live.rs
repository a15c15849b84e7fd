//! What reading something in AWS yields.

use crate::aws::tags::Tags;
use crate::engine::{Live, Observed, Outputs, Owner};
use crate::model::{Addr, Change, Error, ErrorClass, Readiness};

/// Collects in what a live thing differs from what is wanted.
#[derive(Debug, Default)]
pub(crate) struct Diff(pub(crate) Vec<Change>);

impl Diff {
    /// A field that can be changed in place.
    pub(crate) fn update<T: PartialEq + ToString>(&mut self, field: &str, live: T, wanted: T) {
        if live != wanted {
            self.0.push(Change::update(field, live, wanted));
        }
    }

    /// A field for which the thing is made anew, and why.
    pub(crate) fn replace<T: PartialEq + ToString>(&mut self, field: &str, live: T, wanted: T, why: &str) {
        if live != wanted {
            self.0.push(Change::update(field, live, wanted).replacing(why));
        }
    }

    /// A field that isn't changed: why, and what to do instead.
    pub(crate) fn refuse<T: PartialEq + ToString>(
        &mut self,
        field: &str,
        live: T,
        wanted: T,
        why: &str,
        instead: &str,
    ) {
        if live != wanted {
            self.0.push(Change::update(field, live, wanted).refused(why, instead));
        }
    }

    /// A statement that must be true.
    pub(crate) fn must(&mut self, field: &str, is: bool, seen: &str, wanted: &str) {
        if !is {
            self.0.push(Change::update(field, seen, wanted));
        }
    }

    /// Wanted tags that are missing or have another value. Tags that others have added stay.
    pub(crate) fn tags(&mut self, live: &Tags, wanted: &Tags) {
        for (key, value) in wanted {
            let seen = live.get(key).map_or("(none)", String::as_str);
            self.update(&format!("tags.{key}"), seen, value);
        }
    }
}

/// Outputs of pairs; what isn't known yet (empty) is left out.
pub(crate) fn outputs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Outputs {
    pairs.into_iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

/// Something that exists.
pub(crate) fn live(outputs: Outputs, owner: Owner, diff: Diff, ready: Readiness) -> Live {
    Live { outputs, owner, changes: diff.0, ready }
}

/// Something that was there before, with why it can't be used if it can't.
pub(crate) fn borrowed(outputs: Outputs, wrong: Vec<String>) -> Observed {
    let ready = if wrong.is_empty() { Readiness::Ready } else { Readiness::Failed(wrong.join("; ")) };
    Observed::Present(Live { outputs, owner: Owner::Borrowed, changes: Vec::new(), ready })
}

/// The error of a write to what was there before, which the engine never asks for.
pub(crate) fn use_only(addr: &Addr) -> Error {
    Error::new(ErrorClass::Bug, format!("{addr} was there before: it isn't to be written"))
}

/// Present or absent.
pub(crate) fn absent_or(live: Option<Live>) -> Observed {
    live.map_or(Observed::Absent, Observed::Present)
}

/// Texts in order, separated by commas, for comparing and showing lists whose order means nothing.
pub(crate) fn join<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let mut items: Vec<String> = items.into_iter().map(|i| i.as_ref().to_owned()).collect();
    items.sort();
    items.join(",")
}

/// The error of an `apply` that finds something of others under its name.
pub(crate) fn not_ours(addr: &Addr, what: &str, owner: &Owner) -> Result<(), Error> {
    match owner {
        Owner::Ours | Owner::Borrowed => Ok(()),
        Owner::Other(seen) => {
            Err(Error::new(ErrorClass::Permanent, format!("{addr}: {what} exists and isn't ours: {seen}"))
                .hint("choose another `metadata.name`, or remove what is there"))
        }
    }
}
