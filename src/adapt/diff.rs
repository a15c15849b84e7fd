//! What changed in an object, for people.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Applied, embedded, path};
use crate::model::Object;

/// How long a value is shown.
const SHOWN: usize = 120;

/// The changes between two forms of an object, `path: old → new`. `secrets` are never shown, nor is any data of a Secret.
pub(super) fn changes(before: &Value, after: &Value, secrets: &[String]) -> Vec<String> {
    let hide_data = before.get("kind").and_then(Value::as_str) == Some("Secret");
    let mut out = Vec::new();
    compare(before, after, String::new(), &mut out);
    out.into_iter()
        .map(|(path, old, new)| {
            let hidden = hide_data && (path.starts_with("/data") || path.starts_with("/stringData"));
            let (old, new) =
                if hidden { ("(secret)".into(), "(secret)".into()) } else { (show(old, secrets), show(new, secrets)) };
            format!("{path}: {old} → {new}")
        })
        .collect()
}

/// The changes between two lists of objects, one entry an object, under one id: of those that are in both what differs, else
/// that they were added or removed. The version of an object doesn't tell it from another.
pub(super) fn objects(id: &str, before: &[Object], after: &[Object], secrets: &[String]) -> Vec<Applied> {
    let mut old: BTreeMap<_, &Object> = before.iter().map(|object| (key(object), object)).collect();
    let mut out = Vec::new();
    let mut say = |object: &Object, changes: Vec<String>| {
        if !changes.is_empty() {
            out.push(Applied { id: id.to_owned(), object: object.id(), changes });
        }
    };
    for object in after {
        match old.remove(&key(object)) {
            Some(other) => say(other, changes(&other.0, &object.0, secrets)),
            None => say(object, vec!["added".into()]),
        }
    }
    before
        .iter()
        .filter(|object| old.contains_key(&key(object)))
        .for_each(|object| say(object, vec!["removed".into()]));
    out
}

fn key(object: &Object) -> (&str, &str, &str, &str) {
    (object.group(), object.kind(), object.namespace(), object.name())
}

type Difference = (String, Option<Value>, Option<Value>);

fn compare(before: &Value, after: &Value, at: String, out: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                let at = format!("{at}/{}", path::escape(key));
                match new.get(key) {
                    Some(other) => compare(value, other, at, out),
                    None => out.push((at, Some(value.clone()), None)),
                }
            }
            for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                out.push((format!("{at}/{}", path::escape(key)), None, Some(value.clone())));
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for index in 0..old.len().max(new.len()) {
                let at = format!("{at}/{index}");
                match (old.get(index), new.get(index)) {
                    (Some(old), Some(new)) => compare(old, new, at, out),
                    (old, new) => out.push((at, old.cloned(), new.cloned())),
                }
            }
        }
        (Value::String(old), Value::String(new)) if old.contains('\n') || new.contains('\n') => text(old, new, at, out),
        _ => out.push((at, Some(before.clone()), Some(after.clone()))),
    }
}

/// A text of several lines: as data if it is data, else line by line.
fn text(old: &str, new: &str, at: String, out: &mut Vec<Difference>) {
    if let (Some(old), Some(new)) = (embedded::read(old), embedded::read(new)) {
        compare(&old, &new, format!("{at}»"), out);
        return;
    }
    let lines = similar::TextDiff::from_lines(old, new);
    for change in lines.iter_all_changes() {
        let line = Some(Value::String(change.value().trim().to_owned()));
        match change.tag() {
            similar::ChangeTag::Delete => out.push((at.clone(), line, None)),
            similar::ChangeTag::Insert => out.push((at.clone(), None, line)),
            similar::ChangeTag::Equal => {}
        }
    }
}

fn show(value: Option<Value>, secrets: &[String]) -> String {
    let mut text = match value {
        None => return "(none)".into(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    };
    // Any bcrypt hash is a login; the published one too isn't worth repeating.
    if text.contains("$2a$") || text.contains("$2b$") || text.contains("$2y$") {
        return "(secret)".into();
    }
    for secret in secrets {
        text = text.replace(secret.as_str(), "(secret)");
    }
    if text.chars().count() > SHOWN {
        text = text.chars().take(SHOWN).chain("…".chars()).collect();
    }
    if text.is_empty() { "\"\"".into() } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{changes, objects};
    use crate::model::Object;

    #[test]
    fn says_what_changed_and_where() {
        let before = json!({"kind": "ConfigMap", "data": {"a": "1", "b": "x: 1\ny: 2\n", "gone": ""}});
        let after = json!({"kind": "ConfigMap", "data": {"a": "2", "b": "x: 1\ny: 3\n", "new": "n"}});
        assert_eq!(
            changes(&before, &after, &[]),
            ["/data/a: 1 → 2", "/data/b»/y: 2 → 3", "/data/gone: \"\" → (none)", "/data/new: (none) → n"]
        );
    }

    #[test]
    fn objects_are_changed_added_or_removed() {
        let object = |kind: &str, n: u32| Object(json!({"kind": kind, "metadata": {"name": "a"}, "n": n}));
        let before = [object("A", 1), object("B", 1), object("C", 1)];
        let after = [object("A", 1), object("C", 2), object("D", 1)];
        let told: Vec<String> = objects("overlay/x", &before, &after, &[])
            .into_iter()
            .map(|a| format!("{} {} {}", a.id, a.object, a.changes.join(";")))
            .collect();
        assert_eq!(told, ["overlay/x C/a /n: 1 → 2", "overlay/x D/a added", "overlay/x B/a removed"]);
    }

    #[test]
    fn shows_no_secret() {
        let secrets = ["hunter2".to_owned()];
        let before = json!({"kind": "Secret", "data": {"a": "b2xk"}});
        assert_eq!(
            changes(&before, &json!({"kind": "Secret", "data": {"a": "aHVudGVyMg=="}}), &secrets),
            ["/data/a: (secret) → (secret)"]
        );
        let before = json!({"kind": "ConfigMap", "data": {"a": "old"}});
        assert_eq!(
            changes(&before, &json!({"kind": "ConfigMap", "data": {"a": "pw=hunter2"}}), &secrets),
            ["/data/a: old → pw=(secret)"]
        );
    }
}
