//! The state in a bucket that several machines reach: one object for the state, one for the lock.
//!
//! There is no journal: each event writes the whole state, some ten kilobytes, if nobody else has written it since. Events
//! that come while a write is under way go together with the next one, so that the number of writes stays low where many
//! things happen at once. An intent is in S3 before the call that it is for.

mod lock;
mod objects;
mod s3;
mod store;
mod write;

pub use objects::{Objects, Only, Put};
pub use s3::S3Objects;
pub use store::RemoteStore;

pub(super) use lock::RemoteLock;
pub(super) use write::{Seen, Writer, read};

/// The name of the object with the state.
pub(super) const STATE: &str = "state.json";
