//! API versions that the cluster doesn't serve.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::report::Finding;
use super::super::values::KubernetesVersion;
use super::Place;
use super::policy::{Policy, Removed};
use crate::model::Object;

/// What isn't served, each with the object's place in the list.
pub(super) fn check(objects: &[Object], kubernetes: KubernetesVersion, policy: &Policy) -> Vec<(usize, Finding)> {
    let served = served(objects);
    let mut findings = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        let here = Place { object, pointer: "/apiVersion" };
        let gone = removed(object, policy);
        if let Some(removed) = gone.filter(|r| kubernetes >= KubernetesVersion { major: 1, minor: r.removed }) {
            let seen =
                format!("{} {} is gone since Kubernetes 1.{}", object.api_version(), object.kind(), removed.removed);
            let why = removed.by_hand.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
            findings.push((index, here.finding("removed-api", seen, format!("use {}{why}", removed.instead))));
        }
        if let Some(versions) = served.get(&(object.group(), object.kind()))
            && !versions.contains(object.version())
        {
            let seen = format!("{} isn't served by the CRD of {}", object.api_version(), object.kind());
            let known: Vec<&str> = versions.iter().copied().collect();
            findings.push((index, here.finding("removed-api", seen, format!("use one of {}", known.join(", ")))));
        }
    }
    findings
}

/// The entry of the object's version and kind, whichever version of Kubernetes removed it.
pub(super) fn removed<'a>(object: &Object, policy: &'a Policy) -> Option<&'a Removed> {
    policy.removed.iter().find(|removed| {
        removed.group == object.group()
            && removed.version == object.version()
            && (removed.kinds.is_empty() || removed.kinds.iter().any(|kind| kind == object.kind()))
    })
}

/// The versions that the CRDs among the objects serve, by group and kind.
fn served(objects: &[Object]) -> BTreeMap<(&str, &str), BTreeSet<&str>> {
    let mut served: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for object in objects.iter().filter(|object| object.is("apiextensions.k8s.io", "CustomResourceDefinition")) {
        let text = |pointer| object.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let entry = served.entry((text("/spec/group"), text("/spec/names/kind"))).or_default();
        let versions = object.0.pointer("/spec/versions").and_then(Value::as_array);
        for version in versions.into_iter().flatten().filter(|version| version["served"] == true) {
            entry.extend(version["name"].as_str());
        }
    }
    served
}
