//! Kinds of which a field or two have another name or another default. Source: Kubernetes deprecation guide, 1.22 to 1.32.

use serde_json::{Map, Value, json};

use super::super::path;
use super::write_default;

/// SubjectAccessReview and its kin, authorization.k8s.io v1beta1 to v1: `group` is `groups`.
pub(super) fn access_review(object: &mut Value) -> Vec<String> {
    let Some(groups) = path::remove(object, "/spec/group") else { return Vec::new() };
    object["spec"]["groups"] = groups;
    vec!["/spec/group → /spec/groups".into()]
}

/// CertificateSigningRequest, certificates.k8s.io v1beta1 to v1. `None` if it names no signer or the one that v1 refuses: who
/// signs was then found out by what it asks for.
pub(super) fn signing_request(object: &mut Value) -> Option<Vec<String>> {
    let signer = object.pointer("/spec/signerName").and_then(Value::as_str)?;
    if signer.is_empty() || signer == "kubernetes.io/legacy-unknown" {
        return None;
    }
    let mut changes = Vec::new();
    let usages = json!(["digital signature", "key encipherment"]);
    write_default(&mut object["spec"], "/spec", "usages", usages, &mut changes);
    if let Some(usages) = object.pointer_mut("/spec/usages").and_then(Value::as_array_mut) {
        let mut seen = Vec::new();
        usages.retain(|usage| {
            let new = !seen.contains(usage);
            seen.push(usage.clone());
            new
        });
        if usages.len() < seen.len() {
            changes.push("/spec/usages: each once".into());
        }
    }
    Some(changes)
}

/// EndpointSlice, discovery.k8s.io v1beta1 to v1: where an endpoint is has fields of its own, and the rest isn't writable.
pub(super) fn endpoint_slice(object: &mut Value) -> Vec<String> {
    let mut changes = Vec::new();
    let endpoints = object.get_mut("endpoints").and_then(Value::as_array_mut);
    for (index, endpoint) in endpoints.into_iter().flatten().enumerate() {
        let at = format!("/endpoints/{index}");
        let Some(Value::Object(mut topology)) = path::remove(endpoint, "/topology") else { continue };
        for (label, field) in [("kubernetes.io/hostname", "nodeName"), ("topology.kubernetes.io/zone", "zone")] {
            let Some(value) = topology.shift_remove(label) else { continue };
            changes.push(format!("{at}/topology: {label} → {at}/{field}"));
            if endpoint.get(field).is_none_or(Value::is_null) {
                endpoint[field] = value;
            }
        }
        let lost: Vec<&str> = topology.keys().map(String::as_str).collect();
        if !lost.is_empty() {
            changes.push(format!("{at}/topology: {} dropped, v1 has no writable field for it", lost.join(", ")));
        }
    }
    changes
}

/// Where a PriorityLevelConfiguration of v1beta3 says that 0 shares mean 0.
const ZERO: &str = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";

/// FlowSchema and PriorityLevelConfiguration, flowcontrol.apiserver.k8s.io v1beta1 to v1beta3 to v1: the shares have another
/// name since v1beta3, and 0 of them meant the default of 30 unless an annotation said otherwise.
pub(super) fn flow_control(object: &mut Value) -> Vec<String> {
    let mut changes = Vec::new();
    let annotations = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    let zero_is_zero = annotations.and_then(|map: &mut Map<String, Value>| map.shift_remove(ZERO)).is_some();
    let Some(limited) = object.pointer_mut("/spec/limited").and_then(Value::as_object_mut) else { return changes };
    if let Some(shares) = limited.shift_remove("assuredConcurrencyShares") {
        changes.push("/spec/limited/assuredConcurrencyShares → /spec/limited/nominalConcurrencyShares".into());
        limited.insert("nominalConcurrencyShares".into(), shares);
    }
    if limited.get("nominalConcurrencyShares") == Some(&json!(0)) && !zero_is_zero {
        changes.push("/spec/limited/nominalConcurrencyShares: 0 → 30, which 0 meant".into());
        limited.insert("nominalConcurrencyShares".into(), json!(30));
    }
    changes
}
