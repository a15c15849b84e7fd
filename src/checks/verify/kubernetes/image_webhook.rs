//! The image webhook does what it is there for: a pod with a foreign image, made as a dry run, gets that of the registry.
//!
//! That the webhook runs and has its CA proves nothing: it never refuses, so one that is not reached, or maps to another
//! registry, changes nothing and is not heard of. Seen in the field: aws-samples/eks-workshop-greater-china#4.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::checks::look::{fail, look, pass};
use crate::checks::{Checker, Verdict};
use crate::model::{Object, Result};

use super::snapshot::Cluster;

const CATEGORY: &str = "webhooks";
const CONFIGURATION: &str = "kfctl-cn-image-webhook";
/// Whatever a user might name, of a registry that is mapped.
pub(super) const FOREIGN: &str = "docker.io/library/busybox:1.36";
/// Where operators map other registries; theirs go before ours.
const OWN: (&str, &str) = ("kfctl-cn-system", "image-webhook-own");

/// The check, if the webhook is wanted; `expected` is what [`FOREIGN`] becomes.
pub(super) fn checkers(cluster: &Arc<Cluster>, expected: String) -> Vec<Arc<dyn Checker>> {
    let ours = |object: &&Object| object.kind() == "MutatingWebhookConfiguration" && object.name() == CONFIGURATION;
    let Some(hook) = cluster.wanted.iter().find(ours).cloned() else { return Vec::new() };
    let cluster = cluster.clone();
    vec![look(CATEGORY, "a pod with a foreign image is made with that of the registry", move || {
        one(cluster.clone(), hook.clone(), expected.clone())
    })]
}

async fn one(cluster: Arc<Cluster>, hook: Object, expected: String) -> Result<Verdict> {
    let live = cluster.live().await?;
    let Some(namespace) = live.all("", "Namespace").iter().find(|namespace| asked_about(&hook, namespace)) else {
        return Ok(Verdict::Skip("there is no namespace yet that it is asked about".into()));
    };
    let namespace = namespace.name();
    let Some(made) = cluster.dry_run(&pod(namespace)).await? else {
        return fail("the API server serves no pods", "see that it is the cluster's");
    };
    let containers = made.0.pointer("/spec/containers").and_then(Value::as_array).into_iter().flatten();
    let image = containers.filter(|c| c["name"] == "probe").find_map(|c| c["image"].as_str()).unwrap_or_default();
    let mapped_by_others = image != FOREIGN && live.find("", "ConfigMap", OWN.0, OWN.1).is_some();
    if image == expected || mapped_by_others {
        return pass(format!("{image} in {namespace}, as a dry run"));
    }
    fail(
        format!("{FOREIGN} became {image} in {namespace}, as a dry run"),
        "see the log of `image-webhook` in `kfctl-cn-system`, and that the security group of the nodes lets the control plane in \
         at port 8443; then `kfctl-cn up`",
    )
}

/// A pod that is never made: only what it would be is looked at.
fn pod(namespace: &str) -> Object {
    let little = json!({"cpu": "1m", "memory": "8Mi"});
    Object(json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "kfctl-cn-verify-image", "namespace": namespace},
        "spec": {
            "automountServiceAccountToken": false,
            "containers": [{"name": "probe", "image": FOREIGN, "resources": {"requests": little, "limits": little}}],
        },
    }))
}

/// True if one of the webhooks of a configuration is asked about what happens in a namespace.
fn asked_about(hook: &Object, namespace: &Object) -> bool {
    let labels = &namespace.0["metadata"]["labels"];
    let hooks = hook.0["webhooks"].as_array().into_iter().flatten();
    hooks.map(|hook| &hook["namespaceSelector"]).any(|selector| selected(selector, labels))
}

/// Whether a label selector means these labels. Source: Kubernetes API reference, `LabelSelector`.
fn selected(selector: &Value, labels: &Value) -> bool {
    let same = selector["matchLabels"].as_object().into_iter().flatten().all(|(key, value)| labels[key] == *value);
    let fits = |expression: &Value| {
        let label = expression["key"].as_str().and_then(|key| labels.get(key));
        let listed = label.is_some_and(|label| expression["values"].as_array().is_some_and(|all| all.contains(label)));
        match expression["operator"].as_str() {
            Some("In") => listed,
            Some("NotIn") => !listed,
            Some("Exists") => label.is_some(),
            Some("DoesNotExist") => label.is_none(),
            _ => false,
        }
    };
    same && selector["matchExpressions"].as_array().into_iter().flatten().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_asked_about_as_the_selectors_say() {
        let no = |key: &str, values: Value| json!({"key": key, "operator": "NotIn", "values": values});
        let selector =
            json!({"matchLabels": {"part-of": "profile"}, "matchExpressions": [no("hook", json!(["disabled"]))]});
        let hook = Object(json!({"webhooks": [{"namespaceSelector": selector}]}));
        let asked = |labels: Value| asked_about(&hook, &Object(json!({"metadata": {"labels": labels}})));
        assert!(asked(json!({"part-of": "profile"})) && asked(json!({"part-of": "profile", "hook": "enabled"})));
        assert!(!asked(json!({"part-of": "profile", "hook": "disabled"})) && !asked(json!({})) && !asked(Value::Null));
        for (operator, values, expected) in
            [("In", json!(["x"]), true), ("Exists", Value::Null, true), ("DoesNotExist", Value::Null, false)]
        {
            let selector = json!({"matchExpressions": [{"key": "a", "operator": operator, "values": values}]});
            assert_eq!(selected(&selector, &json!({"a": "x"})), expected, "{operator}");
        }
    }
}
