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
pub(super) fn checkers(cluster: &Arc<Cluster>, registry: &str) -> Vec<Arc<dyn Checker>> {
    let rolled = |object: &&Object| object.group() == "apps";
    let mut all: Vec<Arc<dyn Checker>> = Vec::new();
    for object in cluster.wanted.iter().filter(rolled) {
        let (id, object, cluster, registry) = (Owned::of(object), object.clone(), cluster.clone(), registry.to_owned());
        all.push(look(CATEGORY, format!("{id} is rolled out"), move || {
            rollout(cluster.clone(), object.clone(), registry.clone())
        }));
    }
    let cluster = cluster.clone();
    all.push(look(CATEGORY, "no pod is Pending or Failed", move || pending(cluster.clone())));
    all
}

async fn rollout(cluster: Arc<Cluster>, wanted: Object, registry: String) -> Result<Verdict> {
    let live = cluster.live().await?;
    let Some(seen) = live.of(&wanted) else { return fail("it is missing", "run `kfctl-cn up`") };
    match state(seen) {
        State::Ready => pass(count(seen)),
        State::Waiting(why) | State::Failed(why) => {
            let causes = cluster.explain(seen, &registry).await?;
            let told = causes.iter().map(|cause| format!("\n{cause}")).collect::<String>();
            let mut mends: Vec<&str> = causes.iter().map(|cause| cause.mend.as_str()).collect();
            mends.dedup();
            let describe = format!("kubectl -n {} describe pods", wanted.namespace());
            fail(format!("{why}{told}"), if mends.is_empty() { describe } else { mends.join("\n") })
        }
    }
}

fn count(object: &Object) -> String {
    let number = |field: &str| object.0.pointer(&format!("/status/{field}")).and_then(Value::as_i64);
    let ready = number("readyReplicas").or_else(|| number("numberReady")).unwrap_or(0);
    format!("{ready} pods ready")
}

/// Pods that don't run, each with the reason that its conditions give.
fn stuck(live: &Snapshot) -> Vec<String> {
    let waits = live.all("", "Pod").iter().filter(|pod| {
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
    let stuck = stuck(live);
    match stuck.len() {
        0 => pass(format!("{} pods seen", live.all("", "Pod").len())),
        1..=3 => warn(stuck.join("; "), "look at the pods' events: kubectl describe pod"),
        more => fail(format!("{more} pods, such as {}", stuck[..3].join("; ")), "kubectl get pods -A"),
    }
}
