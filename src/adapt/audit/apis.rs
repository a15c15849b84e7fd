//! API versions that the cluster doesn't serve.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::report::Finding;
use super::super::values::KubernetesVersion;
use super::Place;
use super::policy::Policy;
use crate::model::Object;

pub(super) fn check(objects: &[Object], kubernetes: KubernetesVersion, policy: &Policy) -> Vec<Finding> {
    let served = served(objects);
    let mut findings = Vec::new();
    for object in objects {
        let here = Place { object, pointer: "/apiVersion" };
        if let Some(removed) = policy.removed.iter().find(|removed| {
            removed.group == object.group()
                && removed.version == object.version()
                && (removed.kinds.is_empty() || removed.kinds.iter().any(|kind| kind == object.kind()))
                && kubernetes >= KubernetesVersion { major: 1, minor: removed.removed }
        }) {
            let seen =
                format!("{} {} is gone since Kubernetes 1.{}", object.api_version(), object.kind(), removed.removed);
            findings.push(here.finding("removed-api", seen, format!("use {}", removed.instead)));
        }
        if let Some(versions) = served.get(&(object.group(), object.kind()))
            && !versions.contains(object.version())
        {
            let seen = format!("{} isn't served by the CRD of {}", object.api_version(), object.kind());
            let known: Vec<&str> = versions.iter().copied().collect();
            findings.push(here.finding("removed-api", seen, format!("use one of {}", known.join(", "))));
        }
    }
    findings
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
