//! What is live speaks of China: endpoints, ARNs and images.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::checks::look::{fail, look, pass};
use crate::checks::{Checker, Verdict};
use crate::kube::Owned;
use crate::model::{Object, Region, Result};

use super::snapshot::Cluster;

const CATEGORY: &str = "China";
/// The ConfigMaps in which the S3 host must stand: of the API server of pipelines, and of the workflow controller.
const S3_HOST: &[(&str, &str)] =
    &[("kubeflow", "pipeline-install-config"), ("kubeflow", "workflow-controller-configmap")];

/// The checks of what is of the partition.
pub(super) fn checkers(cluster: &Arc<Cluster>, region: Region) -> Vec<Arc<dyn Checker>> {
    let mut all: Vec<Arc<dyn Checker>> = Vec::new();
    let here = cluster.clone();
    all.push(look(CATEGORY, "no live object names an endpoint or an ARN outside the partition", move || {
        foreign(here.clone())
    }));
    for (namespace, name) in S3_HOST {
        let wanted = |o: &&Object| o.is("", "ConfigMap") && o.name() == *name && o.namespace() == *namespace;
        if cluster.wanted.iter().any(|object| wanted(&object)) {
            let (cluster, host) = (cluster.clone(), region.host("s3"));
            let what = format!("ConfigMap/{name} in {namespace} names {host}");
            all.push(look(CATEGORY, what, move || s3_host(cluster.clone(), namespace, name, host.clone())));
        }
    }
    all
}

async fn s3_host(cluster: Arc<Cluster>, namespace: &str, name: &str, host: String) -> Result<Verdict> {
    let live = cluster.live().await?;
    match live.find("", "ConfigMap", namespace, name) {
        None => fail("it is missing", "run `kfctl-cn up`"),
        Some(map) if map.0.get("data").is_some_and(|data| data.to_string().contains(&host)) => pass("seen"),
        Some(_) => fail("it names another host", "run `kfctl-cn up`"),
    }
}

/// The wanted objects passed the audit, which knows what may stay foreign and why; so whatever is foreign in a live object
/// and not in the wanted one was put there by somebody else.
async fn foreign(cluster: Arc<Cluster>) -> Result<Verdict> {
    let live = cluster.live().await?;
    let mut wrong = Vec::new();
    let mut seen = 0;
    for wanted in cluster.wanted.iter().filter(|object| object.kind() != "CustomResourceDefinition") {
        let Some(object) = live.of(wanted) else { continue };
        seen += 1;
        let allowed = words(&wanted.0);
        let found: Vec<String> = words(&object.0).difference(&allowed).cloned().collect();
        if !found.is_empty() {
            wrong.push(format!("{}: {}", Owned::of(wanted), found.join(", ")));
        }
    }
    if wrong.is_empty() {
        return pass(format!("{seen} objects read"));
    }
    fail(wrong.join("; "), "run `kfctl-cn up`: it puts back what is wanted")
}

/// The words of an object that are of another partition, without what the API server keeps about its managers.
fn words(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (_, value) in map.iter().filter(|(key, _)| *key != "managedFields") {
                collect(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::String(text) => {
            let part = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '/' | '_' | '*'));
            found.extend(text.split(part).filter(|word| is_foreign(word)).map(str::to_owned));
        }
        _ => {}
    }
}

fn is_foreign(word: &str) -> bool {
    let host = word.match_indices("amazonaws.com").any(|(at, host)| !word[at + host.len()..].starts_with(".cn"));
    host || word.contains("arn:aws:")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn foreign_words_are_found_and_those_of_china_are_not() {
        let value = json!({"a": "host: s3.amazonaws.com\nother: s3.cn-north-1.amazonaws.com.cn", "b": ["arn:aws:iam::1:role/x"],
            "c": "arn:aws-cn:iam::1:role/x", "metadata": {"managedFields": [{"f": "s3.amazonaws.com/y"}]}});
        let found: Vec<String> = words(&value).into_iter().collect();
        assert_eq!(found, ["arn:aws:iam::1:role/x", "s3.amazonaws.com"]);
    }
}
