//! Volumes: exactly one default class, and every claim bound.

use std::sync::Arc;

use serde_json::Value;

use crate::checks::look::{fail, look, pass};
use crate::checks::{Checker, Verdict};
use crate::kube::Owned;
use crate::model::{Object, Result};

use super::snapshot::Cluster;

const CATEGORY: &str = "storage";
const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

/// The checks of volumes.
pub(super) fn checkers(cluster: &Arc<Cluster>) -> Vec<Arc<dyn Checker>> {
    let (classes, claims) = (cluster.clone(), cluster.clone());
    vec![
        look(CATEGORY, "exactly one storage class is the default", move || default_class(classes.clone())),
        look(CATEGORY, "every volume claim of the manifests is bound", move || bound(claims.clone())),
    ]
}

fn is_default(class: &Object) -> bool {
    let annotations = class.0.pointer("/metadata/annotations");
    annotations.and_then(|a| a.get(DEFAULT)).and_then(Value::as_str) == Some("true")
}

async fn default_class(cluster: Arc<Cluster>) -> Result<Verdict> {
    let classes = cluster.live().await?.all("storage.k8s.io", "StorageClass");
    let names: Vec<&str> = classes.iter().filter(|class| is_default(class)).map(Object::name).collect();
    match names.as_slice() {
        [one] => pass(*one),
        [] => fail("none is", "run `kfctl-cn up`: it makes gp3 the default"),
        several => fail(several.join(", "), format!("take the annotation {DEFAULT} from all but one")),
    }
}

async fn bound(cluster: Arc<Cluster>) -> Result<Verdict> {
    let live = cluster.live().await?;
    let wanted: Vec<&Object> = cluster.wanted.iter().filter(|object| object.is("", "PersistentVolumeClaim")).collect();
    let phase = |claim: &Object| match live.of(claim) {
        Some(seen) => seen.0.pointer("/status/phase").and_then(Value::as_str).unwrap_or("Pending").to_owned(),
        None => "missing".into(),
    };
    let wrong: Vec<String> = wanted
        .iter()
        .map(|claim| (claim, phase(claim)))
        .filter(|(_, phase)| phase != "Bound")
        .map(|(claim, phase)| format!("{} is {phase}", Owned::of(claim)))
        .collect();
    if wrong.is_empty() {
        return pass(format!("{} seen", wanted.len()));
    }
    fail(wrong.join("; "), "the EBS CSI add-on and its role must work: kubectl describe pvc")
}
