//! The cluster as the checks see it: asked once, then looked up.

use std::collections::{BTreeSet, HashMap};

use tokio::sync::OnceCell;

use crate::kube::{Cause, Client, Inventory, Owned, Scene, explain};
use crate::model::{Object, Result};

/// Kinds that are asked for whatever the sets hold: pods mount them, or nobody wants more than one default of them.
const ALWAYS: &[(&str, &str)] = &[
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "ServiceAccount"),
    ("", "PersistentVolumeClaim"),
    ("", "Pod"),
    ("", "Service"),
    ("", "Namespace"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("storage.k8s.io", "StorageClass"),
];

/// What is wanted, and a way to see what is live.
pub(super) struct Cluster {
    client: Client,
    pub wanted: Vec<Object>,
    live: OnceCell<Result<Snapshot>>,
    scene: OnceCell<Result<Scene>>,
}

/// All live objects of the kinds that matter.
pub(super) struct Snapshot {
    objects: HashMap<(String, String), Vec<Object>>,
    /// What the inventories name.
    pub inventory: BTreeSet<Owned>,
}

impl Cluster {
    pub fn new(client: Client, wanted: Vec<Object>) -> Self {
        Cluster { client, wanted, live: OnceCell::new(), scene: OnceCell::new() }
    }

    /// What is live; asked at the first call.
    pub async fn live(&self) -> Result<&Snapshot> {
        self.live.get_or_init(|| self.ask()).await.as_ref().map_err(Clone::clone)
    }

    /// Why a workload isn't Ready. What that needs is asked at the first call.
    pub async fn explain(&self, workload: &Object, registry: &str) -> Result<Vec<Cause>> {
        let ask = || async { Ok(Scene::of(&self.client).await?) };
        let scene = self.scene.get_or_init(ask).await.as_ref().map_err(Clone::clone)?;
        Ok(explain(&self.client, scene, workload, registry).await)
    }

    /// What an object that isn't there would become; nothing is written. `None` if its kind isn't served.
    pub async fn dry_run(&self, object: &Object) -> Result<Option<Object>> {
        let discovery = self.client.discovery().await?;
        let Some(kind) = discovery.find(object.group(), object.version(), object.kind()) else { return Ok(None) };
        Ok(Some(self.client.dry_run(kind, object, true).await?))
    }

    async fn ask(&self) -> Result<Snapshot> {
        let discovery = self.client.discovery().await?;
        let wanted = self.wanted.iter().map(|object| (object.group(), object.kind()));
        let kinds: BTreeSet<(&str, &str)> = wanted.chain(ALWAYS.iter().copied()).collect();
        let mut objects = HashMap::new();
        for (group, kind) in kinds {
            let list = match discovery.preferred(group, kind) {
                Some(kind) if kind.listable => self.client.list(kind).await?,
                _ => Vec::new(),
            };
            objects.insert((group.to_owned(), kind.to_owned()), list);
        }
        let inventories = Inventory::all(&self.client).await?;
        let inventory = inventories.into_iter().flat_map(|i| i.entries).map(|entry| entry.id).collect();
        Ok(Snapshot { objects, inventory })
    }
}

impl Snapshot {
    /// All objects of a kind.
    pub fn all(&self, group: &str, kind: &str) -> &[Object] {
        self.objects.get(&(group.to_owned(), kind.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// One object. Without a namespace: of a kind that has none, or in `default`.
    pub fn find(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Option<&Object> {
        let here = |object: &Object| match (object.namespace(), namespace) {
            ("", _) | ("default", "") => true,
            (a, b) => a == b,
        };
        self.all(group, kind).iter().find(|object| object.name() == name && here(object))
    }

    /// The live form of a wanted object.
    pub fn of(&self, wanted: &Object) -> Option<&Object> {
        self.find(wanted.group(), wanted.kind(), wanted.namespace(), wanted.name())
    }
}
