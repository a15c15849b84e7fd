//! The store of a run on a shared state.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::engine::{Record, Snapshot, Store};
use crate::model::{Action, Addr, Error, ErrorClass, Result};

use super::lock::RemoteLock;
use super::objects::Objects;
use super::write::{Seen, Writer, read};
use crate::state::Identity;
use crate::state::disk::{Disk, SystemDisk};
use crate::state::document::Document;
use crate::state::errored;
use crate::state::files::io;
use crate::state::journal::{self, Entry};
use crate::state::lock::now;
use crate::state::wait::Wait;

/// A shared state, held by one run. [`RemoteStore::close`] lets it go.
pub struct RemoteStore {
    writer: Writer,
    lock: RemoteLock,
    /// Where what can't be written to S3 is saved.
    folder: PathBuf,
    known: Mutex<Known>,
    remote: tokio::sync::Mutex<Remote>,
}

/// What this run knows.
struct Known {
    document: Document,
    /// Set once a write failed: nothing is begun any more.
    failed: Option<Error>,
}

/// What is in S3.
struct Remote {
    seen: Seen,
    /// The number of the last event in it.
    journaled: u64,
}

impl RemoteStore {
    /// Takes the lock and opens the state, or begins one. Passing errors of a write are waited out for `patience`.
    ///
    /// # Errors
    /// Class `Locked` if another run has it; `StateIo` if a state that couldn't be written before is still in `folder`.
    pub async fn open(
        objects: Arc<dyn Objects>,
        folder: &Path,
        identity: &Identity,
        patience: Duration,
        wait: &Wait,
    ) -> Result<RemoteStore> {
        let lock = RemoteLock::acquire(&objects, None, wait).await?;
        let writer = Writer { objects, patience };
        match begin(&writer, &lock.id, folder, identity).await {
            Ok((document, seen)) => {
                let remote = Remote { seen, journaled: document.journaled };
                let known = Mutex::new(Known { document, failed: None });
                Ok(RemoteStore { writer, lock, folder: folder.to_owned(), known, remote: remote.into() })
            }
            Err(error) => {
                // The first error is the one to tell; a lock that stays tells of itself at the next run.
                let _ = lock.release().await;
                Err(error)
            }
        }
    }

    /// Writes what isn't written yet, if anything: what a stop has cut short.
    pub async fn save(&self) -> Result<()> {
        let last = self.known().document.journaled;
        self.flush(last).await
    }

    /// Saves and lets the lock go. After a write has failed there is nothing more to tell.
    pub async fn close(&self) -> Result<()> {
        let failed = self.known().failed.is_some();
        let saved = if failed { Ok(()) } else { self.save().await };
        let released = self.lock.release().await;
        match released {
            Err(error) if saved.is_ok() && !failed => {
                let id = &self.lock.id;
                Err(error
                    .context(format!("the lock on {} can't be let go", self.writer.objects.place()))
                    .hint(format!("everything is saved; remove the lock: kfctl-cn state unlock {id}")))
            }
            _ => saved,
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn event(&self, entry: Entry) -> Result<()> {
        let number = {
            let mut known = self.known();
            let mut next = known.document.clone();
            next.journaled += 1;
            journal::apply(&mut next, entry, &now())
                .map_err(|what| Error::new(ErrorClass::Bug, format!("a transition that isn't legal: {what}")))?;
            known.document = next;
            known.document.journaled
        };
        self.flush(number).await
    }

    /// Returns once the event of that number is in S3.
    async fn flush(&self, number: u64) -> Result<()> {
        let mut remote = self.remote.lock().await;
        if remote.journaled >= number {
            return Ok(());
        }
        let (document, failed) = {
            let known = self.known();
            (known.document.clone(), known.failed.clone())
        };
        if let Some(error) = failed {
            // What was in flight when the first write failed is kept too.
            if error.class != ErrorClass::Locked {
                self.keep(&document, &remote.seen)?;
            }
            return Err(error);
        }
        let written = match self.lock.check() {
            Ok(()) => self.writer.write(&mut remote.seen, &document).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            // What another run has written over isn't worth keeping: the next run reads what exists.
            let error = match error.class {
                ErrorClass::Locked => error,
                _ => match self.keep(&document, &remote.seen) {
                    Ok(path) => errored::told(error, &self.writer.objects.place(), &path),
                    Err(also) => error.caused_by(format!("and it can't be saved here either: {also}")),
                },
            };
            self.known().failed = Some(error.clone());
            return Err(error);
        }
        remote.journaled = document.journaled;
        Ok(())
    }

    /// Saves locally what S3 didn't take. Returns where.
    fn keep(&self, document: &Document, seen: &Seen) -> Result<PathBuf> {
        let path = errored::path(&self.folder);
        // The write with the next serial may have landed all the same.
        let document = Document { serial: seen.serial + 2, ..document.clone() };
        SystemDisk.create_dir(&self.folder).map_err(io(&self.folder))?;
        SystemDisk.write(&path, &document.encode()?).map_err(io(&path))?;
        Ok(path)
    }
}

/// Reads the state and makes it this run's own, so that whoever held it before can't write any more.
async fn begin(writer: &Writer, run: &str, folder: &Path, identity: &Identity) -> Result<(Document, Seen)> {
    let (found, mut seen) = match read(&*writer.objects).await? {
        Some((document, _, seen)) => (Some(document), seen),
        None => (None, Seen::default()),
    };
    let place = writer.objects.place();
    if let Some(document) = &found {
        document.deployment.check(identity, Path::new(&place))?;
    }
    errored::check(folder, found.as_ref(), &place)?;
    let mut document = found.unwrap_or_else(|| Document::new(identity.clone()));
    document.run = run.to_owned();
    writer.write(&mut seen, &document).await?;
    document.serial = seen.serial;
    Ok((document, seen))
}

#[async_trait]
impl Store for RemoteStore {
    fn snapshot(&self) -> Result<Snapshot> {
        Ok(self.known().document.snapshot())
    }

    async fn intend(&self, addr: &Addr, action: Action, token: &str) -> Result<()> {
        self.event(Entry::Intended { addr: addr.clone(), action, token: token.to_owned() }).await
    }

    async fn acknowledge(&self, addr: &Addr, record: &Record) -> Result<()> {
        self.event(Entry::Acknowledged { addr: addr.clone(), record: record.clone() }).await
    }

    async fn abandon(&self, addr: &Addr) -> Result<()> {
        self.event(Entry::Abandoned { addr: addr.clone() }).await
    }

    async fn forget(&self, addr: &Addr) -> Result<()> {
        self.event(Entry::Forgotten { addr: addr.clone() }).await
    }
}
