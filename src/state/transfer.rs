//! Whole states from place to place: replaced at once or not at all, and never a newer one by an older one unasked.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Error, ErrorClass, Result};

use super::disk::{Disk, SystemDisk};
use super::document::{Document, Identity};
use super::errored;
use super::files::{Files, io};
use super::lock::Lock;
use super::place::Place;
use super::remote::{self, Objects, RemoteLock, Seen, Writer, read};
use super::wait::Wait;

/// How long passing errors of S3 are waited out.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// It was written.
    Written,
    /// The same was there already.
    Same,
}

impl Place {
    /// Puts a state in the place of what is there. Unless forced, it must be of the same lineage and newer.
    ///
    /// # Errors
    /// Class `Config` if it may not replace what is there; `Locked` if a run goes on.
    pub async fn push(&self, document: &Document, identity: &Identity, force: bool, wait: &Wait) -> Result<Moved> {
        document.deployment.check(identity, Path::new("what is pushed"))?;
        match self {
            Place::Local(folder) => self.push_local(folder, document, force, wait).await,
            Place::Remote { objects, folder } => {
                // What couldn't be written has often left the lock of its run behind, for the same reason.
                let left = errored::read(folder)?.map(|errored| errored.run).filter(|run| *run == document.run);
                let lock = RemoteLock::acquire(objects, left.as_deref(), wait).await?;
                let moved = self.push_remote(objects, &lock, document, force).await;
                let released = lock.release().await;
                let moved = moved?;
                errored::pushed(folder, document)?;
                released.map(|()| moved)
            }
        }
    }

    async fn push_local(&self, folder: &Path, document: &Document, force: bool, wait: &Wait) -> Result<Moved> {
        SystemDisk.create_dir(folder).map_err(io(folder))?;
        let _lock = wait.patiently(async || Lock::acquire(folder)).await?;
        let files = Files::new(folder);
        let found = files.load(&SystemDisk)?;
        let Some(next) = replacing(found.as_ref().map(|(found, _)| found), document, force, self)? else {
            return Ok(Moved::Same);
        };
        if let Some((found, 1..)) = found {
            // Lines of the journal must never be read on top of another snapshot than theirs.
            files.save(&SystemDisk, &Document { serial: found.serial + 1, ..found })?;
        }
        files.save(&SystemDisk, &next).map(|()| Moved::Written)
    }

    async fn push_remote(
        &self,
        objects: &Arc<dyn Objects>,
        lock: &RemoteLock,
        document: &Document,
        force: bool,
    ) -> Result<Moved> {
        let (found, mut seen) = match read(&**objects).await? {
            Some((found, _, seen)) => (Some(found), seen),
            None => (None, Seen::default()),
        };
        let Some(next) = replacing(found.as_ref(), document, force, self)? else { return Ok(Moved::Same) };
        let writer = Writer { objects: objects.clone(), patience: PATIENCE };
        let next = Document { run: lock.id.clone(), ..next };
        writer.write(&mut seen, &next).await.map(|()| Moved::Written)
    }

    /// Moves the state to another place: it is written there, read back, and only then taken away here.
    ///
    /// # Errors
    /// As for [`Place::push`]; class `Config` if there is nothing here.
    pub async fn migrate(&self, to: &Place, identity: &Identity, force: bool, wait: &Wait) -> Result<()> {
        let held = self.hold(wait).await?;
        let moved = async {
            let Some(document) = self.document().await? else {
                return Err(Error::new(ErrorClass::Config, format!("{self} has no state")));
            };
            if let Place::Remote { folder, .. } = self {
                errored::check(folder, Some(&document), &self.to_string())?;
            }
            to.push(&document, identity, force, wait).await?;
            let there = to.document().await?;
            if !there.is_some_and(|there| there.tells_the_same(&document)) {
                let message = format!("what was written to {to} can't be read back: {self} stays as it is");
                return Err(Error::new(ErrorClass::StateIo, message).hint("try again"));
            }
            self.retire().await
        };
        let moved = moved.await;
        let released = match &held {
            HeldLock::Local(_) => Ok(()),
            HeldLock::Remote(lock) => lock.release().await,
        };
        moved.and(released)
    }

    async fn hold(&self, wait: &Wait) -> Result<HeldLock> {
        Ok(match self {
            Place::Local(folder) => {
                SystemDisk.create_dir(folder).map_err(io(folder))?;
                HeldLock::Local(wait.patiently(async || Lock::acquire(folder)).await?)
            }
            Place::Remote { objects, .. } => HeldLock::Remote(RemoteLock::acquire(objects, None, wait).await?),
        })
    }

    /// Takes a state away that is elsewhere now. A file stays under another name, an object as an old version.
    async fn retire(&self) -> Result<()> {
        match self {
            Place::Local(folder) => {
                let files = Files::new(folder);
                for path in [&files.journal, &files.state] {
                    let mut to = path.clone().into_os_string();
                    to.push(".migrated");
                    match std::fs::rename(path, &to) {
                        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(path)(error)),
                        _ => {}
                    }
                }
                Ok(())
            }
            Place::Remote { objects, .. } => objects.delete(remote::STATE).await,
        }
    }
}

/// A held lock of a place, without its state.
enum HeldLock {
    Local(#[allow(dead_code)] Lock),
    Remote(RemoteLock),
}

/// What is to be written in the place of what was found: nothing if both tell the same.
fn replacing(found: Option<&Document>, new: &Document, force: bool, place: &Place) -> Result<Option<Document>> {
    let Some(found) = found else { return Ok(Some(new.clone())) };
    if found.tells_the_same(new) {
        return Ok(None);
    }
    let refused = |what: String| {
        Error::new(ErrorClass::Config, format!("{place} is not replaced: {what}"))
            .hint("`kfctl-cn state pull` shows what is there")
            .hint("--force replaces it all the same; a state in a versioned bucket has its old versions")
    };
    if force {
        return Ok(Some(Document { serial: new.serial.max(found.serial + 1), ..new.clone() }));
    }
    if found.lineage != new.lineage {
        let (has, brings) = (&found.lineage, &new.lineage);
        return Err(refused(format!("it has another lineage, {has}, than what is pushed, {brings}")));
    }
    match found.serial.cmp(&new.serial) {
        std::cmp::Ordering::Less => Ok(Some(new.clone())),
        std::cmp::Ordering::Equal => {
            Err(refused(format!("both have serial {}, but they don't tell the same", new.serial)))
        }
        std::cmp::Ordering::Greater => {
            Err(refused(format!("its serial {} is newer than {}, which is pushed", found.serial, new.serial)))
        }
    }
}
