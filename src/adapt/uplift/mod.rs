//! Raises objects of API versions that are gone to the ones that replace them, with the old behaviour kept where the
//! new default differs. One file a kind; each takes one object and says what it changed.

mod autoscaler;
mod cert_manager;
mod crd;
mod disruption_budget;
mod ingress;
mod schema;
mod small;
mod versions;
mod webhook;
mod workload;

#[cfg(test)]
mod old_tests;
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
    let old = object.api_version().to_owned();
    let rule = versions::of(object.group(), object.version(), object.kind())?;
    if kubernetes < (KubernetesVersion { major: 1, minor: rule.since }) {
        return None;
    }
    let mut changes = (rule.raise)(&mut object.0, &old)?;
    object.0["apiVersion"] = Value::String(rule.to.to_owned());
    changes.insert(0, format!("/apiVersion: {old} → {}", rule.to));
    Some(Uplifted { id: rule.id, changes })
}

/// Writes a default out, if the field isn't there; what isn't a map stays for the server to refuse. Says so in `changes`.
fn write_default(map: &mut Value, at: &str, field: &str, value: Value, changes: &mut Vec<String>) {
    if (map.is_object() || map.is_null()) && map.get(field).is_none_or(Value::is_null) {
        changes.push(format!("{at}/{field}: (none) → {value}"));
        map[field] = value;
    }
}
