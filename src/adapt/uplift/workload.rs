//! Deployment, DaemonSet, StatefulSet, ReplicaSet: extensions/v1beta1, apps/v1beta1 and apps/v1beta2 to apps/v1.
//!
//! Source: Kubernetes deprecation guide, 1.16, and the defaults of the old versions.

use serde_json::{Value, json};

use super::super::path;
use super::write_default;

/// What no limit was written as, and is still understood as.
const NO_LIMIT: i32 = i32::MAX;

/// Writes out what the old version took by itself and apps/v1 demands or takes otherwise; `api` is the old `apiVersion`.
pub(super) fn raise(object: &mut Value, api: &str) -> Vec<String> {
    let mut changes = Vec::new();
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    if kind == "ControllerRevision" || object.get("spec").is_none_or(|spec| !spec.is_object()) {
        return changes;
    }
    let labels = object.pointer("/spec/template/metadata/labels").cloned();
    if let Some(labels) = labels.filter(|labels| labels.as_object().is_some_and(|map| !map.is_empty())) {
        write_default(&mut object["spec"], "/spec", "selector", json!({"matchLabels": labels}), &mut changes);
        let unlabelled =
            object.pointer("/metadata/labels").and_then(Value::as_object).is_none_or(serde_json::Map::is_empty);
        if api != "apps/v1beta2" && unlabelled && object.get("metadata").is_some_and(Value::is_object) {
            changes.push("/metadata/labels: (none) → those of the template".into());
            object["metadata"]["labels"] = labels;
        }
    }
    for gone in ["/spec/templateGeneration", "/spec/rollbackTo"] {
        if path::remove(object, gone).is_some() {
            changes.push(format!("{gone}: dropped, v1 doesn't know it"));
        }
    }
    let spec = &mut object["spec"];
    match (api, kind.as_str()) {
        ("extensions/v1beta1", "Deployment") => {
            write_default(spec, "/spec", "progressDeadlineSeconds", json!(NO_LIMIT), &mut changes);
            write_default(spec, "/spec", "revisionHistoryLimit", json!(NO_LIMIT), &mut changes);
            rolling_update(spec, &mut changes);
        }
        ("apps/v1beta1", "Deployment") => {
            write_default(spec, "/spec", "revisionHistoryLimit", json!(2), &mut changes);
        }
        ("extensions/v1beta1", "DaemonSet") | ("apps/v1beta1", "StatefulSet") => {
            let strategy = &mut spec["updateStrategy"];
            write_default(strategy, "/spec/updateStrategy", "type", json!("OnDelete"), &mut changes);
        }
        _ => {}
    }
    changes
}

/// One pod more and one less at a time, where the Deployment rolls.
fn rolling_update(spec: &mut Value, changes: &mut Vec<String>) {
    if spec.pointer("/strategy/type").is_some_and(|kind| kind != "RollingUpdate") {
        return;
    }
    let strategy = &mut spec["strategy"];
    if !(strategy.is_object() || strategy.is_null()) {
        return;
    }
    let rolling = &mut strategy["rollingUpdate"];
    for field in ["maxSurge", "maxUnavailable"] {
        write_default(rolling, "/spec/strategy/rollingUpdate", field, json!(1), changes);
    }
}
