//! Makes a validation schema structural, which v1 demands, without changing what it accepts or keeps.

use serde_json::{Map, Value};

/// Gives every node a type. With `keep`, every object also keeps the fields that it doesn't name, as the whole resource
/// did in v1beta1; the flag at the root alone wouldn't reach below the fields that the schema names.
pub(super) fn make_structural(root: &mut Value, keep: bool, at: &str, changes: &mut Vec<String>) {
    if let Some(map) = root.as_object_mut()
        && map.get("type").is_none()
    {
        map.insert("type".into(), "object".into());
        changes.push(format!("{at}/type: (none) → object"));
    }
    node(root, keep);
    // The server knows the metadata of a resource itself and allows no word about it here.
    if let Some(metadata) = root.pointer_mut("/properties/metadata").and_then(Value::as_object_mut) {
        metadata.shift_remove("x-kubernetes-preserve-unknown-fields");
    }
}

fn node(value: &mut Value, keep: bool) {
    let Some(map) = value.as_object_mut() else { return };
    int_or_string(map);
    if map.get("type").is_none() && !untyped(map) {
        let inferred = if map.contains_key("properties") || map.contains_key("additionalProperties") {
            Some("object")
        } else if map.contains_key("items") {
            Some("array")
        } else {
            None
        };
        match inferred {
            Some(kind) => drop(map.insert("type".into(), kind.into())),
            // A node that says nothing accepts anything: v1 has a word for it.
            None => drop(map.insert("x-kubernetes-preserve-unknown-fields".into(), true.into())),
        }
    }
    let is_object = map.get("type").and_then(Value::as_str) == Some("object");
    if keep && is_object && !map.contains_key("additionalProperties") {
        map.insert("x-kubernetes-preserve-unknown-fields".into(), true.into());
    }
    for child in map.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        node(child.1, keep);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(child) = map.get_mut(key) {
            node(child, keep);
        }
    }
}

/// A node that takes a number or a text was written as a choice of types, for which v1 has a word of its own and allows no other.
fn int_or_string(map: &mut Map<String, Value>) {
    for choice in ["anyOf", "oneOf"] {
        let mut types: Vec<&str> = Vec::new();
        for item in map.get(choice).and_then(Value::as_array).into_iter().flatten() {
            let only = item.as_object().filter(|item| item.len() == 1).and_then(|item| item.get("type"));
            types.push(only.and_then(Value::as_str).unwrap_or_default());
        }
        types.sort_unstable();
        if types == ["integer", "string"] && !map.contains_key("type") {
            map.shift_remove(choice);
            map.insert("x-kubernetes-int-or-string".into(), true.into());
        }
    }
}

/// Nodes that may go without a type.
fn untyped(map: &Map<String, Value>) -> bool {
    let flag = |name: &str| map.get(name).and_then(Value::as_bool) == Some(true);
    flag("x-kubernetes-int-or-string") || flag("x-kubernetes-preserve-unknown-fields")
}
