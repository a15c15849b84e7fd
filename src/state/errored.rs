//! A shared state that couldn't be written, saved in the local folder until it is pushed.

use std::path::{Path, PathBuf};

use crate::model::{Error, ErrorClass, Result};

use super::disk::{Disk, SystemDisk};
use super::document::Document;
use super::files::io;

/// Where it is.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("errored-state.json")
}

/// Reads it, if there is one.
pub(super) fn read(folder: &Path) -> Result<Option<Document>> {
    let path = path(folder);
    let content = SystemDisk.read(&path).map_err(io(&path))?;
    content.map(|content| Document::decode(&content, &path)).transpose()
}

/// Removes it after a state was pushed that it is part of.
pub(super) fn pushed(folder: &Path, document: &Document) -> Result<()> {
    let part = read(folder)?.is_some_and(|left| left.lineage == document.lineage && left.serial <= document.serial);
    if !part {
        return Ok(());
    }
    let path = path(folder);
    std::fs::remove_file(&path).map_err(io(&path))
}

/// Adds to an error of a write what was saved and how to go on.
pub(super) fn told(error: Error, place: &str, path: &Path) -> Error {
    let class = if error.class == ErrorClass::Credentials { error.class } else { ErrorClass::StateIo };
    Error { class, ..error }
        .context(format!("the state can't be written to {place}; it was saved at {}", path.display()))
        .hint(format!("once S3 can be reached, write it there: kfctl-cn state push {}", path.display()))
}

/// Refuses to go on from an older state while a newer one wasn't pushed.
pub(super) fn check(folder: &Path, found: Option<&Document>, place: &str) -> Result<()> {
    let Some(errored) = read(folder)? else { return Ok(()) };
    let outdated = found.is_some_and(|found| found.lineage != errored.lineage || found.serial >= errored.serial);
    if outdated {
        return Ok(());
    }
    let path = path(folder);
    Err(Error::new(ErrorClass::StateIo, format!("{} is newer than what is in {place}", path.display()))
        .caused_by("an earlier run couldn't write it there")
        .hint(format!("write it there: kfctl-cn state push {}", path.display()))
        .hint("or remove the file: the next run reads what exists and adopts it"))
}
