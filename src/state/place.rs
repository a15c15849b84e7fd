//! Where the state of one deployment is: a folder, or a bucket and a folder for what can't be written there.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Store;
use crate::model::{Error, ErrorClass, Result};

use super::disk::SystemDisk;
use super::document::{Document, Identity};
use super::files::{Files, View};
use super::local::LocalStore;
use super::lock::{Holder, Lock};
use super::remote::{Objects, RemoteLock, RemoteStore, read};
use super::wait::Wait;

/// How long passing errors of S3 are waited out before a write is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the state of one deployment is.
#[derive(Clone)]
pub enum Place {
    /// In a folder.
    Local(PathBuf),
    /// In an object store.
    Remote {
        /// The objects.
        objects: Arc<dyn Objects>,
        /// The local folder of the deployment.
        folder: PathBuf,
    },
}

/// A state that a run holds.
pub enum Held {
    /// In a folder.
    Local(Arc<LocalStore>),
    /// In an object store.
    Remote(Arc<RemoteStore>),
}

impl Place {
    /// Takes the lock and opens the state, or begins one.
    ///
    /// # Errors
    /// Class `Locked` if another run has it for longer than one waits.
    pub async fn open(&self, identity: &Identity, wait: &Wait) -> Result<Held> {
        match self {
            Place::Local(folder) => {
                let store = wait.patiently(async || LocalStore::open(folder, identity)).await?;
                Ok(Held::Local(Arc::new(store)))
            }
            Place::Remote { objects, folder } => {
                for advice in objects.inspect().await? {
                    (wait.note)(&format!("warning: {advice}"));
                }
                self.not_left_behind(folder).await?;
                let store = RemoteStore::open(objects.clone(), folder, identity, PATIENCE, wait).await?;
                Ok(Held::Remote(Arc::new(store)))
            }
        }
    }

    /// The state as it is now, without a lock; `None` if there is none.
    pub async fn look(&self) -> Result<Option<View>> {
        Ok(match self.document().await? {
            Some(document) => Some(View::of(document, self.holder().await?)),
            None => None,
        })
    }

    /// Who holds the lock now.
    pub async fn holder(&self) -> Result<Option<Holder>> {
        match self {
            Place::Local(folder) => Ok(Lock::holder(folder)),
            Place::Remote { objects, .. } => RemoteLock::holder(&**objects).await,
        }
    }

    /// The state as it is now, with what the journal adds.
    pub async fn document(&self) -> Result<Option<Document>> {
        match self {
            Place::Local(folder) => Ok(Files::new(folder).load(&SystemDisk)?.map(|(document, _)| document)),
            Place::Remote { objects, .. } => Ok(read(&**objects).await?.map(|(document, ..)| document)),
        }
    }

    /// Removes the lock that a dead run has left behind, by its id. Returns whose it was.
    ///
    /// # Errors
    /// Class `Usage` if it isn't locked, or by another run.
    pub async fn unlock(&self, id: &str) -> Result<Holder> {
        match self {
            Place::Local(folder) => {
                let message = match Lock::holder(folder) {
                    Some(holder) => format!("{} is locked by {holder}, which lives", folder.display()),
                    None => format!("{} is not locked", folder.display()),
                };
                Err(Error::new(ErrorClass::Usage, message).hint(
                    "a lock in a local folder is the kernel's: it ends with its process, and nothing is left behind",
                ))
            }
            Place::Remote { objects, .. } => RemoteLock::unlock(&**objects, id).await,
        }
    }

    /// Refuses to begin a shared state where a local one is there that was never moved.
    async fn not_left_behind(&self, folder: &Path) -> Result<()> {
        let local = Files::new(folder).state;
        if !local.exists() || self.document().await?.is_some() {
            return Ok(());
        }
        Err(Error::new(ErrorClass::Config, format!("{self} has no state yet, but {} is there", local.display()))
            .hint("move it: `kfctl-cn state migrate --from local --to s3://…`, with what is in `spec.state.backend`")
            .hint("or move the file away: `up` adopts everything that exists"))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Local(folder) => write!(f, "{}", folder.display()),
            Place::Remote { objects, .. } => f.write_str(&objects.place()),
        }
    }
}

impl Held {
    /// What the engine writes to.
    pub fn store(&self) -> Arc<dyn Store> {
        match self {
            Held::Local(store) => store.clone(),
            Held::Remote(store) => store.clone(),
        }
    }

    /// Writes a snapshot, or what isn't written yet. Not calling it loses nothing that was acknowledged.
    pub async fn save(&self) -> Result<()> {
        match self {
            Held::Local(store) => store.save(),
            Held::Remote(store) => store.save().await,
        }
    }

    /// Lets a shared lock go; a local one goes with the last user of the store.
    pub async fn close(&self) -> Result<()> {
        match self {
            Held::Local(_) => Ok(()),
            Held::Remote(store) => store.close().await,
        }
    }
}
