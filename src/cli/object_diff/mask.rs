//! Takes secrets out of a pair of objects so that it still shows whether they differ.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::model::Object;

/// A hash of bcrypt: a login, even if it can't be read back.
static BCRYPT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{10,53}").ok());

/// Where `kubectl apply` keeps a copy of the whole object, secrets included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The pair without secrets.
pub(super) fn both(
    before: Option<&Object>,
    after: Option<&Object>,
    secrets: &[String],
) -> (Option<Object>, Option<Object>) {
    let (old, new) = (found(before, secrets), found(after, secrets));
    let hidden = |object: Option<&Object>, other: &BTreeSet<String>, side: &str| {
        object.map(|object| {
            let mut object = object.clone();
            let is_secret = object.is("", "Secret");
            if is_secret
                && let Some(copy) = object.0.pointer_mut("/metadata/annotations").and_then(|a| a.get_mut(LAST_APPLIED))
            {
                *copy = "(not shown)".into();
            }
            for part in ["data", "stringData"].into_iter().filter(|_| is_secret) {
                for (_, value) in object.0.get_mut(part).and_then(Value::as_object_mut).into_iter().flatten() {
                    *value = word(value.as_str().unwrap_or_default(), other, side).into();
                }
            }
            texts(&mut object.0, &mut |text| {
                for secret in words(text, secrets) {
                    *text = text.replace(&secret, &word(&secret, other, side));
                }
            });
            object
        })
    };
    (hidden(before, &new, "before"), hidden(after, &old, "after"))
}

/// What stands for a secret: which side it is on, unless both have it.
fn word(secret: &str, other: &BTreeSet<String>, side: &str) -> String {
    if other.contains(secret) { "(secret)".into() } else { format!("(secret, {side})") }
}

/// Every secret of an object.
fn found(object: Option<&Object>, secrets: &[String]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let Some(object) = object else { return all };
    for part in ["data", "stringData"].into_iter().filter(|_| object.is("", "Secret")) {
        let values = object.0.get(part).and_then(Value::as_object).into_iter().flatten();
        all.extend(values.map(|(_, value)| value.as_str().unwrap_or_default().to_owned()));
    }
    texts(&mut object.0.clone(), &mut |text| all.extend(words(text, secrets)));
    all
}

/// The secrets in a text.
fn words(text: &str, secrets: &[String]) -> Vec<String> {
    let mut all: Vec<String> = secrets.iter().filter(|s| !s.is_empty() && text.contains(s.as_str())).cloned().collect();
    all.extend(BCRYPT.iter().flat_map(|hash| hash.find_iter(text)).map(|hit| hit.as_str().to_owned()));
    // One that holds another goes first.
    all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    all
}

fn texts(value: &mut Value, each: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => each(text),
        Value::Array(items) => items.iter_mut().for_each(|item| texts(item, each)),
        Value::Object(map) => map.values_mut().for_each(|item| texts(item, each)),
        _ => {}
    }
}
