//! HorizontalPodAutoscaler: autoscaling/v2beta1 to v2. v2beta2 has the shape of v2 already.
//!
//! Source: the API references of autoscaling v2beta1 and v2, and the server's own conversion between them.

use serde_json::{Map, Value, json};

use super::super::path;

/// Where the server kept the scaling behaviour for versions that have no field for it.
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// Writes each metric as v2 does: which metric in one map, what it is aimed at in another.
pub(super) fn raise(object: &mut Value) -> Vec<String> {
    let mut changes = Vec::new();
    let metrics = object.pointer_mut("/spec/metrics").and_then(Value::as_array_mut);
    for (index, metric) in metrics.into_iter().flatten().enumerate() {
        let Some(metric) = metric.as_object_mut() else { continue };
        for source in ["object", "pods", "resource", "containerResource", "external"] {
            if let Some(old) = metric.get(source).and_then(Value::as_object).cloned() {
                let at = format!("/spec/metrics/{index}/{source}");
                metric.insert(source.into(), source_of(source, old, &at, &mut changes));
            }
        }
    }
    behavior(object, &mut changes);
    // What a controller once wrote there has the old shape and is no one's wish.
    if path::remove(object, "/status").is_some() {
        changes.push("/status: dropped, the controller writes it anew".into());
    }
    changes
}

fn source_of(source: &str, mut old: Map<String, Value>, at: &str, changes: &mut Vec<String>) -> Value {
    let mut new = Map::new();
    if source == "object" {
        if let Some(target) = old.shift_remove("target") {
            changes.push(format!("{at}/target → {at}/describedObject"));
            new.insert("describedObject".into(), target);
        }
        // The only source whose average has this name.
        if let Some(average) = old.shift_remove("averageValue") {
            old.insert("targetAverageValue".into(), average);
        }
    }
    for field in ["name", "container"] {
        new.extend(old.shift_remove(field).map(|value| (field.to_owned(), value)));
    }
    let selector = old.shift_remove("metricSelector").or_else(|| old.shift_remove("selector"));
    if let Some(name) = old.shift_remove("metricName") {
        changes.push(format!("{at}/metricName → {at}/metric/name"));
        new.insert("metric".into(), json!({"name": name}));
        if let Some(selector) = selector {
            changes.push(format!("{at}: selector → {at}/metric/selector"));
            new["metric"]["selector"] = selector;
        }
    }
    if let Some(target) = target(&mut old, at, changes) {
        new.insert("target".into(), target);
    }
    // What v2beta1 doesn't know either stays for the server to refuse.
    new.extend(old);
    Value::Object(new)
}

/// What the metric is aimed at. Where several are given the server took them in this order.
fn target(old: &mut Map<String, Value>, at: &str, changes: &mut Vec<String>) -> Option<Value> {
    let mut found = None;
    for (field, kind, new) in [
        ("targetAverageUtilization", "Utilization", "averageUtilization"),
        ("targetAverageValue", "AverageValue", "averageValue"),
        ("targetValue", "Value", "value"),
    ] {
        let Some(value) = old.shift_remove(field).filter(|value| !value.is_null()) else { continue };
        if found.is_some() {
            changes.push(format!("{at}/{field}: dropped, another target counts before it"));
            continue;
        }
        changes.push(format!("{at}/{field} → {at}/target/{new}"));
        let mut target = Map::from_iter([("type".to_owned(), json!(kind))]);
        target.insert(new.into(), value);
        found = Some(Value::Object(target));
    }
    found
}

fn behavior(object: &mut Value, changes: &mut Vec<String>) {
    let annotations = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    let Some(Value::String(text)) = annotations.and_then(|map| map.shift_remove(BEHAVIOR)) else { return };
    if let Ok(behavior) = serde_json::from_str::<Value>(&text)
        && object.get("spec").is_some_and(Value::is_object)
    {
        changes.push(format!("/metadata/annotations: {BEHAVIOR} → /spec/behavior"));
        object["spec"]["behavior"] = behavior;
    }
}
