//! Webhooks can be called: their Service is there with ready endpoints, and their configuration carries its CA.

use std::sync::Arc;

use serde_json::Value;

use crate::checks::look::{fail, look, pass};
use crate::checks::{Checker, Verdict};
use crate::kube::{Owned, carries_ca};
use crate::model::{Object, Result};

use super::snapshot::{Cluster, Snapshot};

const CATEGORY: &str = "webhooks";

/// One check a webhook configuration, and one a CRD with a conversion webhook.
pub(super) fn checkers(cluster: &Arc<Cluster>) -> Vec<Arc<dyn Checker>> {
    let calls = |object: &&Object| !carries_ca(object).is_empty();
    let check = |object: &Object| {
        let (cluster, object) = (cluster.clone(), object.clone());
        let what = format!("{} can be called", Owned::of(&object));
        look(CATEGORY, what, move || one(cluster.clone(), object.clone()))
    };
    cluster.wanted.iter().filter(calls).map(check).collect()
}

async fn one(cluster: Arc<Cluster>, wanted: Object) -> Result<Verdict> {
    let live = cluster.live().await?;
    let Some(seen) = live.of(&wanted) else { return fail("it is missing", "run `kfctl-cn up`") };
    let clients = carries_ca(seen);
    let mut wrong: Vec<String> = Vec::new();
    for (config, ca) in &clients {
        if !ca {
            wrong.push("it carries no CA".into());
        }
        wrong.extend(config.get("service").and_then(|service| service_wrong(live, service)));
    }
    wrong.sort();
    wrong.dedup();
    if wrong.is_empty() {
        return pass(format!("{} with CA and endpoints", clients.len()));
    }
    fail(
        wrong.join("; "),
        "what injects the CA (cert-manager's cainjector, istiod, or the webhook itself) must run: look at its log",
    )
}

fn service_wrong(live: &Snapshot, service: &Value) -> Option<String> {
    let text = |key: &str| service.get(key).and_then(Value::as_str).unwrap_or_default();
    let (namespace, name) = (text("namespace"), text("name"));
    if live.find("", "Service", namespace, name).is_none() {
        return Some(format!("Service/{name} in {namespace} is missing"));
    }
    let of = |slice: &&Object| {
        let service = slice.0.pointer("/metadata/labels/kubernetes.io~1service-name").and_then(Value::as_str);
        slice.namespace() == namespace && service == Some(name)
    };
    let slices = live.all("discovery.k8s.io", "EndpointSlice").iter().filter(of);
    let endpoints = slices.filter_map(|slice| slice.0.get("endpoints").and_then(Value::as_array)).flatten();
    let ready = endpoints.filter(|e| e.pointer("/conditions/ready").and_then(Value::as_bool) != Some(false)).count();
    if ready == 0 { Some(format!("Service/{name} in {namespace} has no ready endpoint")) } else { None }
}
