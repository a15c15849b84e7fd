//! Removes what an inventory names, the last stage first, and waits until it is gone.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::model::{Error, ErrorClass, Object, Result};

use super::{Client, Inventory, Owned, Progress, Refusal, Stage};

const AT_ONCE: usize = 16;
const PATIENCE: Duration = Duration::from_secs(10 * 60);
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// Namespaces that belong to the cluster.
const OF_THE_CLUSTER: &[&str] = &["kube-system", "kube-public", "kube-node-lease", "default"];

/// What to remove.
#[derive(Debug, Clone, Default)]
pub struct Removal {
    /// The objects of the inventory.
    pub objects: Vec<Owned>,
    /// CRDs of which all objects go first, whoever made them: their controllers, which lift finalizers, still run.
    pub instances_of: Vec<String>,
}

/// Removes the objects and then the inventory of a resource.
pub async fn remove(client: &Client, addr: &str, removal: &Removal, progress: Progress<'_>) -> Result<()> {
    let instances = instances(client, &removal.instances_of).await?;
    // Whoever has a Profile has claims in its namespace: they must go while the storage driver runs.
    let profile = |id: &&Owned| id.group == "kubeflow.org" && id.kind == "Profile";
    let spaces: Vec<Owned> = instances.iter().filter(profile).map(|id| namespace(&id.name)).collect();
    gone(client, instances, progress).await?;
    gone(client, spaces, progress).await?;
    let mut stages: BTreeMap<Stage, Vec<Owned>> = BTreeMap::new();
    for id in &removal.objects {
        let of_the_cluster = id.kind == "Namespace" && OF_THE_CLUSTER.contains(&id.name.as_str());
        if !of_the_cluster {
            stages.entry(Stage::of(&stub(id))).or_default().push(id.clone());
        }
    }
    for (_, ids) in stages.into_iter().rev() {
        gone(client, ids, progress).await?;
    }
    if removal.objects.iter().any(|id| id.kind == "PersistentVolumeClaim") {
        volumes(client, progress).await?;
    }
    client.rediscover().await;
    Inventory::delete(client, addr).await
}

fn namespace(name: &str) -> Owned {
    Owned { group: String::new(), kind: "Namespace".into(), namespace: String::new(), name: name.into() }
}

/// Waits until released volumes are gone: a disk whose driver is removed before it is left behind, and paid for.
async fn volumes(client: &Client, progress: Progress<'_>) -> Result<()> {
    let discovery = client.discovery().await?;
    let Some(kind) = discovery.preferred("", "PersistentVolume") else { return Ok(()) };
    let began = Instant::now();
    loop {
        let is = |volume: &Object, pointer: &str, text: &str| volume.0.pointer(pointer) == Some(&Value::from(text));
        let goes = |volume: &&Object| {
            is(volume, "/status/phase", "Released") && is(volume, "/spec/persistentVolumeReclaimPolicy", "Delete")
        };
        let volumes = client.list(kind).await?;
        let left: Vec<&str> = volumes.iter().filter(goes).map(Object::name).collect();
        if left.is_empty() {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            return Err(Error::new(ErrorClass::Timeout, format!("volumes don't go: {}", left.join(", ")))
                .hint("the EBS CSI driver deletes them: look at its controller's log"));
        }
        progress(format!("{} volumes still go, such as {}", left.len(), left[0]));
        sleep(LONGEST_PAUSE).await;
    }
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

/// Deletes and waits until nothing of it is left.
async fn gone(client: &Client, mut left: Vec<Owned>, progress: Progress<'_>) -> Result<()> {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let answers: Vec<(Owned, Result<Option<String>, Refusal>)> = stream::iter(left)
            .map(|id| async move {
                let answer = step(client, &id).await;
                (id, answer)
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut waiting = Vec::new();
        for (id, answer) in answers {
            match answer {
                Ok(None) => {}
                Ok(Some(why)) => waiting.push((id, why)),
                Err(refusal) if refusal.class == ErrorClass::Transient => waiting.push((id, refusal.message)),
                Err(refusal) => return Err(Error::from(refusal).context(format!("{id} can't be deleted"))),
            }
        }
        let Some((id, why)) = waiting.first() else { return Ok(()) };
        if began.elapsed() > PATIENCE {
            let lines: Vec<String> = waiting.iter().map(|(id, why)| format!("  {id}: {why}")).collect();
            return Err(Error::new(ErrorClass::Timeout, format!("{} objects don't go", waiting.len()))
                .caused_by(format!("\n{}", lines.join("\n")))
                .hint("what holds them is named above: start its controller again, or lift the finalizers by hand"));
        }
        progress(format!("{} objects still go, such as {id}: {why}", waiting.len()));
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        left = waiting.into_iter().map(|(id, _)| id).collect();
    }
}

/// Deletes an object if it isn't being deleted yet; what holds it, or `None` if it is gone.
async fn step(client: &Client, id: &Owned) -> Result<Option<String>, Refusal> {
    let discovery = client.discovery().await?;
    let Some(kind) = discovery.preferred(&id.group, &id.kind) else { return Ok(None) };
    let full = crate::model::ObjectId {
        group: id.group.clone(),
        version: kind.version.clone(),
        kind: id.kind.clone(),
        namespace: id.namespace.clone(),
        name: id.name.clone(),
    };
    let Some(live) = client.get(&full).await? else { return Ok(None) };
    if live.0.pointer("/metadata/deletionTimestamp").is_none() {
        client.delete(kind, &id.namespace, &id.name).await?;
        return Ok(client.get(&full).await?.map(|live| held(&live)));
    }
    Ok(Some(held(&live)))
}

/// What holds an object that is being deleted.
fn held(live: &Object) -> String {
    let conditions = live.0.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let remaining: Vec<&str> = conditions
        .filter(|c| c.get("status").and_then(Value::as_str) == Some("True"))
        .filter(|c| c.get("type").and_then(Value::as_str).is_some_and(|t| t.starts_with("Namespace")))
        .filter_map(|c| c.get("message").and_then(Value::as_str))
        .collect();
    let finalizers: Vec<&str> = ["/metadata/finalizers", "/spec/finalizers"]
        .iter()
        .filter_map(|pointer| live.0.pointer(pointer).and_then(Value::as_array))
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match (remaining.is_empty(), finalizers.is_empty()) {
        (false, _) => remaining.join("; "),
        (true, false) => format!("held by finalizer {}", finalizers.join(", ")),
        (true, true) => "not gone yet".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_an_object_is_named() {
        let held = |value: Value| held(&Object(value));
        assert_eq!(
            held(json!({"metadata": {"finalizers": ["profile-finalizer"]}})),
            "held by finalizer profile-finalizer"
        );
        let namespace = json!({"spec": {"finalizers": ["kubernetes"]}, "status": {"conditions": [
            {"type": "NamespaceContentRemaining", "status": "True", "message": "profiles.kubeflow.org has 1 resource instances"},
            {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "all right"}]}});
        assert_eq!(held(namespace), "profiles.kubeflow.org has 1 resource instances");
        assert_eq!(held(json!({})), "not gone yet");
    }

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
