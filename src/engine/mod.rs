//! Plans and executes work on resources. Knows no cloud, no cluster and no terminal: only [`Resource`]s, a [`Store`] and
//! the events that it emits.

mod resource;
mod store;

pub use resource::{Context, Live, Observed, Outputs, Owner, Resource};
pub use store::{Record, Snapshot, Store};
