//! What the pods of the wanted workloads need: service accounts, secrets, ConfigMaps and claims, each looked for by name.
//!
//! What the manifests bring themselves is counted a workload; what comes from elsewhere — cert-manager, the secrets-store
//! driver, istiod — has a check of its own each, since nothing else would miss it before a pod hangs.

mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::checks::look::{fail, look, pass};
use crate::checks::{Checker, Verdict};
use crate::kube::Owned;
use crate::model::{Object, Result};

use super::snapshot::{Cluster, Snapshot};
use template::{Need, needs};

const CATEGORY: &str = "pods' needs";
const SYNCED_ACCOUNT: &str = "kubeflow-secrets-manager-sa";
const ROLE: &str = "eks.amazonaws.com/role-arn";

/// Who makes what no manifest brings.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Maker {
    Certificate(String),
    SecretsStore(String),
    Istiod,
    Unknown,
}

/// One check for each need that no manifest brings, one a workload for the others.
pub(super) fn checkers(cluster: &Arc<Cluster>) -> Vec<Arc<dyn Checker>> {
    let mut all: Vec<Arc<dyn Checker>> = Vec::new();
    for (need, maker) in foreign(&cluster.wanted) {
        let by = match &maker {
            Maker::Certificate(name) => format!(", of Certificate {name}"),
            Maker::SecretsStore(class) => format!(", of SecretProviderClass {class}"),
            Maker::Istiod => ", of istiod".into(),
            Maker::Unknown => String::new(),
        };
        let what = format!("{need} is there{by}{}", keys(&need));
        let cluster = cluster.clone();
        all.push(look(CATEGORY, what, move || one(cluster.clone(), need.clone(), maker.clone())));
    }
    if cluster.wanted.iter().any(|object| object.is("", "ServiceAccount") && object.name() == SYNCED_ACCOUNT) {
        let cluster = cluster.clone();
        let what = format!("ServiceAccount/{SYNCED_ACCOUNT} in kubeflow is there and has a role of the partition");
        all.push(look(CATEGORY, what, move || account(cluster.clone())));
    }
    for object in &cluster.wanted {
        let own = own(object, &cluster.wanted);
        if !own.is_empty() {
            let cluster = cluster.clone();
            let what = format!("what {} takes from the manifests is there", Owned::of(object));
            all.push(look(CATEGORY, what, move || several(cluster.clone(), own.clone())));
        }
    }
    all
}

fn keys(need: &Need) -> String {
    let keys: Vec<&str> = need.keys.iter().map(String::as_str).collect();
    if keys.is_empty() { String::new() } else { format!(", with {}", keys.join(", ")) }
}

fn brings(wanted: &[Object], need: &Need) -> bool {
    wanted
        .iter()
        .any(|object| object.kind() == need.kind && object.name() == need.name && object.namespace() == need.namespace)
}

/// Every need that no manifest brings, once each with all keys that are asked of it, and who makes it.
fn foreign(wanted: &[Object]) -> Vec<(Need, Maker)> {
    let mut all: BTreeMap<(String, String, String), Need> = BTreeMap::new();
    let mounted: Vec<Need> = wanted.iter().flat_map(needs).filter(|need| !brings(wanted, need)).collect();
    for need in mounted {
        let id = (need.kind.to_owned(), need.namespace.clone(), need.name.clone());
        all.entry(id).and_modify(|known| known.keys.extend(need.keys.iter().cloned())).or_insert(need);
    }
    all.into_values()
        // The API server gives every namespace this account.
        .filter(|need| !(need.kind == "ServiceAccount" && need.name == "default"))
        .map(|mut need| {
            let maker = maker(wanted, &need);
            need.keys.extend(promised(wanted, &need, &maker));
            (need, maker)
        })
        .collect()
}

fn maker(wanted: &[Object], need: &Need) -> Maker {
    let here = wanted.iter().filter(|object| object.namespace() == need.namespace);
    for object in here {
        let certificate = object.is("cert-manager.io", "Certificate");
        if certificate && object.0.pointer("/spec/secretName").and_then(Value::as_str) == Some(&need.name) {
            return Maker::Certificate(object.name().into());
        }
        if synced(object).any(|secret| secret.get("secretName").and_then(Value::as_str) == Some(&need.name)) {
            return Maker::SecretsStore(object.name().into());
        }
    }
    if need.name == "istio-ca-root-cert" { Maker::Istiod } else { Maker::Unknown }
}

