//! The embedded sample bundle.

use std::path::Path;
use std::sync::OnceLock;

use fs_err as fs;

use super::sample_files::FILES;
use super::store::Store;
use super::{Bundle, Lock, Pin, bundle_dir};
use crate::model::Result;

/// The name that selects the sample in place of a folder.
pub const SAMPLE: &str = "sample";

/// The lock file at the root of a bundle; only the sample has one.
pub(super) const LOCK_FILE: &str = "bundle.lock.yaml";

const TEXT: &str = include_str!("../../manifests/sample-bundle/bundle.lock.yaml");

/// The lock of the sample.
pub(super) fn lock() -> Result<&'static Lock> {
    static LOCK: OnceLock<Result<Lock>> = OnceLock::new();
    LOCK.get_or_init(|| Lock::parse(TEXT, "sample-bundle/bundle.lock.yaml")).as_ref().map_err(Clone::clone)
}

/// True if a folder carries the very lock file of the sample. A folder can't bring pins of its own: any other lock file in it is
/// ignored.
pub(super) fn is_sample(dir: &Path) -> bool {
    fs::read(dir.join(LOCK_FILE)).is_ok_and(|text| text == TEXT.as_bytes())
}

/// The embedded file that may stand in for a pinned one that no upstream archive holds.
pub(super) fn own(pin: &Pin<'_>) -> Option<&'static str> {
    pin.own()?;
    FILES.iter().find(|(path, _)| *path == pin.full()).map(|(_, text)| *text)
}

/// Unpacks the sample into the cache, unless it lies there whole, and opens it.
pub(super) fn unpacked(cache: &Path) -> Result<Bundle> {
    let lock = lock()?;
    let dir = bundle_dir(cache, lock);
    if let Ok(bundle) = Bundle::open(&dir, &[]) {
        return Ok(bundle);
    }
    let store = Store::open(lock, cache, &[])?;
    for (path, text) in FILES {
        if let Some(pin) = lock.pins().find(|pin| pin.full() == *path) {
            store.put(&pin, text.as_bytes())?;
        }
    }
    store.put_extra(LOCK_FILE, TEXT.as_bytes())?;
    store.finish()?;
    Bundle::open(&dir, &[])
}
