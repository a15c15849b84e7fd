//! The lock of a shared state: an object that exists while a run goes on. Its holder renews it, so that others see whether
//! it lives. It is never taken over by itself: clocks and networks lie. `state unlock` removes it, and a holder that was
//! alive after all finds out at its next write, before any call that the write was for.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::model::{Error, ErrorClass, Result};

use super::objects::{Objects, Only, Put};
use crate::state::lock::{Holder, now};
use crate::state::wait::Wait;

/// The name of the object.
const NAME: &str = "lock";
/// Between two signs of life.
const RENEW: Duration = Duration::from_secs(30);
/// A holder that was silent for longer has probably died.
const SILENT: i64 = 4 * RENEW.as_secs() as i64;

/// A held lock. Left behind if it is dropped without [`RemoteLock::release`], as by a process that is killed.
pub(in crate::state) struct RemoteLock {
    objects: Arc<dyn Objects>,
    pub(in crate::state) id: String,
    lost: Arc<OnceLock<Error>>,
    renewing: Mutex<Option<JoinHandle<()>>>,
}

impl RemoteLock {
    /// Takes the lock, or says who has it. One that the run `before` has left behind is its own again.
    pub(in crate::state) async fn acquire(
        objects: &Arc<dyn Objects>,
        before: Option<&str>,
        wait: &Wait,
    ) -> Result<RemoteLock> {
        let holder = Holder { id: format!("{:016x}", rand::random::<u64>()), renewed: now(), ..Holder::me() };
        let content = encode(&holder)?;
        let tag = wait.patiently(async || take(objects, &holder, &content, before).await).await?;
        let lost = Arc::new(OnceLock::new());
        let renewing = tokio::spawn(renew(objects.clone(), holder.clone(), tag, lost.clone()));
        Ok(RemoteLock { objects: objects.clone(), id: holder.id, lost, renewing: Mutex::new(Some(renewing)) })
    }

    /// Who holds the lock now, if anybody does.
    pub(in crate::state) async fn holder(objects: &dyn Objects) -> Result<Option<Holder>> {
        let Some((content, _)) = objects.get(NAME).await? else { return Ok(None) };
        decode(&content, objects).map(Some)
    }

    /// Fails once the lock was found to be somebody else's.
    pub(in crate::state) fn check(&self) -> Result<()> {
        self.lost.get().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Lets it go, unless it is somebody else's by now.
    pub(in crate::state) async fn release(&self) -> Result<()> {
        let renewing = self.renewing.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(renewing) = renewing {
            renewing.abort();
            let _ = renewing.await;
        }
        match RemoteLock::holder(&*self.objects).await? {
            Some(holder) if holder.id == self.id => self.objects.delete(NAME).await,
            _ => Ok(()),
        }
    }

    /// Removes a lock whose holder is known to be dead, by its id. Returns whose it was.
    pub(in crate::state) async fn unlock(objects: &dyn Objects, id: &str) -> Result<Holder> {
        let place = objects.place();
        match RemoteLock::holder(objects).await? {
            None => Err(Error::new(ErrorClass::Usage, format!("{place} is not locked"))),
            Some(holder) if holder.id == id => objects.delete(NAME).await.map(|()| holder),
            Some(holder) => Err(Error::new(
                ErrorClass::Usage,
                format!("{place} is locked by {holder}, with the id {}, not {id}", holder.id),
            )
            .hint("another run may have begun since you looked: see that it is dead before you give its id")),
        }
    }
}

impl Drop for RemoteLock {
    fn drop(&mut self) {
        if let Some(renewing) = self.renewing.lock().unwrap_or_else(PoisonError::into_inner).take() {
            renewing.abort();
        }
    }
}

/// One try to take it; returns its tag.
async fn take(objects: &Arc<dyn Objects>, holder: &Holder, content: &[u8], before: Option<&str>) -> Result<String> {
    // A lock that is let go between the refusal and the look is tried again.
    for _ in 0..3 {
        if let Put::Done(tag) = objects.put(NAME, content, &Only::IfAbsent).await? {
            return Ok(tag);
        }
        let Some((found, tag)) = objects.get(NAME).await? else { continue };
        let other = decode(&found, &**objects)?;
        if other.id == holder.id {
            // The answer to the first try was lost.
            return Ok(tag);
        }
        if before.is_none_or(|id| id.is_empty() || id != other.id) {
            return Err(held(&**objects, &other));
        }
        if let Put::Done(tag) = objects.put(NAME, content, &Only::IfUnchanged(tag)).await? {
            return Ok(tag);
        }
    }
    Err(Error::new(ErrorClass::Locked, format!("{} is locked by runs that come and go", objects.place()))
        .hint("try again, or wait with --lock-timeout 30m"))
}

fn held(objects: &dyn Objects, holder: &Holder) -> Error {
    let silent =
        holder.renewed.parse::<jiff::Timestamp>().map(|at| jiff::Timestamp::now().as_second() - at.as_second());
    let unlock = format!("kfctl-cn state unlock {}", holder.id);
    let sign = format!("its last sign of life was at {}", holder.renewed);
    let error = Error::new(ErrorClass::Locked, format!("{} is locked by {holder}; {sign}", objects.place()));
    match silent {
        Ok(seconds) if seconds > SILENT => {
            error.hint(format!("that was {seconds} s ago: the run has probably died. See that it has, then: {unlock}"))
        }
        _ => error
            .hint("wait until that run is done: --lock-timeout 30m does")
            .hint(format!("if you know that it is dead: {unlock}")),
    }
}

/// Shows that the holder lives, until the lock is somebody else's.
async fn renew(objects: Arc<dyn Objects>, mut holder: Holder, mut tag: String, lost: Arc<OnceLock<Error>>) {
    loop {
        tokio::time::sleep(RENEW).await;
        holder.renewed = now();
        let Ok(content) = encode(&holder) else { return };
        match objects.put(NAME, &content, &Only::IfUnchanged(tag.clone())).await {
            Ok(Put::Done(new)) => tag = new,
            // The next time may do better; whether it is still ours is seen at the next write of the state at the latest.
            Err(_) => {}
            Ok(Put::Refused) => match objects.get(NAME).await {
                Ok(Some((found, now))) if decode(&found, &*objects).is_ok_and(|found| found.id == holder.id) => {
                    tag = now
                }
                Ok(_) => {
                    let _ = lost.set(taken(&*objects));
                    return;
                }
                Err(_) => {}
            },
        }
    }
}

/// The lock was removed from under a run.
fn taken(objects: &dyn Objects) -> Error {
    Error::new(ErrorClass::Locked, format!("the lock of this run on {} was removed", objects.place()))
        .hint("somebody unlocked it: this run writes nothing any more; when the other one is done, run it again")
}

fn encode(holder: &Holder) -> Result<Vec<u8>> {
    serde_json::to_vec(holder)
        .map_err(|error| Error::new(ErrorClass::Bug, format!("the lock can't be written as JSON: {error}")))
}

fn decode(content: &[u8], objects: &dyn Objects) -> Result<Holder> {
    serde_json::from_slice(content).map_err(|error| {
        Error::new(ErrorClass::StateIo, format!("{}/{NAME} is not a lock of kfctl-cn: {error}", objects.place()))
            .hint("another program may use the same prefix: choose another one, or remove that object")
    })
}
