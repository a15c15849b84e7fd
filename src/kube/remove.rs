//! Removes what an inventory names, the last stage first, and waits until it is gone.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::model::{Object, Result};

use super::gone::{gone, volumes_gone};
use super::{Client, Inventory, Owned, Progress, Stage};

/// How long an object may take to go.
pub(super) const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// Namespaces that belong to the cluster.
pub(super) const OF_THE_CLUSTER: &[&str] = &["kube-system", "kube-public", "kube-node-lease", "default"];

/// What to remove.
#[derive(Debug, Clone)]
pub struct Removal {
    /// The objects of the inventory.
    pub objects: Vec<Owned>,
    /// CRDs of which all objects go first, whoever made them: their controllers, which lift finalizers, still run.
    pub instances_of: Vec<String>,
    /// How long each round of objects may take to go.
    pub patience: Duration,
}

impl Default for Removal {
    /// Nothing, in 10 minutes.
    fn default() -> Self {
        Removal { objects: Vec::new(), instances_of: Vec::new(), patience: PATIENCE }
    }
}

/// Removes the objects and then the inventory of a resource.
pub async fn remove(client: &Client, addr: &str, removal: &Removal, progress: Progress<'_>) -> Result<()> {
    let patience = removal.patience;
    let instances = instances(client, &removal.instances_of).await?;
    // Whoever has a Profile has claims in its namespace: they must go while the storage driver runs.
    let profile = |id: &&Owned| id.group == "kubeflow.org" && id.kind == "Profile";
    let spaces: Vec<Owned> = instances.iter().filter(profile).map(|id| namespace(&id.name)).collect();
    gone(client, instances, patience, progress).await?;
    gone(client, spaces, patience, progress).await?;
    let mut stages: BTreeMap<Stage, Vec<Owned>> = BTreeMap::new();
    for id in &removal.objects {
        let of_the_cluster = id.kind == "Namespace" && OF_THE_CLUSTER.contains(&id.name.as_str());
        if !of_the_cluster {
            stages.entry(Stage::of(&stub(id))).or_default().push(id.clone());
        }
    }
    for (_, ids) in stages.into_iter().rev() {
        gone(client, ids, patience, progress).await?;
    }
    if removal.objects.iter().any(|id| id.kind == "PersistentVolumeClaim") {
        volumes_gone(client, patience, progress).await?;
    }
    client.rediscover().await;
    Inventory::delete(client, addr).await
}

fn namespace(name: &str) -> Owned {
    Owned { group: String::new(), kind: "Namespace".into(), namespace: String::new(), name: name.into() }
}

fn stub(id: &Owned) -> Object {
    let api_version = if id.group.is_empty() { "v1".into() } else { format!("{}/v1", id.group) };
    Object(
        json!({"apiVersion": api_version, "kind": id.kind, "metadata": {"namespace": id.namespace, "name": id.name}}),
    )
}

/// All objects of some CRDs.
async fn instances(client: &Client, crds: &[String]) -> Result<Vec<Owned>> {
    if crds.is_empty() {
        return Ok(Vec::new());
    }
    client.rediscover().await;
    let discovery = client.discovery().await?;
    let mut found = Vec::new();
    for crd in crds {
        let Some((plural, group)) = crd.split_once('.') else { continue };
        for kind in discovery.group(group).into_iter().filter(|kind| kind.plural == plural) {
            match client.list(kind).await {
                Ok(objects) => found.extend(objects.iter().map(Owned::of)),
                Err(refusal) if refusal.code == 404 => {}
                Err(refusal) => return Err(refusal.into()),
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stage_of_an_owned_object_is_that_of_the_object() {
        let id = |group: &str, kind: &str| Owned {
            group: group.into(),
            kind: kind.into(),
            namespace: String::new(),
            name: "x".into(),
        };
        assert_eq!(Stage::of(&stub(&id("", "Namespace"))), Stage::Namespaces);
        assert_eq!(Stage::of(&stub(&id("kubeflow.org", "Profile"))), Stage::CustomResources);
    }
}
