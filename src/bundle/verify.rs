//! Compares a folder with a lock.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;

use fs_err as fs;

use super::{Digest, Lock};
use crate::model::{Error, ErrorClass, Result};

/// A file whose content is not the pinned one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Different {
    /// Path below the bundle's root.
    pub path: String,
    /// The pinned digest.
    pub expected: Digest,
    /// The digest of what lies there.
    pub seen: Digest,
}

/// How a folder compares with a lock. All paths are below the bundle's root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How many files are as pinned.
    pub matching: usize,
    /// Those of the matching files that are of our own writing, in place of what no upstream archive holds.
    pub own: Vec<String>,
    /// Files that differ and may.
    pub allowed: Vec<Different>,
    /// Files that differ.
    pub different: Vec<Different>,
    /// Files that should be there, of components that are.
    pub missing: Vec<String>,
    /// Files that are missing and that no upstream archive holds; only what needs them fails.
    pub missing_rendered: Vec<String>,
    /// Folders of components that are missing altogether; only what needs them fails.
    pub absent: Vec<String>,
    /// Files that no lock line names. Harmless: whatever could refer to them is pinned.
    pub extra: Vec<String>,
}

/// Compares a folder with a lock. An entry of `allow` is a file that may differ: its path below the root, or the end of one
/// (`sync.py`).
///
/// # Errors
/// Class `Usage` if an entry of `allow` fits no pinned file; class `StateIo` if a file can't be read. What the comparison finds
/// is not an error here: see [`Report::check`].
pub fn verify(lock: &Lock, root: &Path, allow: &[String]) -> Result<Report> {
    if let Some(entry) = allow.iter().find(|entry| !lock.pins().any(|pin| fits(&pin.full(), entry))) {
        return Err(Error::new(ErrorClass::Usage, format!("no file of the bundle is called `{entry}`"))
            .hint("name a file by its path in the bundle, or by the end of that path"));
    }
    let mut report = Report::default();
    let mut pinned: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for component in lock.components() {
        pinned.insert(&component.folder, component.files.keys().map(String::as_str).collect());
        if !root.join(&component.folder).is_dir() {
            report.absent.push(component.folder.clone());
            continue;
        }
        for pin in component.pins() {
            let path = pin.full();
            let seen = match read(&root.join(&path)) {
                Ok(bytes) => Digest::of(&bytes),
                Err(error) if error.kind() == ErrorKind::NotFound && pin.rendered() => {
                    report.missing_rendered.push(path);
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    report.missing.push(path);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let different = Different { path, expected: pin.digest, seen };
            if seen == pin.digest {
                report.matching += 1;
            } else if pin.own() == Some(seen) {
                report.matching += 1;
                report.own.push(different.path);
            } else if is_allowed(&different.path, allow) {
                report.allowed.push(different);
            } else {
                report.different.push(different);
            }
        }
    }
    for (folder, files) in pinned {
        extras(root, folder, "", &files, &mut report.extra)?;
    }
    Ok(report)
}

impl Report {
    /// Says no to a bundle with a missing or differing file, and names each.
    ///
    /// # Errors
    /// Class `Config`.
    pub fn check(&self, root: &Path) -> Result<()> {
        let fetch = "`kfctl-cn bundle fetch` gets the pinned files";
        if let Some(first) = self.different.first() {
            let mut error =
                Error::new(ErrorClass::Config, format!("{} not as pinned", count(self.different.len(), root)));
            for file in self.different.iter().take(10) {
                error =
                    error.caused_by(format!("{}: expected sha256 {}, seen {}", file.path, file.expected, file.seen));
            }
            return Err(error
                .hint(fetch)
                .hint(format!("if you trust what lies there, accept it: `--allow-different {}`", first.path)));
        }
        if self.matching + self.allowed.len() == 0 {
            return Err(Error::new(ErrorClass::Config, format!("{} holds no bundle", root.display())).hint(fetch));
        }
        if !self.missing.is_empty() {
            let shown: Vec<&str> = self.missing.iter().take(5).map(String::as_str).collect();
            let more = self.missing.len() - shown.len();
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            return Err(Error::new(ErrorClass::Config, format!("{} missing", count(self.missing.len(), root)))
                .caused_by(format!("{}{more}", shown.join(", ")))
                .hint(fetch));
        }
        Ok(())
    }
}

fn count(files: usize, root: &Path) -> String {
    let (what, are) = if files == 1 { ("file", "is") } else { ("files", "are") };
    format!("{files} {what} of the bundle in {} {are}", root.display())
}

/// True if a file may differ.
pub(super) fn is_allowed(path: &str, allow: &[String]) -> bool {
    allow.iter().any(|entry| fits(path, entry))
}

fn fits(path: &str, entry: &str) -> bool {
    path == entry || path.strip_suffix(entry).is_some_and(|before| before.ends_with('/'))
}

/// Reads a regular file; a link or a folder in its place counts as missing, since a pinned file is neither.
pub(super) fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(std::io::Error::new(ErrorKind::NotFound, format!("{} is not a regular file", path.display())));
    }
    fs::read(path)
}

fn extras(root: &Path, folder: &str, below: &str, pinned: &BTreeSet<&str>, extra: &mut Vec<String>) -> Result<()> {
    let entries = match fs::read_dir(root.join(folder).join(below)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type()?.is_dir() {
            extras(root, folder, &path, pinned, extra)?;
        } else if !pinned.contains(path.as_str()) {
            extra.push(format!("{folder}/{path}"));
        }
    }
    extra.sort();
    Ok(())
}