/// The secrets that a SecretProviderClass is synced to.
fn synced(object: &Object) -> impl Iterator<Item = &Value> {
    let class = object.is("secrets-store.csi.x-k8s.io", "SecretProviderClass");
    let secrets = object.0.pointer("/spec/secretObjects").and_then(Value::as_array).filter(|_| class);
    secrets.into_iter().flatten()
}

/// The keys that the maker promises, whether or not a pod names them one by one.
fn promised(wanted: &[Object], need: &Need, maker: &Maker) -> BTreeSet<String> {
    match maker {
        Maker::Certificate(_) => ["tls.crt", "tls.key"].map(str::to_owned).into(),
        Maker::Istiod => ["root-cert.pem".to_owned()].into(),
        Maker::Unknown => BTreeSet::new(),
        Maker::SecretsStore(class) => {
            let class = wanted.iter().filter(|o| o.name() == class && o.namespace() == need.namespace);
            let secrets =
                class.flat_map(synced).filter(|s| s.get("secretName").and_then(Value::as_str) == Some(&need.name));
            let data = secrets.filter_map(|s| s.get("data").and_then(Value::as_array)).flatten();
            data.filter_map(|entry| entry.get("key").and_then(Value::as_str)).map(str::to_owned).collect()
        }
    }
}

/// What a workload needs of what the manifests bring.
fn own(object: &Object, wanted: &[Object]) -> Vec<Need> {
    needs(object).into_iter().filter(|need| brings(wanted, need)).collect()
}

/// What is wrong with a need, if anything.
fn wrong(live: &Snapshot, need: &Need) -> Option<String> {
    let Some(object) = live.find("", need.kind, &need.namespace, &need.name) else {
        return Some(format!("{need} is missing"));
    };
    let has = |key: &String| {
        ["data", "binaryData"].iter().any(|field| object.0.get(*field).and_then(|d| d.get(key)).is_some())
    };
    let missing: Vec<&str> = need.keys.iter().filter(|key| !has(key)).map(String::as_str).collect();
    if missing.is_empty() { None } else { Some(format!("{need} has no {}", missing.join(", "))) }
}

async fn one(cluster: Arc<Cluster>, need: Need, maker: Maker) -> Result<Verdict> {
    match wrong(cluster.live().await?, &need) {
        None => pass("seen"),
        Some(seen) => fail(
            seen,
            match maker {
                Maker::Certificate(name) => format!("kubectl -n {} describe certificate {name}", need.namespace),
                Maker::SecretsStore(class) => format!(
                    "a running pod must mount SecretProviderClass {class}: look at aws-secrets-sync, its service account, and the driver and provider in kube-system"
                ),
                Maker::Istiod => "istiod makes it in every namespace: look at its log".into(),
                Maker::Unknown => "no manifest brings it: look at the pod that wants it".into(),
            },
        ),
    }
}

async fn several(cluster: Arc<Cluster>, needs: Vec<Need>) -> Result<Verdict> {
    let live = cluster.live().await?;
    let wrong: Vec<String> = needs.iter().filter_map(|need| wrong(live, need)).collect();
    if wrong.is_empty() {
        let names: Vec<String> = needs.iter().map(Need::to_string).collect();
        return pass(names.join(", "));
    }
    fail(wrong.join("; "), "run `kfctl-cn up`")
}

async fn account(cluster: Arc<Cluster>) -> Result<Verdict> {
    let live = cluster.live().await?;
    let Some(account) = live.find("", "ServiceAccount", "kubeflow", SYNCED_ACCOUNT) else {
        return fail("it is missing", "run `kfctl-cn up`");
    };
    let annotations = account.0.pointer("/metadata/annotations");
    match annotations.and_then(|a| a.get(ROLE)).and_then(Value::as_str) {
        Some(arn) if arn.starts_with("arn:aws-cn:iam::") => pass(arn),
        Some(arn) => fail(format!("its role is {arn}"), "the role must be of partition aws-cn: run `kfctl-cn up`"),
        None => fail(format!("it has no annotation {ROLE}"), "run `kfctl-cn up`"),
    }
}

#[cfg(test)]
mod tests;
