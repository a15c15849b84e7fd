//! Where blobs lie at targets, as earlier runs left them: what one repository of a registry has needn't be sent to another.
//!
//! It is a cache, a line a blob in a text file. What it says may have become wrong; then the registry takes the upload as if nothing
//! had been asked, and only time was hoped for.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::super::{Digest, Reference};

/// A file that is longer is begun anew.
const MOST: u64 = 4 << 20;

/// The places of blobs that are known from earlier runs, and those that this one adds. Whatever goes wrong with its file only makes
/// it know less.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    known: Mutex<HashMap<(String, Digest), String>>,
}

impl Ledger {
    /// Reads what earlier runs left in a file, if it is there.
    pub fn open(path: &Path) -> Ledger {
        if std::fs::metadata(path).is_ok_and(|file| file.len() > MOST) {
            let _ = std::fs::remove_file(path);
        }
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let known = text.lines().filter_map(|line| {
            let mut words = line.split('\t');
            let (host, digest, repository) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
            Some(((host.to_owned(), digest), repository.to_owned()))
        });
        Ledger { path: path.to_owned(), known: Mutex::new(known.collect()) }
    }

    /// Another repository of the image's registry that had a blob when it was last heard of.
    pub(super) fn elsewhere(&self, image: &Reference, blob: Digest) -> Option<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(image.host.clone(), blob)).filter(|place| **place != image.repository).cloned()
    }

    /// Writes down that the image's repository has a blob, unless that is known.
    pub(super) fn note(&self, image: &Reference, blob: Digest) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.insert((image.host.clone(), blob), image.repository.clone());
        if before.as_ref() == Some(&image.repository) {
            return;
        }
        let line = format!("{}\t{blob}\t{}\n", image.host, image.repository);
        let folder = self.path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let file = || std::fs::OpenOptions::new().append(true).create(true).open(&self.path);
        // One write a line: another run may write at the same time.
        if let Err(error) = folder.and_then(|()| file()?.write_all(line.as_bytes())) {
            tracing::debug!("{}: {error}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_known_to_the_next_run_for_the_same_registry_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/blobs.tsv");
        let image = |name: &str| name.parse::<Reference>().unwrap();
        let (blob, other) = (Digest::of(b"a"), Digest::of(b"b"));
        let ledger = Ledger::open(&path);
        for _ in 0..2 {
            ledger.note(&image("r.io/a/x:1"), blob);
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
        let ledger = Ledger::open(&path);
        assert_eq!(ledger.elsewhere(&image("r.io/b/y:1"), blob).as_deref(), Some("a/x"));
        assert_eq!(ledger.elsewhere(&image("r.io/a/x:2"), blob), None, "it is looked for there anyway");
        assert_eq!(ledger.elsewhere(&image("q.io/b/y:1"), blob), None);
        assert_eq!(ledger.elsewhere(&image("r.io/b/y:1"), other), None);
        std::fs::write(&path, "nonsense\n\tx\ty\n").unwrap();
        assert_eq!(Ledger::open(&path).elsewhere(&image("r.io/b/y:1"), blob), None);
    }
}
