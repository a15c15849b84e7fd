//! The lock: one run at a time. Held by the kernel, so that a killed run leaves none behind.

use std::fmt;
use std::fs::TryLockError;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::model::{Error, ErrorClass, Result};

use super::files::io;

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The user.
    pub who: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// Since when, RFC 3339.
    pub since: String,
    /// What `state unlock` takes; empty for a local lock, which a killed run doesn't leave behind.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// When it last showed that it lives, RFC 3339; empty for a local lock.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub renewed: String,
}

/// A held lock. Dropping it lets it go.
#[derive(Debug)]
pub struct Lock {
    _file: std::fs::File,
}

impl Lock {
    /// Takes the lock of a folder, or says who has it.
    pub fn acquire(folder: &Path) -> Result<Lock> {
        let path = path(folder);
        let file = open(&path).map_err(io(&path))?;
        let mut tries = 5;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                // Somebody who only looks who holds it has it for an instant.
                Err(TryLockError::WouldBlock) if tries > 0 => std::thread::sleep(Duration::from_millis(20)),
                Err(TryLockError::WouldBlock) => return Err(held(&path)),
                Err(TryLockError::Error(error)) => return Err(io(&path)(error)),
            }
            tries -= 1;
        }
        let text = serde_json::to_string(&Holder::me())
            .map_err(|error| Error::new(ErrorClass::Bug, format!("the lock can't be written as JSON: {error}")))?;
        fs::write(&path, text + "\n").map_err(io(&path))?;
        Ok(Lock { _file: file })
    }

    /// Who holds the lock of a folder now, if anybody does.
    pub fn holder(folder: &Path) -> Option<Holder> {
        let path = path(folder);
        let file = std::fs::File::open(&path).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => serde_json::from_slice(&fs::read(&path).ok()?).ok(),
            _ => None,
        }
    }
}

impl Holder {
    pub(super) fn me() -> Holder {
        let env = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let host = fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|text| text.trim().to_owned());
        Holder {
            who: env("USER").or_else(|| env("LOGNAME")).or_else(user_id).unwrap_or_else(|| "unknown".into()),
            host: host.or_else(|| env("HOSTNAME")).unwrap_or_else(|| "unknown".into()),
            pid: std::process::id(),
            since: now(),
            id: String::new(),
            renewed: String::new(),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Holder { who, host, pid, since, .. } = self;
        write!(f, "{who} on {host}, process {pid}, since {since}")
    }
}

/// The time now, RFC 3339, to the second.
pub(super) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The number of the user, for a process whose environment names none, such as in a container.
fn user_id() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").ok().map(|of| format!("user {}", of.uid()))
}

fn path(folder: &Path) -> PathBuf {
    folder.join("lock")
}

fn open(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn held(path: &Path) -> Error {
    let holder = fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Holder>(&bytes).ok());
    let whose = match holder {
        Some(holder) => format!("by {holder}"),
        None => "by another run".into(),
    };
    Error::new(ErrorClass::Locked, format!("{} is held {whose}", path.display()))
        .hint("wait until that run is done (--lock-timeout 30m does), or stop it with Ctrl-C there; a killed run holds nothing")
}
