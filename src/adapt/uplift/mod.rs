//! Raises objects of API versions that are gone to the ones that replace them, with the old behaviour kept where the
//! new default differs. One file a kind; each takes one object and says what it changed.

mod cert_manager;
mod crd;
mod disruption_budget;
mod ingress;
mod schema;
mod versions;
mod webhook;

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::values::KubernetesVersion;
use crate::model::Object;

/// What raising an object did.
#[derive(Debug, PartialEq)]
pub(super) struct Uplifted {
    /// The id under which it is reported.
    pub(super) id: &'static str,
    /// The changes, `path: old → new`.
    pub(super) changes: Vec<String>,
}

/// Raises one object, if its version is one that is known to go and the cluster serves the newer one.
pub(super) fn uplift(object: &mut Object, kubernetes: KubernetesVersion) -> Option<Uplifted> {
    let (group, version, kind) = (object.group().to_owned(), object.version().to_owned(), object.kind().to_owned());
    let since = |minor| kubernetes >= KubernetesVersion { major: 1, minor };
    let value = &mut object.0;
    let (id, mut changes) = match (group.as_str(), version.as_str(), kind.as_str()) {
        ("apiextensions.k8s.io", "v1beta1", "CustomResourceDefinition") if since(16) => {
            ("kubernetes/crd-v1", crd::raise(value))
        }
        (
            "admissionregistration.k8s.io",
            "v1beta1",
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
        ) if since(16) => ("kubernetes/webhook-v1", webhook::raise(value)),
        ("policy", "v1beta1", "PodDisruptionBudget") if since(21) => {
            ("kubernetes/disruption-budget-v1", disruption_budget::raise(value))
        }
        ("extensions" | "networking.k8s.io", "v1beta1", "Ingress") if since(19) => {
            let mut changes = ingress::raise(value);
            changes.insert(0, format!("/apiVersion: {group}/{version} → networking.k8s.io/v1"));
            set_version(value, "networking.k8s.io", "v1");
            return Some(Uplifted { id: "kubernetes/ingress-v1", changes });
        }
        ("cert-manager.io", "v1alpha2" | "v1alpha3" | "v1beta1", _) => {
            ("kubernetes/cert-manager-v1", cert_manager::raise(value, &version))
        }
        _ => {
            let (id, new, from_minor) = versions::same_shape(&group, &version, &kind)?;
            if !since(from_minor) {
                return None;
            }
            set_version(value, &group, new);
            let changes = vec![version_change(&group, &version, new)];
            return Some(Uplifted { id, changes });
        }
    };
    set_version(value, &group, "v1");
    changes.insert(0, version_change(&group, &version, "v1"));
    Some(Uplifted { id, changes })
}

fn set_version(object: &mut Value, group: &str, version: &str) {
    object["apiVersion"] = Value::String(format!("{group}/{version}"));
}

fn version_change(group: &str, old: &str, new: &str) -> String {
    format!("/apiVersion: {group}/{old} → {group}/{new}")
}

/// Writes a default out, if the field isn't there. Says so in `changes`.
fn write_default(map: &mut Value, at: &str, field: &str, value: Value, changes: &mut Vec<String>) {
    if map.get(field).is_none_or(Value::is_null) {
        changes.push(format!("{at}/{field}: (none) → {value}"));
        map[field] = value;
    }
}
