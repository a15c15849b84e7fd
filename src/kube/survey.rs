//! Reality beside what is wanted, in one list per kind. Makes no write.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use crate::model::{Object, Result};

use super::hash::digest;
use super::{Client, Difference, FIELD_MANAGER, Inventory, Kind, Owned, State, differences, state};

/// How many lists are asked for at once.
const AT_ONCE: usize = 4;

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
        self.recorded && self.live.is_some() && self.differences.is_empty()
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
    let live = lists(client, wanted).await?;
    let entries: HashMap<_, _> = inventory.iter().flat_map(|i| &i.entries).map(|entry| (&entry.id, entry)).collect();
    let objects = wanted.iter().map(|object| {
        let id = Owned::of(object);
        let hash = digest(&object.0);
        let entry = entries.get(&id);
        let live = live.get(&key(object)).cloned();
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

/// An object without a namespace may live in `default`; of a kind without namespaces it lives in none.
fn key(object: &Object) -> (String, String, String, String) {
    let namespace = match object.namespace() {
        "" => "default",
        namespace => namespace,
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
    let lists: Vec<Vec<Object>> = stream::iter(kinds)
        .map(|kind| async move {
            match client.list(&kind).await {
                // Its CRD went away between the two questions.
                Err(refusal) if refusal.code == 404 => Ok(Vec::new()),
                answer => answer,
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut live = Live::new();
    for mut object in lists.into_iter().flatten() {
        let key = key(&object);
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

fn names_us(metadata: &Value) -> bool {
    let fields = metadata.get("managedFields").and_then(Value::as_array).into_iter().flatten();
    fields.filter_map(|f| f.get("manager").and_then(Value::as_str)).any(|manager| manager == FIELD_MANAGER)
}

fn managed(live: &Object) -> bool {
    live.0.pointer("/metadata/managedFields") == Some(&Value::Bool(true))
}
