//! State file, journal and lock.
//!
//! The folder of a deployment holds `state.json` (what was acknowledged, as of the last snapshot), `state.json.previous`,
//! `journal.jsonl` (what was intended and acknowledged since) and `lock`. It is a cache and a log, never proof: each run
//! reads reality, and a lost folder is made anew by adopting what exists. Nothing in it is secret.

mod disk;
mod document;
mod files;
mod journal;
mod local;
mod lock;
mod looking;

pub use disk::{Disk, SystemDisk};
pub use document::Identity;
pub use files::{Intent, View};
pub use local::LocalStore;
pub use lock::{Holder, Lock};
pub use looking::Looking;
