//! `$(name)` that the render left.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::super::report::Finding;
use super::Place;
use super::policy::Policy;

static VARIABLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\$\(([A-Za-z0-9_.-]+)\)").ok());

pub(super) fn check(here: &Place, text: &str, policy: &Policy) -> Vec<Finding> {
    let Some(expression) = VARIABLE.as_ref() else { return Vec::new() };
    let mut findings = Vec::new();
    for name in expression.captures_iter(text).filter_map(|captures| captures.get(1)) {
        let name = name.as_str();
        if !kubelet_knows(here, name) && !policy.allows_word("variable", name) {
            let hint = "kustomize should have filled it: the render lacks the var or its source";
            findings.push(here.finding("variable", format!("$({name})"), hint));
        }
    }
    findings
}

/// True if the text is a part of a container in which the kubelet fills this name: the container sets it, or takes a
/// whole ConfigMap or Secret.
fn kubelet_knows(here: &Place, name: &str) -> bool {
    let container = ["/args/", "/command/", "/env/", "/lifecycle/", "/volumeMounts/"]
        .iter()
        .filter_map(|part| here.pointer.find(part))
        .filter_map(|at| here.object.0.pointer(&here.pointer[..at]))
        .find(|container| container.get("image").is_some() || container.get("name").is_some());
    let Some(container) = container else { return false };
    let sets = container.get("env").and_then(Value::as_array).is_some_and(|env| env.iter().any(|e| e["name"] == name));
    sets || container.get("envFrom").and_then(Value::as_array).is_some_and(|from| !from.is_empty())
}
