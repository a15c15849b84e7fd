//! Reality beside what is wanted, in one list per kind. Makes no write.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use crate::model::{Object, ObjectId, Result};

use super::hash::digest;
use super::{Client, Difference, FIELD_MANAGER, Inventory, Kind, Owned, State, differences, state};

/// How many lists are asked for at once.
const AT_ONCE: usize = 4;
const NO_SPACE: &str = "its namespace isn't there yet";

/// One wanted object and what is known of it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Which one.
    pub id: Owned,
    /// The digest of what is wanted.
    pub hash: String,
    /// What is live.
    pub live: Option<Object>,
    /// How it differs from what is wanted, without what the server itself wrote otherwise.
    pub differences: Vec<Difference>,
    /// True if the inventory says that exactly this was applied.
    pub recorded: bool,
    /// True if the inventory names it or our field manager holds fields of it.
    pub ours: bool,
}

impl Seen {
    /// True if there is nothing to do for it.
    pub fn settled(&self) -> bool {
        self.recorded && self.live.is_some() && self.differences.is_empty() && self.leaving().is_none()
    }

    /// Since when somebody is deleting it: what is applied to it now goes with it.
    pub fn leaving(&self) -> Option<&str> {
        self.live.as_ref()?.0.pointer("/metadata/deletionTimestamp")?.as_str()
    }
}

/// All wanted objects of a resource, in their order.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// One each.
    pub objects: Vec<Seen>,
}

impl Survey {
    /// What can't be used yet: the object and why.
    pub fn waiting(&self) -> Vec<(&Owned, State)> {
        let look = |seen: &Seen| match &seen.live {
            Some(live) => state(live),
            None => State::Waiting("not there".into()),
        };
        self.objects.iter().map(|seen| (&seen.id, look(seen))).filter(|(_, s)| *s != State::Ready).collect()
    }
}

/// Looks at everything that is wanted.
pub async fn survey(client: &Client, wanted: &[Object], inventory: Option<&Inventory>) -> Result<Survey> {
    let discovery = client.discovery().await?;
    let live = lists(client, wanted).await?;
    let spaces = profile_spaces(client, wanted).await?;
    let entries: HashMap<_, _> = inventory.iter().flat_map(|i| &i.entries).map(|entry| (&entry.id, entry)).collect();
    let objects = wanted.iter().map(|object| {
        let id = Owned::of(object);
        let hash = digest(&object.0);
        let entry = entries.get(&id);
        let namespaced = discovery.versions(object.group(), object.kind()).first().is_none_or(|kind| kind.namespaced);
        let mut live = live.get(&key(object, namespaced)).cloned();
        if let Some(live) = &mut live
            && object.is("kubeflow.org", "Profile")
            && !spaces.contains(object.name())
        {
            live.0["status"]["conditions"] = json!([{"type": "Ready", "status": "False", "message": NO_SPACE}]);
        }
        let recorded = entry.is_some_and(|entry| entry.hash == hash);
        let mut differences = live.as_ref().map(|live| differences(object, live)).unwrap_or_default();
        if let Some(entry) = entry.filter(|_| recorded) {
            differences.retain(|difference| !entry.accepted.contains(&difference.path));
        }
        let ours = entry.is_some() || live.as_ref().is_some_and(managed);
        Seen { id, hash, live, differences, recorded, ours }
    });
    Ok(Survey { objects: objects.collect() })
}

/// The namespaces of the wanted Profiles that are there: a Profile's controller reports failures, but not that it is done.
async fn profile_spaces(client: &Client, wanted: &[Object]) -> Result<BTreeSet<String>> {
    let mut spaces = BTreeSet::new();
    for profile in wanted.iter().filter(|object| object.is("kubeflow.org", "Profile")) {
        if client.get(&namespace_id(profile.name())).await?.is_some() {
            spaces.insert(profile.name().to_owned());
        }
    }
    Ok(spaces)
}

fn namespace_id(name: &str) -> ObjectId {
    let (group, namespace) = (String::new(), String::new());
    ObjectId { group, version: "v1".into(), kind: "Namespace".into(), namespace, name: name.into() }
}

/// An object without a namespace is in `default`; manifests write one even for kinds that have none.
fn key(object: &Object, namespaced: bool) -> (String, String, String, String) {
    let namespace = match (namespaced, object.namespace()) {
        (false, _) => "",
        (true, "") => "default",
        (true, namespace) => namespace,
    };
    (object.group().into(), object.kind().into(), namespace.into(), object.name().into())
}

type Live = HashMap<(String, String, String, String), Object>;

async fn lists(client: &Client, wanted: &[Object]) -> Result<Live> {
    let discovery = client.discovery().await?;
    let mut kinds: BTreeMap<(&str, &str, &str), &Kind> = BTreeMap::new();
    for object in wanted {
        if let Some(kind) = discovery.find(object.group(), object.version(), object.kind()) {
            kinds.insert((object.group(), object.version(), object.kind()), kind);
        }
    }
    let kinds: Vec<Kind> = kinds.into_values().cloned().collect();
    let lists: Vec<(bool, Vec<Object>)> = stream::iter(kinds)
        .map(|kind| async move {
            match client.list(&kind).await {
                // Its CRD went away between the two questions.
                Err(refusal) if refusal.code == 404 => Ok((kind.namespaced, Vec::new())),
                answer => answer.map(|objects| (kind.namespaced, objects)),
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut live = Live::new();
    let objects = lists.into_iter().flat_map(|(namespaced, list)| list.into_iter().map(move |o| (namespaced, o)));
    for (namespaced, mut object) in objects {
        let key = key(&object, namespaced);
        if let Some(map) = object.0.as_object_mut() {
            // Half of the size of a list; only whether we are in it matters.
            let ours = map.get("metadata").is_some_and(names_us);
            if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.insert("managedFields".into(), Value::Bool(ours));
            }
        }
        live.insert(key, object);
    }
    Ok(live)
}

/// True if our field manager is among those of an object's metadata.
pub(super) fn names_us(metadata: &Value) -> bool {
    let fields = metadata.get("managedFields").and_then(Value::as_array).into_iter().flatten();
    fields.filter_map(|f| f.get("manager").and_then(Value::as_str)).any(|manager| manager == FIELD_MANAGER)
}

fn managed(live: &Object) -> bool {
    live.0.pointer("/metadata/managedFields") == Some(&Value::Bool(true))
}
