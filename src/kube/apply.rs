//! Applies the objects of a resource, stage by stage, those of a stage side by side.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use tokio::time::{Instant, sleep};

use crate::model::{Error, ErrorClass, Object, Result};

use super::blocker::{self, Blocker};
use super::gone::{EARLY, departed};
use super::stage::builtin;
use super::{
    Client, Discovery, Entry, Inventory, Owned, Refusal, Seen, Stage, State, Survey, answering, differences, survey,
};

/// Tells the watchers how it goes on.
pub type Progress<'a> = &'a (dyn Fn(String) + Send + Sync);

/// How many objects are applied at once.
const AT_ONCE: usize = 16;
/// How long a refusal that passes is borne with: cert-manager takes a minute to answer, an image pull some.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// How long a kind whose CRD was just made may be unknown.
const DISCOVERY: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Makes the cluster as `stages` want it and writes the inventory: first what will be touched, then what was. Objects that
/// the inventory has and nobody wants any more go, unless `elsewhere` names them or they hold data.
pub async fn apply(
    client: &Client,
    mut inventory: Inventory,
    stages: &[(Stage, Vec<Object>)],
    elsewhere: &BTreeSet<Owned>,
    progress: Progress<'_>,
) -> Result<()> {
    let wanted: Vec<Object> = stages.iter().flat_map(|(_, objects)| objects).cloned().collect();
    let mut seen = survey(client, &wanted, Some(&inventory)).await?;
    let leaving: Vec<Owned> = seen.objects.iter().filter(|s| s.leaving().is_some()).map(|s| s.id.clone()).collect();
    if !leaving.is_empty() {
        departed(client, leaving, PATIENCE, progress).await?;
        client.rediscover().await;
        seen = survey(client, &wanted, Some(&inventory)).await?;
    }
    let gone = gone(&inventory, &seen, elsewhere);
    inventory.entries = entries(&inventory, &seen, &gone);
    inventory.save(client).await?;

    for (stage, objects) in stages {
        let outcome = match ready_for(client, *stage, objects, &seen, progress).await {
            Ok(()) => one_stage(client, objects, &seen, &mut inventory, progress).await,
            refused => refused,
        };
        if let Err(error) = outcome {
            // What went through needn't be repeated. The refusal is what people must see, whatever becomes of this.
            inventory.save(client).await.unwrap_or_else(|e| tracing::debug!("inventory after a refusal: {e}"));
            return Err(error);
        }
        if *stage == Stage::Crds {
            established(client, objects, progress).await?;
            client.rediscover().await;
        }
    }
    prune(client, &mut inventory, &gone, progress).await?;
    inventory.save(client).await
}

/// What the inventory has and nobody wants any more.
pub(super) fn gone(inventory: &Inventory, seen: &Survey, elsewhere: &BTreeSet<Owned>) -> Vec<Owned> {
    let wanted: BTreeSet<&Owned> = seen.objects.iter().map(|s| &s.id).collect();
    let old = inventory.entries.iter().map(|entry| &entry.id);
    old.filter(|id| !wanted.contains(id) && !elsewhere.contains(id)).cloned().collect()
}

/// The entries to write before anything is touched: what isn't settled has no digest.
fn entries(inventory: &Inventory, seen: &Survey, gone: &[Owned]) -> Vec<Entry> {
    let pending = |id: &Owned| Entry { id: id.clone(), hash: String::new(), accepted: Vec::new() };
    let entry = |seen: &Seen| match inventory.entry(&seen.id) {
        Some(entry) if seen.settled() => entry.clone(),
        _ => pending(&seen.id),
    };
    seen.objects.iter().map(entry).chain(gone.iter().map(pending)).collect()
}

/// Waits for what must answer before the objects of a stage can be taken. Nothing is asked if all are there already.
async fn ready_for(
    client: &Client,
    stage: Stage,
    objects: &[Object],
    seen: &Survey,
    progress: Progress<'_>,
) -> Result<()> {
    let settled = |object: &Object| seen.objects.iter().any(|s| s.settled() && s.id == Owned::of(object));
    if stage != Stage::Certificates || objects.iter().all(settled) {
        return Ok(());
    }
    answering::cert_manager(client, objects, answering::PATIENCE, progress).await
}

/// Rounds over what is left, until all are through, one is refused for good, or patience ends.
async fn one_stage(
    client: &Client,
    objects: &[Object],
    seen: &Survey,
    inventory: &mut Inventory,
    progress: Progress<'_>,
) -> Result<()> {
    let settled: BTreeSet<&Owned> = seen.objects.iter().filter(|s| s.settled()).map(|s| &s.id).collect();
    let mut left: Vec<&Object> = objects.iter().filter(|object| !settled.contains(&Owned::of(object))).collect();
    let total = left.len();
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let mut calls = Vec::with_capacity(left.len());
        for object in left {
            calls.push(tried(client, object, began));
        }
        let answers: Vec<_> = stream::iter(calls).buffer_unordered(AT_ONCE).collect().await;
        let mut passing = Vec::new();
        let mut lasting = Vec::new();
        for (object, answer) in answers {
            match answer {
                Ok(live) => record(inventory, seen, object, &live),
                Err(refusal) if refusal.passes() => passing.push((object, refusal)),
                Err(refusal) => lasting.push((object, refusal)),
            }
        }
        let unreachable = passing.len() == total && passing.iter().all(|(_, r)| r.class == ErrorClass::Unreachable);
        if !lasting.is_empty() {
            return Err(refused(&lasting, total, ErrorClass::Permanent));
        } else if passing.is_empty() {
            return Ok(());
        } else if unreachable {
            return Err(passing.swap_remove(0).1.into());
        } else if began.elapsed() > PATIENCE {
            let error = refused(&passing, total, ErrorClass::Timeout);
            return Err(helps(client, &passing).await?.into_iter().fold(error, Error::hint));
        }
        let (object, refusal) = &passing[0];
        let mut message =
            format!("{} of {total} objects wait, such as {}: {refusal}", passing.len(), Owned::of(object));
        if began.elapsed() > EARLY {
            for help in helps(client, &passing).await? {
                message = format!("{message}; {help}");
            }
        }
        progress(message);
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        left = passing.into_iter().map(|(object, _)| object).collect();
    }
}

