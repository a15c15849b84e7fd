//! State file, journal and lock, in a folder or in a bucket.
//!
//! The folder of a deployment holds `state.json` (what was acknowledged, as of the last snapshot), `state.json.previous`,
//! `journal.jsonl` (what was intended and acknowledged since) and `lock`. A shared state is one object in a bucket and one for
//! the lock. It is a cache and a log, never proof: each run reads reality, and a lost state is made anew by adopting what
//! exists. Nothing in it is secret.

mod disk;
mod document;
mod errored;
mod files;
mod journal;
mod local;
mod lock;
mod looking;
mod place;
mod remote;
mod schema;
mod transfer;
mod wait;

pub use disk::{Disk, SystemDisk};
pub use document::{Document, Identity};
pub use files::{Intent, View};
pub use local::LocalStore;
pub use lock::{Holder, Lock};
pub use looking::Looking;
pub use place::{Held, Place};
pub use remote::{Objects, Only, Put, RemoteStore, S3Objects};
pub use transfer::Moved;
pub use wait::Wait;
