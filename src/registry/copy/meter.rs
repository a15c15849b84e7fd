//! How far a run of copies is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::super::Counter;

/// Counts what is known, sent and spared. Read while it goes on.
pub struct Meter {
    images: u64,
    ended: AtomicU64,
    planned: AtomicU64,
    spared: AtomicU64,
    mounted: AtomicU64,
    /// Bytes that were sent, those in flight included.
    pub sent: Counter,
    start: Instant,
}

impl Meter {
    /// A meter for so many images.
    pub fn new(images: usize) -> Meter {
        Meter {
            images: images as u64,
            ended: AtomicU64::new(0),
            planned: AtomicU64::new(0),
            spared: AtomicU64::new(0),
            mounted: AtomicU64::new(0),
            sent: Counter::default(),
            start: Instant::now(),
        }
    }

    pub(super) fn ended(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn plan(&self, bytes: u64) {
        self.planned.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn spare(&self, bytes: u64) {
        self.spared.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn mount(&self, bytes: u64) {
        self.mounted.fetch_add(bytes, Ordering::Relaxed);
        self.spare(bytes);
    }

    /// Images in all, and those that ended.
    pub fn images(&self) -> (u64, u64) {
        (self.images, self.ended.load(Ordering::Relaxed))
    }

    /// Bytes of all blobs that are known so far: it grows while manifests are read.
    pub fn planned(&self) -> u64 {
        self.planned.load(Ordering::Relaxed)
    }

    /// Bytes that needn't be sent: they were there, or were mounted.
    pub fn spared(&self) -> u64 {
        self.spared.load(Ordering::Relaxed)
    }

    /// Bytes that were mounted from other repositories of the target.
    pub fn mounted(&self) -> u64 {
        self.mounted.load(Ordering::Relaxed)
    }

    /// Time since the beginning.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Bytes a second, on average.
    pub fn rate(&self) -> u64 {
        (self.sent.get() as f64 / self.elapsed().as_secs_f64().max(0.001)) as u64
    }

    /// One line for people, such as `12 of 20 images, 1.2 of 3.4 GiB sent or there, 56.7 MiB/s`.
    pub fn line(&self) -> String {
        let (images, ended) = self.images();
        let done = bytes(self.sent.get() + self.spared());
        let (all, rate) = (bytes(self.planned()), bytes(self.rate()));
        format!("{ended} of {images} images, {done} of {all} there, {rate}/s")
    }
}

/// Bytes for people.
pub fn bytes(count: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut at = 0;
    while value >= 1024.0 && at + 1 < units.len() {
        value /= 1024.0;
        at += 1;
    }
    if at == 0 { format!("{count} B") } else { format!("{value:.1} {}", units[at]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is() {
        let meter = Meter::new(3);
        meter.plan(3 << 20);
        meter.sent.add(1 << 20);
        meter.spare(512);
        meter.ended();
        assert!(meter.line().starts_with("1 of 3 images, 1.0 MiB of 3.0 MiB there, "), "{}", meter.line());
        assert_eq!(bytes(1023), "1023 B");
    }
}
