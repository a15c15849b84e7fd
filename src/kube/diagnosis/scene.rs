//! What is looked at to explain a workload: pods, events, claims, classes and nodes, asked once.

use std::collections::HashMap;

use serde_json::Value;

use crate::kube::workloads::labels;
use crate::kube::{Client, Refusal};
use crate::model::Object;

use super::{list, text};

const KINDS: &[(&str, &str)] =
    &[("", "Pod"), ("", "Event"), ("", "PersistentVolumeClaim"), ("storage.k8s.io", "StorageClass"), ("", "Node")];

/// All live objects of the kinds that explain a pod.
#[derive(Debug, Default)]
pub struct Scene {
    pub(super) objects: HashMap<&'static str, Vec<Object>>,
}

impl Scene {
    /// Asks the cluster.
    ///
    /// # Errors
    /// What the API server refuses.
    pub async fn of(client: &Client) -> Result<Scene, Refusal> {
        let discovery = client.discovery().await?;
        let mut scene = Scene::default();
        for (group, kind) in KINDS {
            if let Some(served) = discovery.preferred(group, kind) {
                scene.objects.insert(kind, client.list(served).await?);
            }
        }
        Ok(scene)
    }

    pub(super) fn all(&self, kind: &str) -> &[Object] {
        self.objects.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The pods of a workload that should run: neither through nor on their way out.
    pub(super) fn pods_of(&self, workload: &Object) -> Vec<&Object> {
        let labels = labels(workload);
        let carries = |pod: &&Object| {
            let has = |(key, value): &(&str, &str)| {
                pod.0.pointer("/metadata/labels").and_then(|l| l.get(*key)).and_then(Value::as_str) == Some(*value)
            };
            pod.namespace() == workload.namespace() && !labels.is_empty() && labels.iter().all(has)
        };
        let stays = |pod: &&Object| {
            text(&pod.0, "/status/phase") != "Succeeded" && pod.0.pointer("/metadata/deletionTimestamp").is_none()
        };
        self.all("Pod").iter().filter(carries).filter(stays).collect()
    }

    /// The messages of warnings about objects, the newest first.
    pub(super) fn warnings(&self, about: impl Fn(&str, &str, &str) -> bool) -> Vec<(&str, &str)> {
        let mut events: Vec<&Value> = self
            .all("Event")
            .iter()
            .map(|event| &event.0)
            .filter(|event| text(event, "/type") == "Warning")
            .filter(|event| {
                let of = |key: &str| text(event, &format!("/involvedObject/{key}"));
                about(of("kind"), of("namespace"), of("name"))
            })
            .collect();
        events.sort_by_key(|event| std::cmp::Reverse(when(event)));
        events.into_iter().map(|event| (text(event, "/reason"), text(event, "/message"))).collect()
    }

    /// The newest warning about a pod, of whatever kind.
    pub(super) fn last_warning(&self, pod: &Object) -> Option<String> {
        self.warnings_of(pod).first().map(|(reason, message)| format!("{reason}: {}", message.trim()))
    }

    pub(super) fn warnings_of(&self, pod: &Object) -> Vec<(&str, &str)> {
        self.warnings(|kind, namespace, name| kind == "Pod" && namespace == pod.namespace() && name == pod.name())
    }

    /// A claim of a namespace.
    pub(super) fn claim(&self, namespace: &str, name: &str) -> Option<&Object> {
        self.all("PersistentVolumeClaim").iter().find(|claim| claim.namespace() == namespace && claim.name() == name)
    }
}

/// When an event was last seen, as a text that sorts.
fn when(event: &Value) -> String {
    let series = text(event, "/series/lastObservedTime");
    let times =
        [series, text(event, "/lastTimestamp"), text(event, "/eventTime"), text(event, "/metadata/creationTimestamp")];
    times.into_iter().find(|time| !time.is_empty()).unwrap_or_default().to_owned()
}

/// The names of the claims that a pod mounts.
pub(super) fn claims_of(pod: &Object) -> Vec<&str> {
    let names = list(&pod.0, "/spec/volumes").map(|volume| text(volume, "/persistentVolumeClaim/claimName"));
    names.filter(|name| !name.is_empty()).collect()
}
