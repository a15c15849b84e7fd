//! cert-manager.io v1alpha2, v1alpha3 and v1beta1 to v1. Source: cert-manager's API reference and its release notes of
//! 1.4 to 1.6 (which stops to serve the old versions).

use serde_json::{Map, Value};

/// Fields of a Certificate that moved: the old name, the new path, and whether values were spelled in lower case.
const MOVED: [(&str, &[&str], bool); 6] = [
    ("keyAlgorithm", &["privateKey", "algorithm"], true),
    ("keySize", &["privateKey", "size"], false),
    ("keyEncoding", &["privateKey", "encoding"], true),
    ("organization", &["subject", "organizations"], false),
    ("emailSANs", &["emailAddresses"], false),
    ("uriSANs", &["uris"], false),
];

pub(super) fn raise(object: &mut Value, version: &str) -> Vec<String> {
    let mut changes = Vec::new();
    if object["kind"] != "Certificate" {
        return changes;
    }
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else {
        return changes;
    };
    for (old, new, upper) in MOVED {
        // v1alpha3 and v1beta1 have the subject already, v1alpha2 alone writes `organization`.
        let Some(mut value) = spec.shift_remove(old) else { continue };
        if upper && let Some(text) = value.as_str() {
            value = Value::String(text.to_uppercase());
        }
        changes.push(format!("/spec/{old}: {version} → /spec/{}", new.join("/")));
        insert(spec, new, value);
    }
    changes
}

fn insert(map: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [last] => {
            map.insert((*last).into(), value);
        }
        [first, rest @ ..] => {
            let child = map.entry(*first).or_insert_with(|| Value::Object(Map::new()));
            if let Some(child) = child.as_object_mut() {
                insert(child, rest, value);
            }
        }
        [] => {}
    }
}
