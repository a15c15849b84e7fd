//! Paths into objects: JSON pointers with three additions. `*` is every child, `a|b` is either key, `[name=x]` is the
//! items of a list whose `name` is `x`.

use serde_json::{Map, Value};

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// One of these keys (or a list index).
    Keys(Vec<String>),
    /// Every child.
    Any,
    /// The items whose field has this text.
    Pick(String, String),
}

/// Splits a path's text in its steps.
pub(super) fn parse(path: &str) -> Vec<Step> {
    path.split('/').skip(1).map(step).collect()
}

fn step(text: &str) -> Step {
    if text == "*" {
        return Step::Any;
    }
    let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).and_then(|t| t.split_once('='));
    match inner {
        Some((key, value)) => Step::Pick(key.into(), value.into()),
        None => Step::Keys(text.split('|').map(|key| key.replace("~1", "/").replace("~0", "~")).collect()),
    }
}

/// A key as it is written in a JSON pointer.
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The JSON pointers of all places that the steps lead to.
pub(super) fn find(value: &Value, steps: &[Step]) -> Vec<String> {
    let mut found = Vec::new();
    walk(value, steps, String::new(), &mut found);
    found
}

fn walk(value: &Value, steps: &[Step], at: String, found: &mut Vec<String>) {
    let Some((first, rest)) = steps.split_first() else {
        found.push(at);
        return;
    };
    match (value, first) {
        (Value::Object(map), Step::Keys(keys)) => {
            for key in keys {
                if let Some(child) = map.get(key) {
                    walk(child, rest, format!("{at}/{}", escape(key)), found);
                }
            }
        }
        (Value::Object(map), Step::Any) => {
            for (key, child) in map {
                walk(child, rest, format!("{at}/{}", escape(key)), found);
            }
        }
        (Value::Array(items), _) => {
            for (index, item) in items.iter().enumerate() {
                let wanted = match first {
                    Step::Any => true,
                    Step::Keys(keys) => keys.iter().any(|key| *key == index.to_string()),
                    Step::Pick(key, text) => item.get(key).and_then(Value::as_str) == Some(text),
                };
                if wanted {
                    walk(item, rest, format!("{at}/{index}"), found);
                }
            }
        }
        _ => {}
    }
}

/// Like [`find`], but makes the maps that are missing as long as the path names them by one key each.
pub(super) fn find_or_create(value: &mut Value, steps: &[Step]) -> Vec<String> {
    let found = find(value, steps);
    if !found.is_empty() {
        return found;
    }
    let Some((Step::Keys(keys), parents)) = steps.split_last() else {
        return Vec::new();
    };
    let [key] = keys.as_slice() else {
        return Vec::new();
    };
    let mut made = Vec::new();
    for parent in find_or_create(value, parents) {
        let Some(slot) = value.pointer_mut(&parent) else { continue };
        if slot.is_null() {
            *slot = Value::Object(Map::new());
        }
        if let Value::Object(map) = slot {
            map.insert(key.clone(), Value::Null);
            made.push(format!("{parent}/{}", escape(key)));
        }
    }
    made
}

/// Takes away what a JSON pointer leads to.
pub(super) fn remove(value: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, key) = pointer.rsplit_once('/')?;
    match value.pointer_mut(parent)? {
        Value::Object(map) => map.shift_remove(&key.replace("~1", "/").replace("~0", "~")),
        Value::Array(items) => {
            let index = key.parse::<usize>().ok().filter(|index| *index < items.len())?;
            Some(items.remove(index))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_by_key_star_alternative_and_field() {
        let value = json!({"spec": {"list": [{"name": "a", "v": 1}, {"name": "b", "v": 2}]}, "x/y": {"k": 0}});
        let at = |path| find(&value, &parse(path));
        assert_eq!(at("/spec/list/*/v"), ["/spec/list/0/v", "/spec/list/1/v"]);
        assert_eq!(at("/spec/list/[name=b]/v"), ["/spec/list/1/v"]);
        assert_eq!(at("/spec/list/0|7/name"), ["/spec/list/0/name"]);
        assert_eq!(at("/x~1y/k"), ["/x~1y/k"]);
        assert!(at("/spec/list/[name=c]").is_empty());
    }

    #[test]
    fn creates_maps_but_no_list_items() {
        let mut value = json!({"metadata": {}, "list": []});
        assert_eq!(find_or_create(&mut value, &parse("/metadata/annotations/a")), ["/metadata/annotations/a"]);
        assert!(find_or_create(&mut value, &parse("/list/[name=a]/env")).is_empty());
        assert_eq!(value, json!({"metadata": {"annotations": {"a": null}}, "list": []}));
    }
}
