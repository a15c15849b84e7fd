//! PodDisruptionBudget: policy/v1beta1 to policy/v1.

use serde_json::Value;

/// Keeps what an empty selector meant: no pod in v1beta1, every pod of the namespace in v1. No selector means no pod in
/// both. Source: Kubernetes deprecation guide, 1.25.
pub(super) fn raise(object: &mut Value) -> Vec<String> {
    let empty = object.pointer("/spec/selector").is_some_and(|selector| {
        selector.as_object().is_some_and(|map| {
            map.values().all(|part| {
                part.as_object().is_some_and(|m| m.is_empty()) || part.as_array().is_some_and(|a| a.is_empty())
            })
        })
    });
    if !empty {
        return Vec::new();
    }
    super::super::path::remove(object, "/spec/selector");
    vec!["/spec/selector: {} → (none), which selects no pod as before".into()]
}
