//! What time and power cuts are in the tests: a clock that jumps, a plug that can be pulled, a disk on that plug.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use kfctl_cn::engine::Clock;
use kfctl_cn::state::{Disk, SystemDisk};

/// A clock that jumps to the next sleeper as soon as nobody has anything else to do.
#[derive(Default)]
pub struct JumpClock {
    now: Mutex<Duration>,
    sleepers: Mutex<BTreeMap<(Duration, usize), ()>>,
    next: AtomicUsize,
}

struct Sleeper<'a>(&'a JumpClock, (Duration, usize));

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.0.sleepers.lock().unwrap().remove(&self.1);
    }
}

#[async_trait]
impl Clock for JumpClock {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        let key = (self.now() + duration, self.next.fetch_add(1, SeqCst));
        self.sleepers.lock().unwrap().insert(key, ());
        let _sleeper = Sleeper(self, key);
        loop {
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            let first = self.sleepers.lock().unwrap().keys().next().copied();
            if self.now() >= key.0 || first == Some(key) {
                let mut now = self.now.lock().unwrap();
                *now = (*now).max(key.0);
                return;
            }
        }
    }
}

/// Pulls the plug at one I/O boundary: from then on nothing has an effect any more.
#[derive(Default)]
pub struct Plug {
    passed: AtomicUsize,
    at: Option<usize>,
    dead: AtomicBool,
    notify: tokio::sync::Notify,
}

impl Plug {
    pub fn at(at: Option<usize>) -> Arc<Plug> {
        Arc::new(Plug { at, ..Plug::default() })
    }

    /// True if the process is still alive after this boundary.
    pub fn alive(&self) -> bool {
        if self.dead.load(SeqCst) {
            return false;
        }
        let n = self.passed.fetch_add(1, SeqCst);
        if Some(n) != self.at {
            return true;
        }
        self.dead.store(true, SeqCst);
        self.notify.notify_one();
        false
    }

    /// Passes a boundary or never returns.
    pub async fn pass(&self) {
        if !self.alive() {
            std::future::pending::<()>().await;
        }
    }

    pub async fn pulled(&self) {
        self.notify.notified().await;
    }

    pub fn is_dead(&self) -> bool {
        self.dead.load(SeqCst)
    }

    pub fn passed(&self) -> usize {
        self.passed.load(SeqCst)
    }
}

/// A disk whose plug can be pulled before, within and after each write.
pub struct PlugDisk(pub Arc<Plug>);

impl PlugDisk {
    fn cut(&self, content: &[u8], write: impl Fn(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let gone = || Err(io::Error::other("unplugged"));
        if self.0.is_dead() {
            return gone();
        }
        if !self.0.alive() {
            return gone();
        }
        if !self.0.alive() {
            write(&content[..content.len() / 2])?;
            return gone();
        }
        write(content)?;
        if self.0.alive() { Ok(()) } else { gone() }
    }
}

impl Disk for PlugDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.cut(&[], |_| SystemDisk.create_dir(path))
    }
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        SystemDisk.read(path)
    }
    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.cut(content, |part| SystemDisk.write(path, part))
    }
    fn append(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.cut(content, |part| SystemDisk.append(path, part))
    }
    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.cut(&[], |_| SystemDisk.truncate(path, length))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.cut(&[0; 2], |part| if part.len() == 2 { SystemDisk.rename(from, to) } else { Ok(()) })
    }
}
