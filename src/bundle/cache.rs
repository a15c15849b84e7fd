//! Where fetched bundles lie.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Lock;
use crate::model::{Error, ErrorClass, Result};

/// The cache of the program: `KFCTL_CN_CACHE`, else `kfctl-cn` in `XDG_CACHE_HOME`, else `~/.cache/kfctl-cn`.
///
/// # Errors
/// Class `StateIo` if none of these variables and no `HOME` is set.
pub fn cache_dir() -> Result<PathBuf> {
    cache_dir_from(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

pub(super) fn cache_dir_from(var: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf> {
    if let Some(dir) = var("KFCTL_CN_CACHE") {
        return Ok(dir.into());
    }
    if let Some(dir) = var("XDG_CACHE_HOME") {
        return Ok(Path::new(&dir).join("kfctl-cn"));
    }
    match var("HOME") {
        Some(home) => Ok(Path::new(&home).join(".cache/kfctl-cn")),
        None => Err(Error::new(ErrorClass::StateIo, "there is no folder for the cache: HOME is not set")
            .hint("set KFCTL_CN_CACHE to a folder that can be written")),
    }
}

/// The folder in the cache that holds the files of a lock: `bundle/<digest of the lock>`, so that a program with another lock
/// never reads these.
pub fn bundle_dir(cache: &Path, lock: &Lock) -> PathBuf {
    cache.join("bundle").join(lock.digest().short())
}
