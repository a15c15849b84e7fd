//! Writes pinned files into the cache so that a killed run leaves nothing half-written and the next one goes on.

use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::{Digest, Lock, Pin, bundle_dir, verify};
use crate::model::{Error, ErrorClass, Result};

/// A bundle in the making. Files are collected in a folder beside the bundle's, which takes its name once it is complete: whoever
/// finds the bundle's folder finds a whole bundle. Holds the cache's lock until it is dropped.
pub(super) struct Store {
    lock: &'static Lock,
    done: PathBuf,
    work: PathBuf,
    allow: Vec<String>,
    _guard: File,
}

impl Store {
    /// # Errors
    /// Class `Locked` if another process fills the cache right now; class `StateIo` if the cache can't be written.
    pub fn open(lock: &'static Lock, cache: &Path, allow: &[String]) -> Result<Store> {
        let done = bundle_dir(cache, lock);
        let base = cache.join("bundle");
        fs::create_dir_all(&base)?;
        let guard = File::create(base.join("lock"))?;
        match guard.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(ErrorClass::Locked, format!("another run is filling {}", base.display()))
                    .hint("wait until it has ended, then try again"));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let work = if done.is_dir() { done.clone() } else { done.with_extension("partial") };
        fs::create_dir_all(work.join(TEMP))?;
        Ok(Store { lock, done, work, allow: allow.to_vec(), _guard: guard })
    }

    /// The lock that the files are held to.
    pub fn lock(&self) -> &'static Lock {
        self.lock
    }

    /// True if the file is there and as it must be. One of our own writing doesn't count: a source may have the real one.
    pub fn has(&self, pin: &Pin<'_>) -> bool {
        let accepts = |bytes: Vec<u8>| Digest::of(&bytes) == pin.digest || self.may_differ(pin);
        verify::read(&self.work.join(pin.full())).is_ok_and(accepts)
    }

    fn may_differ(&self, pin: &Pin<'_>) -> bool {
        verify::is_allowed(&pin.full(), &self.allow)
    }

    /// Writes a file, if its content is the pinned one or may differ.
    ///
    /// # Errors
    /// Class `Config` if the content is another; class `StateIo` if it can't be written.
    pub fn put(&self, pin: &Pin<'_>, bytes: &[u8]) -> Result<()> {
        let seen = Digest::of(bytes);
        if seen != pin.digest && pin.own() != Some(seen) && !self.may_differ(pin) {
            return Err(Error::new(ErrorClass::Config, format!("{} is not the pinned file", pin.full()))
                .caused_by(format!("expected sha256 {}, seen {seen}", pin.digest))
                .hint("fetch from another source with `--from`")
                .hint(format!("if you trust this one, accept it: `--allow-different {}`", pin.full())));
        }
        self.put_extra(&pin.full(), bytes)
    }

    /// Writes a file that is not pinned; `path` is ours, never from an archive.
    pub fn put_extra(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let target = self.work.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut temp = tempfile::NamedTempFile::new_in(self.work.join(TEMP))?;
        temp.write_all(bytes)?;
        temp.persist(&target).map_err(|error| error.error)?;
        Ok(())
    }

    /// Ends the work: gives the folder its name if every file that upstream's archives hold is there.
    ///
    /// # Errors
    /// Class `Config`, naming what is missing.
    pub fn finish(self) -> Result<PathBuf> {
        fs::remove_dir_all(self.work.join(TEMP))?;
        let report = verify(self.lock, &self.work, &self.allow)?;
        report.check(&self.work)?;
        if let Some(folder) = report.absent.first() {
            return Err(Error::new(ErrorClass::Config, format!("the source holds nothing of {folder}")));
        }
        if self.work != self.done {
            // Nothing is synced: after a power cut a file may be short, but every use of a bundle verifies it first.
            fs::rename(&self.work, &self.done)?;
        }
        Ok(self.done)
    }
}

/// Files that are being written; what a killed run left there is removed with it.
const TEMP: &str = ".writing";
