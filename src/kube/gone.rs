//! Deletes objects and waits until nothing of them is left; names what holds them, and clears what is ours out of the way.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use tokio::time::{Instant, sleep};

use crate::model::{Error, ErrorClass, Object, ObjectId, Result};

use super::blocker::{self, Blocker};
use super::{Client, Owned, Progress, Refusal};

const AT_ONCE: usize = 16;
const FIRST_PAUSE: Duration = Duration::from_millis(300);
/// After this long it is told what frees what is held.
pub(super) const EARLY: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Something that isn't gone yet, and why.
struct Waiting {
    id: Owned,
    why: String,
}

/// What becomes of what isn't being deleted.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// It is deleted.
    Delete,
    /// It stays: somebody made it anew.
    Leave,
}

/// Deletes and waits until nothing of it is left.
///
/// # Errors
/// Class `Timeout` after `patience`: each object with what holds it, and the commands that free it as hints.
pub async fn gone(client: &Client, left: Vec<Owned>, patience: Duration, progress: Progress<'_>) -> Result<()> {
    until_gone(client, left, patience, progress, Mode::Delete).await
}

/// Waits until what somebody is deleting is gone. Deletes nothing.
///
/// # Errors
/// As of [`gone`].
pub(super) async fn departed(
    client: &Client,
    leaving: Vec<Owned>,
    patience: Duration,
    progress: Progress<'_>,
) -> Result<()> {
    until_gone(client, leaving, patience, progress, Mode::Leave).await
}

async fn until_gone(
    client: &Client,
    mut left: Vec<Owned>,
    patience: Duration,
    progress: Progress<'_>,
    mode: Mode,
) -> Result<()> {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut advice: Option<(Owned, String)> = None;
    loop {
        let waiting = round(client, left, mode).await?;
        let Some(first) = waiting.first() else { return Ok(()) };
        let blockers = blocker::of(client, waiting.iter().map(|waiting| waiting.why.as_str())).await?;
        for blocker in blockers.iter().filter(|blocker| blocker.ours) {
            progress(format!("{} doesn't answer and holds others up: it is removed first", blocker.id));
            blocker::remove(client, blocker).await?;
        }
        if began.elapsed() > patience {
            return Err(stuck(client, &waiting, &blockers, mode).await);
        }
        if began.elapsed() > EARLY && advice.as_ref().is_none_or(|(id, _)| *id != first.id) {
            let helps = helps(client, &waiting, &blockers).await;
            advice = Some((first.id.clone(), helps.into_iter().map(|help| format!("; {help}")).collect()));
        }
        let advice = advice.as_ref().map_or("", |(_, text)| text);
        let count = if waiting.len() == 1 {
            "1 object still goes".into()
        } else {
            format!("{} objects still go, such as", waiting.len())
        };
        let colon = if waiting.len() == 1 { ":" } else { "" };
        progress(format!("{count}{colon} {}: {}{advice}", first.id, first.why));
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        left = waiting.into_iter().map(|waiting| waiting.id).collect();
    }
}

/// One look at each; those that aren't being deleted yet are, or stay.
async fn round(client: &Client, ids: Vec<Owned>, mode: Mode) -> Result<Vec<Waiting>> {
    let answers: Vec<(Owned, Result<Option<String>, Refusal>)> = stream::iter(ids)
        .map(|id| async move {
            let answer = step(client, &id, mode).await;
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

/// One look at an object; what holds it, or `None` if it is gone or stays.
async fn step(client: &Client, id: &Owned, mode: Mode) -> Result<Option<String>, Refusal> {
    let discovery = client.discovery().await?;
    let Some(kind) = discovery.preferred(&id.group, &id.kind) else { return Ok(None) };
    let full = ObjectId {
        group: id.group.clone(),
        version: kind.version.clone(),
        kind: id.kind.clone(),
        namespace: id.namespace.clone(),
        name: id.name.clone(),
    };
    let Some(mut live) = client.get(&full).await? else { return Ok(None) };
    if live.0.pointer("/metadata/deletionTimestamp").is_none() {
        if mode == Mode::Leave {
            return Ok(None);
        }
        client.delete(kind, &id.namespace, &id.name).await?;
        match client.get(&full).await? {
            Some(now) => live = now,
            None => return Ok(None),
        }
    }
    Ok(Some(blocker::reason(client, id, &live).await))
}

/// The commands that free what waits.
async fn helps(client: &Client, waiting: &[Waiting], blockers: &[Blocker]) -> Vec<String> {
    let mut helps: Vec<String> = blockers.iter().filter(|b| !b.ours).map(Blocker::help).collect();
    let mut commands = Vec::new();
    for Waiting { id, why } in waiting {
        commands.extend(blocker::commands(client, id, why).await);
    }
    commands.truncate(5);
    helps.extend(commands.iter().map(|command| format!("if its controller can't be started again: `{command}`")));
    helps
}

/// The error of objects that don't go.
async fn stuck(client: &Client, waiting: &[Waiting], blockers: &[Blocker], mode: Mode) -> Error {
    let lines: Vec<String> = waiting.iter().map(|Waiting { id, why }| format!("  {id}: {why}")).collect();
    let count = match waiting.len() {
        1 => "1 object doesn't go".to_owned(),
        n => format!("{n} objects don't go"),
    };
    let mut error = Error::new(ErrorClass::Timeout, count).caused_by(format!("\n{}", lines.join("\n")));
    for help in helps(client, waiting, blockers).await {
        error = error.hint(help);
    }
    error.hint(match mode {
        Mode::Delete => "then go on with `kfctl-cn down`",
        Mode::Leave => "then go on with `kfctl-cn up`",
    })
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
