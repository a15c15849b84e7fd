//! Workloads are rolled out, and no pod is left waiting.

use std::sync::Arc;

use serde_json::Value;

use crate::checks::look::{fail, look, pass, warn};
use crate::checks::{Checker, Verdict};
use crate::kube::{Owned, State, state};
use crate::model::{Object, Result};

use super::snapshot::{Cluster, Snapshot};

const CATEGORY: &str = "workloads";

/// One check a workload, and one for all pods.
pub(super) fn checkers(cluster: &Arc<Cluster>) -> Vec<Arc<dyn Checker>> {
    let rolled = |object: &&Object| object.group() == "apps";
    let mut all: Vec<Arc<dyn Checker>> = Vec::new();
    for object in cluster.wanted.iter().filter(rolled) {
        let (id, object, cluster) = (Owned::of(object), object.clone(), cluster.clone());
        all.push(look(CATEGORY, format!("{id} is rolled out"), move || rollout(cluster.clone(), object.clone())));
    }
    let cluster = cluster.clone();
    all.push(look(CATEGORY, "no pod is Pending or Failed", move || pending(cluster.clone())));
    all
}

async fn rollout(cluster: Arc<Cluster>, wanted: Object) -> Result<Verdict> {
    let live = cluster.live().await?;
    let Some(seen) = live.of(&wanted) else { return fail("it is missing", "run `kfctl-cn up`") };
    match state(seen) {
        State::Ready => pass(count(seen)),
        State::Waiting(why) | State::Failed(why) => {
            let pods = stuck(live, wanted.namespace()).join("; ");
            let seen = if pods.is_empty() { why } else { format!("{why}; pods of {}: {pods}", wanted.namespace()) };
            fail(seen, format!("kubectl -n {} describe pods", wanted.namespace()))
        }
    }
}

fn count(object: &Object) -> String {
    let number = |field: &str| object.0.pointer(&format!("/status/{field}")).and_then(Value::as_i64);
    let ready = number("readyReplicas").or_else(|| number("numberReady")).unwrap_or(0);
    format!("{ready} pods ready")
}

/// Pods that don't run, each with the reason that its conditions give.
fn stuck(live: &Snapshot, namespace: &str) -> Vec<String> {
    let pods = live.all("", "Pod").iter().filter(|pod| namespace.is_empty() || pod.namespace() == namespace);
    let waits = pods.filter(|pod| {
        let phase = pod.0.pointer("/status/phase").and_then(Value::as_str).unwrap_or_default();
        !matches!(phase, "Running" | "Succeeded")
    });
    waits
        .map(|pod| {
            let conditions = pod.0.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
            let reason = conditions
                .filter(|c| c.get("status").and_then(Value::as_str) == Some("False"))
                .find_map(|c| c.get("message").or_else(|| c.get("reason")).and_then(Value::as_str));
            format!("{}/{}: {}", pod.namespace(), pod.name(), reason.unwrap_or("not running"))
        })
        .collect()
}

async fn pending(cluster: Arc<Cluster>) -> Result<Verdict> {
    let live = cluster.live().await?;
    let stuck = stuck(live, "");
    match stuck.len() {
        0 => pass(format!("{} pods seen", live.all("", "Pod").len())),
        1..=3 => warn(stuck.join("; "), "look at the pods' events: kubectl describe pod"),
        more => fail(format!("{more} pods, such as {}", stuck[..3].join("; ")), "kubectl get pods -A"),
    }
}
