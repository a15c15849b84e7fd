//! Reads a `.tar.gz` that may be cut, huge or hostile, and hands out the pinned files in it.
//!
//! An entry is never written where it says: its path only looks up a pin, and the pin says where the content goes.

use std::collections::HashMap;
use std::io::{self, Read};

use flate2::read::GzDecoder;

use super::lock::is_plain;
use crate::model::{Error, ErrorClass, Result};

/// No pinned file is larger; the largest today has under a megabyte.
pub(super) const MAX_FILE: u64 = 16 << 20;
/// No archive of a pinned tag unpacks to more.
const MAX_ARCHIVE: u64 = 4 << 30;

/// Hands every wanted entry to `put`, at most once each; stops reading when it has them all. Keys of `wanted` are paths below the
/// archive's single top folder, or whole paths. Returns the keys that the archive doesn't hold.
///
/// # Errors
/// Class `Transient` for an archive that ends early or is damaged: what a broken transfer leaves. Class `Config` for one that isn't
/// what it should be: an entry that leaves the archive, a link in place of a pinned file, a file or archive beyond all measure.
pub(super) fn unpack<W: Copy>(
    archive: impl Read,
    mut wanted: HashMap<String, W>,
    mut put: impl FnMut(W, Vec<u8>) -> Result<()>,
) -> Result<Vec<String>> {
    let bounded = Bounded { inner: GzDecoder::new(archive), left: MAX_ARCHIVE };
    let mut tar = tar::Archive::new(bounded);
    for entry in tar.entries().map_err(damaged)? {
        if wanted.is_empty() {
            break;
        }
        let mut entry = entry.map_err(damaged)?;
        if entry.header().entry_type().is_pax_global_extensions() {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = path.strip_prefix("./").unwrap_or(&path).trim_end_matches('/');
        if path.is_empty() || path == "." {
            continue;
        }
        if !is_plain(path) {
            return Err(hostile(format!("its entry `{}` leaves the archive", path.escape_debug())));
        }
        let stripped = path.split_once('/').map_or("", |(_, rest)| rest);
        let key = if wanted.contains_key(stripped) { stripped } else { path };
        let Some(pin) = wanted.get(key).copied() else { continue };
        if !entry.header().entry_type().is_file() {
            return Err(hostile(format!("its entry `{path}` is a link or a folder, not a file")));
        }
        if entry.size() > MAX_FILE {
            return Err(hostile(format!("its entry `{path}` has {} bytes", entry.size())));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(damaged)?;
        put(pin, bytes)?;
        wanted.remove(key);
    }
    let mut missing: Vec<String> = wanted.into_keys().collect();
    missing.sort();
    Ok(missing)
}

fn hostile(what: String) -> Error {
    Error::new(ErrorClass::Config, "the archive is not what it should be")
        .caused_by(what)
        .hint("fetch from another source with `--from`")
}

fn damaged(error: io::Error) -> Error {
    if error.get_ref().is_some_and(|inner| inner.is::<TooLarge>()) {
        return hostile(error.to_string());
    }
    Error::new(ErrorClass::Transient, "the archive is cut or damaged").caused_by(error.to_string())
}

#[derive(Debug, thiserror::Error)]
#[error("it unpacks to more than 4 GiB")]
struct TooLarge;

/// Stops what expands without end.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other(TooLarge))?;
        Ok(read)
    }
}
