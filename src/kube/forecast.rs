//! What an apply would do, asked with server-side dry runs. Makes no write.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use serde_json::Value;
use tokio::time::sleep;

use crate::model::{ErrorClass, Object, ObjectId, Result};

use super::apply::{gone, unserved};
use super::{Client, Inventory, Owned, Refusal, Seen, survey};

/// How many dry runs are asked for at once.
const AT_ONCE: usize = 16;
/// How often a question is repeated whose refusal passes: a webhook that starts takes its time.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);

/// What becomes of one object.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// Nothing: it is as wanted.
    Same,
    /// It is made.
    New {
        /// As the server would store it; as it is wanted, if the server can't be asked yet.
        after: Object,
        /// Why the server can't be asked yet.
        unasked: Option<String>,
    },
    /// It is changed.
    Changed {
        /// As it is.
        before: Object,
        /// As the server would store it.
        after: Object,
        /// The fields that are taken from other managers, in the server's words.
        taken: Option<String>,
    },
    /// Nobody wants it any more: it is deleted.
    Pruned {
        /// As it is.
        before: Object,
    },
    /// Nobody wants it any more, but it may hold data: it stays.
    Kept,
    /// The server refuses it.
    Refused(Refusal),
}

/// What becomes of one object of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Which one.
    pub id: Owned,
    /// What becomes of it.
    pub fate: Fate,
    /// True if it is there and neither the inventory nor its field managers say that we made it.
    pub foreign: bool,
}

/// What the same run brings before it needs it.
#[derive(Debug, Clone, Default)]
pub struct Coming {
    /// Groups and kinds of CRDs.
    kinds: BTreeSet<(String, String)>,
    /// Namespaces, also those that a Profile's controller makes.
    namespaces: BTreeSet<String>,
}

impl Coming {
    /// What these objects bring.
    pub fn from<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Self {
        let mut coming = Coming::default();
        for object in objects {
            let text = |pointer: &str| object.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            if object.is("apiextensions.k8s.io", "CustomResourceDefinition") {
                coming.kinds.insert((text("/spec/group"), text("/spec/names/kind")));
            } else if object.is("", "Namespace") || object.is("kubeflow.org", "Profile") {
                coming.namespaces.insert(object.name().to_owned());
            }
        }
        coming
    }
}

/// Asks what an apply of the objects of one resource would do: what isn't as wanted by a dry run each, what the inventory has
/// and neither `wanted` nor `elsewhere` names by a look. Objects in the order of `wanted`, then those that nobody wants.
///
/// # Errors
/// If the cluster doesn't answer at all. What it refuses is a [`Fate`].
pub async fn forecast(
    client: &Client,
    inventory: Option<&Inventory>,
    wanted: &[Object],
    elsewhere: &BTreeSet<Owned>,
    coming: &Coming,
) -> Result<Vec<Forecast>> {
    let seen = survey(client, wanted, inventory).await?;
    let mut asked = Vec::with_capacity(wanted.len());
    for (object, seen) in wanted.iter().zip(&seen.objects) {
        asked.push(one(client, object, seen, coming));
    }
    let mut all = all(asked).await?;
    let gone = inventory.map(|inventory| gone(inventory, &seen, elsewhere)).unwrap_or_default();
    for id in gone {
        if let Some(before) = live(client, &id).await? {
            let fate = if id.holds_data() { Fate::Kept } else { Fate::Pruned { before } };
            all.push(Forecast { id, fate, foreign: false });
        }
    }
    Ok(all)
}

async fn all(asked: Vec<impl Future<Output = Forecast>>) -> Result<Vec<Forecast>> {
    let all: Vec<Forecast> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let lost = all.iter().find_map(|forecast| match &forecast.fate {
        Fate::Refused(refusal) if refusal.class == ErrorClass::Unreachable => Some(refusal.clone()),
        _ => None,
    });
    lost.map_or(Ok(all), |refusal| Err(refusal.into()))
}

async fn live(client: &Client, id: &Owned) -> Result<Option<Object>> {
    let discovery = client.discovery().await?;
    let Some(kind) = discovery.preferred(&id.group, &id.kind) else { return Ok(None) };
    let (group, version) = (id.group.clone(), kind.version.clone());
    let full =
        ObjectId { group, version, kind: id.kind.clone(), namespace: id.namespace.clone(), name: id.name.clone() };
    Ok(client.get(&full).await?.map(quiet))
}

async fn one(client: &Client, object: &Object, seen: &Seen, coming: &Coming) -> Forecast {
    let foreign = seen.live.is_some() && !seen.ours;
    // An apply doesn't touch it, whatever controllers have added to it.
    let fate = if seen.settled() { Ok(Fate::Same) } else { ask(client, object, seen.live.as_ref(), coming).await };
    Forecast { id: seen.id.clone(), fate: fate.unwrap_or_else(Fate::Refused), foreign }
}

async fn ask(client: &Client, object: &Object, live: Option<&Object>, coming: &Coming) -> Result<Fate, Refusal> {
    let discovery = client.discovery().await?;
    let Some(kind) = discovery.find(object.group(), object.version(), object.kind()) else {
        if coming.kinds.contains(&(object.group().to_owned(), object.kind().to_owned())) {
            return Ok(unasked(object, "its kind comes with a CRD of the same run"));
        }
        return Err(unserved(&discovery, object));
    };
    let after = match patiently(async || client.dry_run(kind, object, true).await).await {
        Ok(after) => quiet(after),
        Err(refusal) if refusal.code == 404 && live.is_none() && coming.namespaces.contains(object.namespace()) => {
            return Ok(unasked(object, "its namespace is made in the same run"));
        }
        Err(refusal) => return Err(refusal),
    };
    let before = match live {
        // A set may name a kind in several versions, and what is live be listed in another one.
        Some(live) if live.api_version() != object.api_version() => client.get(&object.id()).await?,
        live => live.cloned(),
    };
    let Some(before) = before.map(quiet) else { return Ok(Fate::New { after, unasked: None }) };
    if before == after {
        return Ok(Fate::Same);
    }
    let taken = match client.dry_run(kind, object, false).await {
        Err(refusal) if refusal.code == 409 => conflict(&refusal.message),
        _ => None,
    };
    Ok(Fate::Changed { before, after, taken })
}

fn unasked(object: &Object, why: &str) -> Fate {
    Fate::New { after: quiet(object.clone()), unasked: Some(why.into()) }
}

async fn patiently(question: impl AsyncFn() -> Result<Object, Refusal>) -> Result<Object, Refusal> {
    for _ in 1..TRIES {
        match question().await {
            Err(refusal) if refusal.class == ErrorClass::Transient => sleep(PAUSE).await,
            answer => return answer,
        }
    }
    question().await
}

/// Manager and fields from `Apply failed with 1 conflict: conflict with "a" using v1: .data.b`.
fn conflict(message: &str) -> Option<String> {
    let (_, rest) = message.strip_prefix("Apply failed with ")?.split_once(": ")?;
    Some(rest.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// An object without what the server keeps for itself, and what only controllers report.
fn quiet(mut object: Object) -> Object {
    const KEPT_BY_THE_SERVER: &[&str] =
        &["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"];
    if let Some(map) = object.0.as_object_mut() {
        map.remove("status");
        if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
            KEPT_BY_THE_SERVER.iter().for_each(|field| _ = metadata.remove(*field));
        }
    }
    object
}

#[cfg(test)]
mod tests;
