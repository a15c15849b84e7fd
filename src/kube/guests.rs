//! What users made in the cluster that stands for something in AWS, and is paid for after the cluster is gone: load balancers and disks.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::model::{Object, Result};

use super::gone::{gone, volumes_gone};
use super::remove::OF_THE_CLUSTER;
use super::{Client, Owned, Progress, Refusal};

fn text<'a>(object: &'a Object, pointer: &str) -> &'a str {
    object.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

async fn all(client: &Client, group: &str, kind: &str) -> Result<Vec<Object>, Refusal> {
    let discovery = client.discovery().await?;
    match discovery.preferred(group, kind) {
        Some(kind) => client.list(kind).await,
        None => Ok(Vec::new()),
    }
}

/// The Services of type LoadBalancer and the Ingresses of all namespaces: their controllers remove load balancer, target groups and
/// security groups before they let them go.
pub async fn balanced(client: &Client) -> Result<Vec<Owned>> {
    let mut found: Vec<Owned> = Vec::new();
    let services = all(client, "", "Service").await?;
    found.extend(services.iter().filter(|s| text(s, "/spec/type") == "LoadBalancer").map(Owned::of));
    found.extend(all(client, "networking.k8s.io", "Ingress").await?.iter().map(Owned::of));
    Ok(found)
}

/// The claims of disks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// Claims whose disk was made for them and goes with them.
    pub claims: Vec<Owned>,
    /// The disks (`vol-…`) that their owners want to keep: reclaim policy `Retain`.
    pub retained: Vec<String>,
}

/// The claims of all namespaces, from the volumes that were made for them.
pub async fn claims(client: &Client) -> Result<Claims> {
    let mut found = Claims::default();
    for volume in all(client, "", "PersistentVolume").await? {
        let made = volume.0.pointer("/metadata/annotations/pv.kubernetes.io~1provisioned-by").is_some();
        if !made {
            continue;
        }
        if text(&volume, "/spec/persistentVolumeReclaimPolicy") == "Retain" {
            found.retained.push(text(&volume, "/spec/csi/volumeHandle").to_owned());
            continue;
        }
        found.claims.push(Owned {
            group: String::new(),
            kind: "PersistentVolumeClaim".into(),
            namespace: text(&volume, "/spec/claimRef/namespace").into(),
            name: text(&volume, "/spec/claimRef/name").into(),
        });
    }
    found.claims.retain(|claim| !claim.name.is_empty());
    found.retained.retain(|disk| disk.starts_with("vol-"));
    Ok(found)
}

/// The claims whose namespace is gone, and whose disk still is there: it is being deleted, as long as its driver runs.
pub async fn orphaned(client: &Client) -> Result<Claims> {
    let spaces = all(client, "", "Namespace").await?;
    let there: BTreeSet<&str> = spaces.iter().map(Object::name).collect();
    let mut found = claims(client).await?;
    found.claims.retain(|claim| !there.contains(claim.namespace.as_str()));
    found.retained.clear();
    Ok(found)
}

/// Removes claims and what uses them, and waits until their disks are gone: the namespaces that users made go whole; in those of the
/// cluster itself, the stateful sets and pods that hold a claim go.
pub async fn remove_claims(
    client: &Client,
    claims: &[Owned],
    patience: Duration,
    progress: Progress<'_>,
) -> Result<()> {
    let (kept, whole): (Vec<&Owned>, Vec<&Owned>) =
        claims.iter().partition(|claim| OF_THE_CLUSTER.contains(&claim.namespace.as_str()));
    let spaces: BTreeSet<&str> = whole.iter().map(|claim| claim.namespace.as_str()).collect();
    let namespace = |name: &&str| Owned {
        group: String::new(),
        kind: "Namespace".into(),
        namespace: String::new(),
        name: (*name).to_owned(),
    };
    gone(client, spaces.iter().map(namespace).collect(), patience, progress).await?;
    if !kept.is_empty() {
        let mut ids: Vec<Owned> = users(client, &kept).await?;
        // Claims first: a pod that is made anew is then not started.
        let discovery = client.discovery().await?;
        if let Some(kind) = discovery.preferred("", "PersistentVolumeClaim") {
            for claim in &kept {
                client.delete(kind, &claim.namespace, &claim.name).await?;
            }
        }
        ids.extend(kept.into_iter().cloned());
        gone(client, ids, patience, progress).await?;
    }
    volumes_gone(client, patience, progress).await
}

/// The stateful sets beside claims, which would make them anew, and the pods that hold them.
async fn users(client: &Client, claims: &[&Owned]) -> Result<Vec<Owned>> {
    let beside = |o: &&Object| claims.iter().any(|claim| claim.namespace == o.namespace());
    let claims_new = |o: &&Object| o.0.pointer("/spec/volumeClaimTemplates").is_some();
    let sets = all(client, "apps", "StatefulSet").await?;
    let mut ids: Vec<Owned> = sets.iter().filter(beside).filter(claims_new).map(Owned::of).collect();
    let holds = |o: &&Object| {
        let volumes = o.0.pointer("/spec/volumes").and_then(Value::as_array).into_iter().flatten();
        volumes
            .filter_map(|v| v.pointer("/persistentVolumeClaim/claimName").and_then(Value::as_str))
            .any(|name| claims.iter().any(|claim| claim.namespace == o.namespace() && claim.name == name))
    };
    ids.extend(all(client, "", "Pod").await?.iter().filter(holds).map(Owned::of));
    Ok(ids)
}
