//! Field specs: which fields of which kinds a transformer touches, and what is known about the built-in kinds.

mod config;
mod crds;
mod defaults;
mod openapi;
mod schema;
mod spec;
mod walk;

pub use config::Config;
pub use schema::{Place, Schema, is_cluster_scoped};
pub use spec::{FieldSpec, Referrers, merge_all};
pub use walk::{Create, apply, bounded, follow, split_by};
