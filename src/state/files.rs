//! What is in the folder, read without holding the lock.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::Record;
use crate::model::{Action, Addr, Error, ErrorClass, Result};

use super::disk::{Disk, SystemDisk};
use super::document::{Document, Identity};
use super::journal;
use super::lock::{Holder, Lock};

/// An intent without an acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// What was to be done.
    pub action: Action,
    /// The client token.
    pub token: String,
    /// When it was written down, RFC 3339.
    pub at: String,
}

/// What a state holds, for looking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// Whose it is.
    pub deployment: Identity,
    /// Random, made with the state: states of the same lineage are one state at different times.
    pub lineage: String,
    /// Counts snapshots.
    pub serial: u64,
    /// What was acknowledged.
    pub resources: BTreeMap<Addr, Record>,
    /// What was begun and not acknowledged.
    pub intents: BTreeMap<Addr, Intent>,
    /// Who is working on it now.
    pub holder: Option<Holder>,
}

impl View {
    /// Looks at the state in a folder; `None` if there is none. Takes no lock: a run may go on meanwhile.
    pub fn open(folder: &Path) -> Result<Option<View>> {
        let files = Files::new(folder);
        let Some((document, _)) = files.load(&SystemDisk)? else { return Ok(None) };
        Ok(Some(View::of(document, Lock::holder(folder))))
    }

    pub(super) fn of(document: Document, holder: Option<Holder>) -> View {
        let Document { deployment, lineage, serial, resources, intents, .. } = document;
        View { deployment, lineage, serial, resources, intents, holder }
    }
}

/// The paths of the files.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) state: PathBuf,
    pub(super) journal: PathBuf,
}

impl Files {
    pub(super) fn new(folder: &Path) -> Self {
        Files { state: folder.join("state.json"), journal: folder.join("journal.jsonl") }
    }

    /// The name of a file beside the state.
    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.state.clone().into_os_string();
        name.push(suffix);
        name.into()
    }

    /// Writes a snapshot, keeps the one before, and empties the journal, whose lines it must contain.
    pub(super) fn save(&self, disk: &dyn Disk, document: &Document) -> Result<()> {
        let bytes = document.encode()?;
        let fail = io(&self.state);
        let (temporary, previous) = (self.beside(".new"), self.beside(".previous"));
        if let Some(old) = disk.read(&self.state).map_err(&fail)? {
            disk.write(&temporary, &old).map_err(&fail)?;
            disk.rename(&temporary, &previous).map_err(&fail)?;
        }
        disk.write(&temporary, &bytes).map_err(&fail)?;
        disk.rename(&temporary, &self.state).map_err(&fail)?;
        if disk.read(&self.journal).map_err(&fail)?.is_some() {
            disk.truncate(&self.journal, 0).map_err(&fail)?;
        }
        Ok(())
    }

    /// The snapshot with the journal added, and how many bytes of the journal are whole.
    pub(super) fn load(&self, disk: &dyn Disk) -> Result<Option<(Document, u64)>> {
        loop {
            let state = disk.read(&self.state).map_err(io(&self.state))?;
            let journal = disk.read(&self.journal).map_err(io(&self.journal))?.unwrap_or_default();
            // Another run may write its snapshot and empty the journal between the two reads.
            if disk.read(&self.state).map_err(io(&self.state))? != state {
                continue;
            }
            let Some(state) = state else {
                if journal.is_empty() {
                    return Ok(None);
                }
                return Err(Error::new(
                    ErrorClass::StateIo,
                    format!("{} is gone, but {} is there", self.state.display(), self.journal.display()),
                )
                .hint(format!("put {} in its place", self.beside(".previous").display()))
                .hint("or move the folder away and run `kfctl-cn up`: it adopts everything that exists"));
            };
            let mut document = Document::decode(&state, &self.state)?;
            let whole = journal::replay(&mut document, &journal, &self.journal)?;
            return Ok(Some((document, whole)));
        }
    }
}

/// Turns an I/O error at a path into ours.
pub(super) fn io(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |error| {
        let hint = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                "free some space there and run it again: nothing is half-written"
            }
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                "make it writable for you, or choose another place with --state-dir"
            }
            _ => "see that the place can be read and written, or choose another one with --state-dir",
        };
        Error::new(ErrorClass::StateIo, format!("the state at {} can't be read or written", path.display()))
            .caused_by(error.to_string())
            .hint(hint)
    }
}
