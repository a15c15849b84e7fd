//! Where a pod names images, and the patch that changes them.

use serde_json::{Value, json};

use super::mapping::Mapping;

/// One name to be put in place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    /// The JSON pointer of the name.
    pub(super) path: String,
    /// The name as the pod has it.
    pub(super) from: String,
    /// The name in the deployment's registry.
    pub(super) to: String,
}

/// The lists of a pod's spec whose items name images, and the pointer of the name in an item.
const CARRIERS: [(&str, &str); 4] = [
    ("containers", "/image"),
    ("initContainers", "/image"),
    ("ephemeralContainers", "/image"),
    // Volumes with the files of an image, Kubernetes 1.31 and newer.
    ("volumes", "/image/reference"),
];

/// The edits that a pod needs. `before` is the pod as it was, on an update: what was there already stays, since most of
/// it can't be changed any more and the API server would refuse the whole update.
pub(super) fn edits(pod: &Value, before: Option<&Value>, mapping: &Mapping) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (list, pointer) in CARRIERS {
        let items = |pod: &Value| pod.pointer(&format!("/spec/{list}")).and_then(Value::as_array).cloned();
        let old = before.and_then(items).unwrap_or_default();
        for (index, item) in items(pod).into_iter().flatten().enumerate() {
            let Some(image) = item.pointer(pointer).and_then(Value::as_str) else { continue };
            let known = |other: &&Value| other.get("name").is_some() && other.get("name") == item.get("name");
            let was = old.iter().find(known).and_then(|other| other.pointer(pointer)).and_then(Value::as_str);
            if was == Some(image) {
                continue;
            }
            if let Some(to) = mapping.rewrite(image) {
                edits.push(Edit { path: format!("/spec/{list}/{index}{pointer}"), from: image.to_owned(), to });
            }
        }
    }
    edits
}

/// The edits as a JSON patch, RFC 6902. Each is guarded by a test of what was seen.
pub(super) fn json_patch(edits: &[Edit]) -> Value {
    let operations = edits.iter().flat_map(|edit| {
        [
            json!({"op": "test", "path": edit.path, "value": edit.from}),
            json!({"op": "replace", "path": edit.path, "value": edit.to}),
        ]
    });
    Value::Array(operations.collect())
}
