//! The pinned upstream files: the lock, where they come from, the cache, and what they must hash to.
//!
//! A machine in China can't count on GitHub, and a tag can be moved, so nothing upstream is trusted by its address: every
//! file is pinned by sha256 in `manifests/bundle.lock.yaml`, and comes from wherever it can be had (upstream's archives, a
//! mirror, a folder, an archive that [`pack()`] made). Knows nothing of what the files mean.
//!
//! The *sample* is a second, small bundle of our own writing with the same layout, embedded in the program: it lets a machine
//! that reaches no upstream rehearse.

mod cache;
mod component;
mod digest;
mod download;
mod fetch;
mod lock;
mod open;
mod pack;
mod sample;
mod sample_files;
mod store;
mod unpack;
mod verify;

#[cfg(test)]
mod tests;

pub use cache::{bundle_dir, cache_dir};
pub use component::Component;
pub use digest::Digest;
pub use fetch::{FetchOptions, Fetched, Progress, Source, fetch};
pub use lock::{Lock, Pin, Pinned, Upstream};
pub use open::{Bundle, FindOptions};
pub use pack::{Packed, pack};
pub use sample::SAMPLE;
pub use verify::{Different, Report, verify};
