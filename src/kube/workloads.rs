//! Which pods belong to which part of a deployment, by what the inventories name.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use crate::model::{Object, ObjectId, Result};

use super::{Client, Inventory, Owned, Refusal};

/// Kinds that make pods.
const KINDS: &[&str] = &["Deployment", "StatefulSet", "DaemonSet", "Job"];
/// Labels whose value people know a part by.
const NAMES: &[&str] = &[
    "app.kubernetes.io/component",
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/part-of",
    "application-crd-id",
    "kustomize.component",
    "katib.kubeflow.org/component",
    "app",
];
/// How many objects are asked for at once.
const AT_ONCE: usize = 8;

/// Something that makes pods.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// The resource of the deployment that it is of, such as `kubeflow/workloads`.
    pub addr: String,
    /// Which one.
    pub id: Owned,
    /// As it is.
    pub live: Object,
}

impl Workload {
    /// The words that people may mean it by.
    fn words(&self) -> impl Iterator<Item = &str> {
        let phase = self.addr.split('/').next().unwrap_or_default();
        let label = |name: &&str| self.live.0.get("metadata")?.get("labels")?.get(*name)?.as_str();
        [phase, &self.addr, &self.id.namespace, &self.id.name].into_iter().chain(NAMES.iter().filter_map(label))
    }

    /// True if a word means it: its phase, resource, namespace or name, or a label that names its part.
    pub fn is_called(&self, word: &str) -> bool {
        let same = |known: &str| known.eq_ignore_ascii_case(word);
        self.words().any(|known| same(known) || known.split('-').next().is_some_and(|first| first == word))
    }

    /// The labels of its pods.
    pub fn labels(&self) -> Vec<(&str, &str)> {
        labels(&self.live)
    }
}

/// The labels of the pods of something that makes pods.
pub(super) fn labels(workload: &Object) -> Vec<(&str, &str)> {
    let labels = workload.0.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    labels.into_iter().flatten().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect()
}

impl Client {
    /// All workloads of the deployment that are there, in the order in which they are applied.
    ///
    /// # Errors
    /// What the API server refuses, or an inventory that can't be read.
    pub async fn workloads(&self) -> Result<Vec<Workload>> {
        let mut wanted = Vec::new();
        for inventory in Inventory::all(self).await? {
            let ids = inventory.entries.into_iter().map(|entry| entry.id);
            let pods =
                ids.filter(|id| matches!(id.group.as_str(), "apps" | "batch") && KINDS.contains(&id.kind.as_str()));
            wanted.extend(pods.map(|id| (inventory.addr.clone(), id)));
        }
        let ask = |(addr, id): (String, Owned)| async move {
            let version = "v1".to_owned();
            let Owned { group, kind, namespace, name } = id.clone();
            let found = self.get(&ObjectId { group, version, kind, namespace, name }).await?;
            Ok::<_, Refusal>(found.map(|live| Workload { addr, id, live }))
        };
        let found: Vec<Option<Workload>> = stream::iter(wanted).map(ask).buffered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_workload_is_called_by_phase_name_and_part() {
        let live = Object(json!({"metadata": {"labels": {"app.kubernetes.io/name": "katib-controller", "app": "x"}}}));
        let id = Owned {
            group: "apps".into(),
            kind: "Deployment".into(),
            namespace: "kubeflow".into(),
            name: "katib-ui".into(),
        };
        let workload = Workload { addr: "kubeflow/workloads".into(), id, live };
        for word in ["kubeflow", "kubeflow/workloads", "katib-ui", "katib", "Katib-Controller", "x"] {
            assert!(workload.is_called(word), "{word}");
        }
        for word in ["kat", "ui", "platform", ""] {
            assert!(!workload.is_called(word), "{word}");
        }
    }
}
