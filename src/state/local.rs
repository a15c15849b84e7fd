//! The store in a local folder.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::engine::{Record, Snapshot, Store};
use crate::model::{Action, Addr, Error, ErrorClass, Result};

use super::disk::{Disk, SystemDisk};
use super::document::{Document, Identity};
use super::files::{Files, io};
use super::journal::{self, Entry};
use super::lock::{Lock, now};

/// A store in a local folder, held by one run.
pub struct LocalStore {
    disk: Arc<dyn Disk>,
    files: Files,
    inner: Mutex<Inner>,
    _lock: Lock,
}

struct Inner {
    document: Document,
    /// Bytes of the journal that are whole.
    length: u64,
    /// Set once a write failed in a way that leaves the disk unknown: nothing is written any more.
    broken: Option<Error>,
}

impl LocalStore {
    /// Takes the lock of a folder and opens the state in it, or begins one.
    pub fn open(folder: &Path, identity: &Identity) -> Result<LocalStore> {
        LocalStore::open_on(Arc::new(SystemDisk), folder, identity)
    }

    /// The same on another disk.
    pub fn open_on(disk: Arc<dyn Disk>, folder: &Path, identity: &Identity) -> Result<LocalStore> {
        disk.create_dir(folder).map_err(io(folder))?;
        let lock = Lock::acquire(folder)?;
        let files = Files::new(folder);
        let (document, length) = match files.load(&*disk)? {
            Some(loaded) => loaded,
            None => (Document::new(identity.clone()), 0),
        };
        document.deployment.check(identity, &files.state)?;
        let found = disk.read(&files.journal).map_err(io(&files.journal))?.unwrap_or_default().len() as u64;
        if found > length {
            // The torn end of a line that was being written when the last run was killed.
            disk.truncate(&files.journal, length).map_err(io(&files.journal))?;
        }
        let store =
            LocalStore { disk, files, inner: Mutex::new(Inner { document, length, broken: None }), _lock: lock };
        store.save()?;
        Ok(store)
    }

    /// Writes a snapshot and empties the journal, if there is anything in it. Called at the end of a run; not calling it
    /// loses nothing.
    pub fn save(&self) -> Result<()> {
        let mut inner = self.lock()?;
        if inner.document.serial > 0 && inner.length == 0 {
            return Ok(());
        }
        let mut next = inner.document.clone();
        next.serial += 1;
        self.files.save(&*self.disk, &next)?;
        inner.document = next;
        inner.length = 0;
        Ok(())
    }

    fn lock(&self) -> Result<MutexGuard<'_, Inner>> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        match &inner.broken {
            Some(error) => Err(error.clone()),
            None => Ok(inner),
        }
    }

    fn write(&self, entry: Entry) -> Result<()> {
        let mut inner = self.lock()?;
        let at = now();
        let mut next = inner.document.clone();
        next.journaled += 1;
        journal::apply(&mut next, entry.clone(), &at)
            .map_err(|what| Error::new(ErrorClass::Bug, format!("a transition that isn't legal: {what}")))?;
        let line = journal::encode(&next.lineage, next.journaled, &at, &entry)?;
        if let Err(error) = self.disk.append(&self.files.journal, &line) {
            let error = io(&self.files.journal)(error);
            // What reached the disk is unknown: take it back, and trust nothing further if that fails too.
            let back = match self.disk.read(&self.files.journal) {
                Ok(None) => Ok(()),
                Ok(Some(_)) => self.disk.truncate(&self.files.journal, inner.length),
                Err(error) => Err(error),
            };
            if back.is_err() {
                inner.broken = Some(error.clone());
            }
            return Err(error);
        }
        inner.length += line.len() as u64;
        inner.document = next;
        Ok(())
    }
}

/// The writes of [`Store`], for those who needn't wait for anything but the disk.
impl LocalStore {
    /// See [`Store::intend`].
    pub fn intend(&self, addr: &Addr, action: Action, token: &str) -> Result<()> {
        self.write(Entry::Intended { addr: addr.clone(), action, token: token.to_owned() })
    }

    /// See [`Store::acknowledge`].
    pub fn acknowledge(&self, addr: &Addr, record: &Record) -> Result<()> {
        self.write(Entry::Acknowledged { addr: addr.clone(), record: record.clone() })
    }

    /// See [`Store::abandon`].
    pub fn abandon(&self, addr: &Addr) -> Result<()> {
        self.write(Entry::Abandoned { addr: addr.clone() })
    }

    /// See [`Store::forget`].
    pub fn forget(&self, addr: &Addr) -> Result<()> {
        self.write(Entry::Forgotten { addr: addr.clone() })
    }
}

#[async_trait]
impl Store for LocalStore {
    fn snapshot(&self) -> Result<Snapshot> {
        Ok(self.lock()?.document.snapshot())
    }

    async fn intend(&self, addr: &Addr, action: Action, token: &str) -> Result<()> {
        self.intend(addr, action, token)
    }

    async fn acknowledge(&self, addr: &Addr, record: &Record) -> Result<()> {
        self.acknowledge(addr, record)
    }

    async fn abandon(&self, addr: &Addr) -> Result<()> {
        self.abandon(addr)
    }

    async fn forget(&self, addr: &Addr) -> Result<()> {
        self.forget(addr)
    }
}
