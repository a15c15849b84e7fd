//! What we have applied, written down in the cluster itself: it makes pruning and removal exact, and a second run quiet.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::model::{Error, ErrorClass, Object, ObjectId, Result};

use super::Client;

/// Where inventories are: a namespace that no set brings and no removal takes.
const NAMESPACE: &str = "kube-system";
const PREFIX: &str = "kfctl-cn-inventory-";
const DEPLOYMENT: &str = "kfctl-cn/deployment";
const SET: &str = "kfctl-cn/set";

/// What identifies an object whatever version it is written in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Owned {
    /// The API group; empty for the core group.
    #[serde(rename = "g", default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The kind.
    #[serde(rename = "k")]
    pub kind: String,
    /// The namespace; empty if none is written.
    #[serde(rename = "s", default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The name.
    #[serde(rename = "n")]
    pub name: String,
}

impl Owned {
    /// Of an object.
    pub fn of(object: &Object) -> Self {
        Owned {
            group: object.group().into(),
            kind: object.kind().into(),
            namespace: object.namespace().into(),
            name: object.name().into(),
        }
    }

    /// True for what holds data of others: it isn't pruned without say-so.
    pub fn holds_data(&self) -> bool {
        matches!(
            (self.group.as_str(), self.kind.as_str()),
            ("", "Namespace" | "PersistentVolumeClaim") | ("apiextensions.k8s.io", "CustomResourceDefinition")
        )
    }
}

impl fmt::Display for Owned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)?;
        if !self.namespace.is_empty() {
            write!(f, " in {}", self.namespace)?;
        }
        Ok(())
    }
}

/// One object of an inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which one.
    #[serde(flatten)]
    pub id: Owned,
    /// The digest of what was applied; empty while it isn't known to be applied.
    #[serde(rename = "h", default, skip_serializing_if = "String::is_empty")]
    pub hash: String,
    /// Fields that the server itself wrote otherwise when we applied them, such as those that a schema prunes.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
}

/// The objects of one resource of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// The resource, such as `kubeflow/crds`.
    pub addr: String,
    /// The set that its objects are of.
    pub set: String,
    /// The deployment.
    pub deployment: String,
    /// The objects, in the order in which they are wanted.
    pub entries: Vec<Entry>,
}

impl Inventory {
    /// An empty one.
    pub fn new(addr: &str, set: &str, deployment: &str) -> Self {
        Inventory { addr: addr.into(), set: set.into(), deployment: deployment.into(), entries: Vec::new() }
    }

    fn name(addr: &str) -> String {
        format!("{PREFIX}{}", addr.replace('/', "-"))
    }

    fn id(addr: &str) -> ObjectId {
        ObjectId {
            group: String::new(),
            version: "v1".into(),
            kind: "ConfigMap".into(),
            namespace: NAMESPACE.into(),
            name: Self::name(addr),
        }
    }

    /// The inventory of a resource, or `None`.
    pub async fn load(client: &Client, addr: &str) -> Result<Option<Inventory>> {
        client.get(&Self::id(addr)).await?.map(|object| Self::parse(&object)).transpose()
    }

    /// The inventories of a deployment, all sets.
    pub async fn all(client: &Client) -> Result<Vec<Inventory>> {
        let discovery = client.discovery().await?;
        let Some(kind) = discovery.find("", "v1", "ConfigMap") else { return Ok(Vec::new()) };
        let maps = client.list(kind).await?;
        maps.iter()
            .filter(|map| map.namespace() == NAMESPACE && map.name().starts_with(PREFIX))
            .map(Self::parse)
            .collect()
    }

    fn parse(object: &Object) -> Result<Inventory> {
        let text = |pointer: &str| object.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let entries =
            text("/data/objects").lines().map(serde_json::from_str).collect::<Result<_, _>>().map_err(|e| {
                Error::new(ErrorClass::Permanent, format!("{} can't be read", object.id()))
                    .caused_by(e.to_string())
                    .hint("somebody changed it; delete it, and `kfctl-cn up` writes it again")
            })?;
        Ok(Inventory {
            addr: text("/data/resource").into(),
            set: text("/metadata/labels/kfctl-cn~1set").into(),
            deployment: text("/metadata/labels/kfctl-cn~1deployment").into(),
            entries,
        })
    }

    fn object(&self) -> Object {
        let lines: Vec<String> =
            self.entries.iter().map(|entry| serde_json::to_string(entry).unwrap_or_default()).collect();
        Object(json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": Self::name(&self.addr),
                "namespace": NAMESPACE,
                "labels": {"app.kubernetes.io/managed-by": "kfctl-cn", DEPLOYMENT: self.deployment, SET: self.set},
            },
            "data": {"resource": self.addr, "objects": lines.join("\n")},
        }))
    }

    /// Writes it down.
    pub async fn save(&self, client: &Client) -> Result<()> {
        let discovery = client.discovery().await?;
        let kind = discovery
            .find("", "v1", "ConfigMap")
            .ok_or_else(|| Error::new(ErrorClass::Permanent, "the API server serves no ConfigMap"))?;
        client.apply(kind, &self.object()).await?;
        Ok(())
    }

    /// Removes it, when nothing of it is left.
    pub async fn delete(client: &Client, addr: &str) -> Result<()> {
        let discovery = client.discovery().await?;
        if let Some(kind) = discovery.find("", "v1", "ConfigMap") {
            client.delete(kind, NAMESPACE, &Self::name(addr)).await?;
        }
        Ok(())
    }

    /// The entry of an object.
    pub fn entry(&self, id: &Owned) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inventory_reads_back_as_it_was_written() {
        let mut inventory = Inventory::new("kubeflow/crds", "kubeflow", "ml");
        for (name, hash, accepted) in [("a", "1f", vec!["spec.x".to_owned()]), ("b", "", vec![])] {
            let id = Owned { group: "g".into(), kind: "K".into(), namespace: "n".into(), name: name.into() };
            inventory.entries.push(Entry { id, hash: hash.into(), accepted });
        }
        assert_eq!(Inventory::parse(&inventory.object()).unwrap(), inventory);
        let empty = Inventory::new("kubeflow/mesh", "kubeflow", "ml");
        assert_eq!(Inventory::parse(&empty.object()).unwrap(), empty);
    }

    #[test]
    fn a_damaged_inventory_is_an_error_with_a_hint() {
        let mut object = Inventory::new("a/b", "s", "d").object();
        object.0["data"]["objects"] = "{".into();
        assert!(!Inventory::parse(&object).unwrap_err().hints.is_empty());
    }
}