/// What to do about webhooks of others that don't answer. Ours are being started.
async fn helps(client: &Client, passing: &[(&Object, Refusal)]) -> Result<Vec<String>> {
    let blockers = blocker::of(client, passing.iter().map(|(_, refusal)| refusal.message.as_str())).await?;
    Ok(blockers.iter().filter(|blocker| !blocker.ours).map(Blocker::help).collect())
}

async fn tried<'a>(client: &Client, object: &'a Object, began: Instant) -> (&'a Object, Result<Object, Refusal>) {
    (object, one(client, object, began).await)
}

async fn one(client: &Client, object: &Object, began: Instant) -> Result<Object, Refusal> {
    let discovery = client.discovery().await?;
    if let Some(kind) = discovery.find(object.group(), object.version(), object.kind()) {
        return client.apply(kind, object).await;
    }
    let mut refusal = unserved(&discovery, object);
    if !builtin(object.group()) && began.elapsed() < DISCOVERY {
        client.rediscover().await;
        refusal.class = ErrorClass::Transient;
        refusal.hint = None;
    }
    Err(refusal)
}

/// Says that the server doesn't serve the kind of an object in its version.
pub(super) fn unserved(discovery: &Discovery, object: &Object) -> Refusal {
    let served =
        discovery.versions(object.group(), object.kind()).iter().map(|k| k.version.clone()).collect::<Vec<_>>();
    let mut refusal = Refusal::permanent(match served.as_slice() {
        [] => format!("the API server serves no {} of {}", object.kind(), object.api_version()),
        versions => format!("the API server serves {} only as {}", object.kind(), versions.join(", ")),
    });
    refusal.hint =
        Some("the manifests must be converted for this Kubernetes version; this is a fault of the program".into());
    refusal
}

fn record(inventory: &mut Inventory, seen: &Survey, object: &Object, live: &Object) {
    let id = Owned::of(object);
    let hash = seen.objects.iter().find(|s| s.id == id).map(|s| s.hash.clone()).unwrap_or_default();
    if let Some(entry) = inventory.entries.iter_mut().find(|entry| entry.id == id) {
        entry.hash = hash;
        entry.accepted = differences(object, live).into_iter().map(|d| d.path).collect();
    }
}

/// All refusals in one error, object by object.
fn refused(refusals: &[(&Object, Refusal)], total: usize, class: ErrorClass) -> Error {
    let lines: Vec<String> = refusals
        .iter()
        .map(|(object, refusal)| {
            let hint = refusal.hint.as_ref().map(|hint| format!("\n    hint: {hint}")).unwrap_or_default();
            format!("  {}: {refusal}{hint}", Owned::of(object))
        })
        .collect();
    let what = if class == ErrorClass::Timeout { "are still refused" } else { "are refused" };
    Error::new(class, format!("{} of {total} objects {what}", refusals.len()))
        .caused_by(format!("\n{}", lines.join("\n")))
}

/// Waits until the CRDs can be used by what follows in the same resource.
async fn established(client: &Client, crds: &[Object], progress: Progress<'_>) -> Result<()> {
    let began = Instant::now();
    loop {
        let seen = survey(client, crds, None).await?;
        let waiting = seen.waiting();
        let Some((id, why)) = waiting.first() else { return Ok(()) };
        match why {
            State::Failed(why) => {
                return Err(Error::new(ErrorClass::Permanent, format!("{id} can't be used")).caused_by(why.clone()));
            }
            State::Waiting(why) if began.elapsed() > PATIENCE => {
                return Err(Error::new(ErrorClass::Timeout, format!("{id} is not established")).caused_by(why.clone()));
            }
            State::Waiting(_) if seen.objects.iter().any(|s| s.id == **id && s.live.is_none()) => {
                return Err(Error::new(ErrorClass::Transient, format!("{id} was removed by somebody meanwhile")));
            }
            State::Waiting(why) => progress(format!("{id}: {why}")),
            State::Ready => return Ok(()),
        }
        sleep(FIRST_PAUSE).await;
    }
}

async fn prune(client: &Client, inventory: &mut Inventory, gone: &[Owned], progress: Progress<'_>) -> Result<()> {
    let discovery = client.discovery().await?;
    for id in gone {
        if id.holds_data() {
            progress(format!("{id} is no longer wanted and stays, since it may hold data: remove it by hand"));
            continue;
        }
        if let Some(kind) = discovery.preferred(&id.group, &id.kind) {
            progress(format!("{id} is no longer wanted and goes"));
            client.delete(kind, &id.namespace, &id.name).await?;
        }
        inventory.entries.retain(|entry| entry.id != *id);
    }
    Ok(())
}
