//! Deletes objects and waits until nothing of them is left; names what holds them, and clears what is ours out of the way.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use tokio::time::{Instant, sleep};

use crate::model::{Error, ErrorClass, Object, ObjectId, Result};

use super::blocker::{self, Blocker};
use super::{Client, Owned, Progress, Refusal};

const AT_ONCE: usize = 16;
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Something that isn't gone yet, and why.
struct Waiting {
    id: Owned,
    why: String,
}

/// Deletes and waits until nothing of it is left.
///
/// # Errors
/// Class `Timeout` after `patience`: each object with what holds it, and the commands that free it as hints.
pub async fn gone(client: &Client, mut left: Vec<Owned>, patience: Duration, progress: Progress<'_>) -> Result<()> {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let waiting = round(client, left).await?;
        let Some(first) = waiting.first() else { return Ok(()) };
        let blockers = blocker::of(client, waiting.iter().map(|waiting| waiting.why.as_str())).await?;
        for blocker in blockers.iter().filter(|blocker| blocker.ours) {
            progress(format!("{} doesn't answer and holds others up: it is removed first", blocker.id));
            blocker::remove(client, blocker).await?;
        }
        if began.elapsed() > patience {
            return Err(stuck(client, &waiting, &blockers).await);
        }
        progress(format!("{} objects still go, such as {}: {}", waiting.len(), first.id, first.why));
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        left = waiting.into_iter().map(|waiting| waiting.id).collect();
    }
}

/// One look at each; deletes those that aren't being deleted yet.
async fn round(client: &Client, ids: Vec<Owned>) -> Result<Vec<Waiting>> {
    let answers: Vec<(Owned, Result<Option<String>, Refusal>)> = stream::iter(ids)
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
            Ok(Some(why)) => waiting.push(Waiting { id, why }),
            Err(refusal) if refusal.class == ErrorClass::Transient => {
                waiting.push(Waiting { id, why: refusal.message });
            }
            Err(refusal) => return Err(Error::from(refusal).context(format!("{id} can't be deleted"))),
        }
    }
    Ok(waiting)
}

/// Deletes an object if it isn't being deleted yet; what holds it, or `None` if it is gone.
async fn step(client: &Client, id: &Owned) -> Result<Option<String>, Refusal> {
    let discovery = client.discovery().await?;
    let Some(kind) = discovery.preferred(&id.group, &id.kind) else { return Ok(None) };
    let full = ObjectId {
        group: id.group.clone(),
        version: kind.version.clone(),
        kind: id.kind.clone(),
        namespace: id.namespace.clone(),
        name: id.name.clone(),
    };
    let Some(live) = client.get(&full).await? else { return Ok(None) };
    if live.0.pointer("/metadata/deletionTimestamp").is_none() {
        client.delete(kind, &id.namespace, &id.name).await?;
        return Ok(client.get(&full).await?.map(|live| blocker::held(&live)));
    }
    Ok(Some(blocker::held(&live)))
}

/// The error of objects that don't go.
async fn stuck(client: &Client, waiting: &[Waiting], blockers: &[Blocker]) -> Error {
    let lines: Vec<String> = waiting.iter().map(|Waiting { id, why }| format!("  {id}: {why}")).collect();
    let count = match waiting.len() {
        1 => "1 object doesn't go".to_owned(),
        n => format!("{n} objects don't go"),
    };
    let mut error = Error::new(ErrorClass::Timeout, count).caused_by(format!("\n{}", lines.join("\n")));
    for blocker in blockers {
        error = error.hint(format!("{} doesn't answer: `{}` takes it out of the way", blocker.id, blocker.command()));
    }
    let mut commands = Vec::new();
    for Waiting { id, why } in waiting {
        commands.extend(blocker::commands(client, id, why).await);
    }
    commands.truncate(5);
    for command in commands {
        error = error.hint(format!("if its controller can't be started again: `{command}`"));
    }
    error.hint("then go on with `kfctl-cn down`")
}

/// Waits until released volumes are gone: a disk whose driver is removed before it is left behind, and paid for.
pub async fn volumes_gone(client: &Client, patience: Duration, progress: Progress<'_>) -> Result<()> {
    let discovery = client.discovery().await?;
    let Some(kind) = discovery.preferred("", "PersistentVolume") else { return Ok(()) };
    let began = Instant::now();
    loop {
        let is = |volume: &Object, pointer: &str, text: &str| {
            volume.0.pointer(pointer).and_then(serde_json::Value::as_str) == Some(text)
        };
        let goes = |volume: &&Object| {
            is(volume, "/status/phase", "Released") && is(volume, "/spec/persistentVolumeReclaimPolicy", "Delete")
        };
        let volumes = client.list(kind).await?;
        let left: Vec<&str> = volumes.iter().filter(goes).map(Object::name).collect();
        if left.is_empty() {
            return Ok(());
        }
        if began.elapsed() > patience {
            return Err(Error::new(ErrorClass::Timeout, format!("volumes don't go: {}", left.join(", ")))
                .hint("the EBS CSI driver deletes them: look at its controller's log"));
        }
        progress(format!("{} volumes still go, such as {}", left.len(), left[0]));
        sleep(LONGEST_PAUSE).await;
    }
}
