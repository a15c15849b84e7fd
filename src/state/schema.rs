//! The versions of the format of `state.json`, and how an older one becomes the newest. A step is never changed once it was
//! released: state files of every earlier version load for ever.

use serde_json::{Map, Value};

/// The version that this program writes.
pub(super) const SCHEMA: u64 = 2;

type Fields = Map<String, Value>;

/// The step from each version to the next: the first is from 1 to 2.
const STEPS: [fn(&mut Fields); SCHEMA as usize - 1] = [two];

/// Version 2 says which run wrote the snapshot last, so that a shared state shows whether an unanswered write landed.
fn two(fields: &mut Fields) {
    fields.insert("run".into(), "".into());
}

/// Brings the fields of a state of version `from`, which is 1 to [`SCHEMA`], to the newest version.
pub(super) fn to_newest(from: u64, fields: &mut Fields) {
    let done = usize::try_from(from.saturating_sub(1)).unwrap_or(STEPS.len());
    for step in STEPS.iter().skip(done) {
        step(fields);
    }
    fields.insert("schema".into(), SCHEMA.into());
}
