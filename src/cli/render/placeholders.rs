//! What stands in a render without an account for what only AWS knows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::model::Object;
use crate::phases::manifests::{NO_ACCOUNT, PLACEHOLDER};

/// The placeholders in an object, each with what it stands for; none if the object is as it will be applied.
pub(super) fn of(object: &Object) -> Vec<String> {
    let encoded = STANDARD.encode(PLACEHOLDER);
    let kinds = [
        (NO_ACCOUNT, "the account".to_owned()),
        (PLACEHOLDER, "known once `up` made it".to_owned()),
        (encoded.as_str(), format!("{PLACEHOLDER} in base64, no real secret")),
    ];
    let found = kinds.into_iter().filter(|(word, _)| holds(&object.0, word));
    found.map(|(word, meaning)| format!("{word}: {meaning}")).collect()
}

fn holds(value: &Value, word: &str) -> bool {
    match value {
        Value::String(text) => text.contains(word),
        Value::Array(items) => items.iter().any(|item| holds(item, word)),
        Value::Object(map) => map.iter().any(|(key, item)| key.contains(word) || holds(item, word)),
        _ => false,
    }
}

/// What is told of objects with placeholders, each of them once; nothing if there are none.
pub(super) fn note<'a>(objects: impl Iterator<Item = &'a Object>) -> Option<String> {
    let (mut count, mut meanings) = (0, Vec::new());
    for found in objects.map(of).filter(|found| !found.is_empty()) {
        count += 1;
        meanings.extend(found.into_iter().filter(|one| !meanings.contains(one)).collect::<Vec<_>>());
    }
    (count > 0).then(|| {
        let meanings = meanings.join("\n  ");
        format!("note: not to be applied as they are: placeholders stand in {count} objects\n  {meanings}")
    })
}
