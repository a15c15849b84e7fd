//! The cluster: server-side apply, order, readiness, inventory, removal.
//!
//! Works on objects as data, so that one path serves the 40 kinds of the deployment. Knows no AWS: the bearer token comes from a
//! [`TokenSource`] that the caller makes. Every question is a GET; only [`apply`], [`remove`], [`gone`], [`remove_claims`] and [`Inventory`] write;
//! [`forecast`] asks with `dryRun`.

mod answering;
mod apply;
mod blocker;
mod classes;
mod client;
mod compare;
mod connect;
mod diagnosis;
mod discovery;
mod forecast;
mod gone;
mod guests;
mod hash;
mod inventory;
mod pods;
mod prepare;
mod quantity;
mod ready;
mod refusal;
mod remove;
mod silence;
mod stage;
mod survey;
mod tunnel;
mod workloads;

pub use apply::{Progress, apply};
pub use classes::{DefaultClass, default_classes};
pub use client::Client;
pub use compare::{Difference, differences};
pub use connect::{Endpoint, TokenSource, connect};
pub use diagnosis::{Cause, Scene, explain};
pub use discovery::{Discovery, Kind};
pub use forecast::{Coming, Fate, Forecast, forecast};
pub use gone::gone;
pub use guests::{Claims, balanced, claims, orphaned, remove_claims};
pub use inventory::{Entry, Inventory, Owned};
pub use pods::{Forward, LogRange, containers, serves};
pub use prepare::{carries_ca, is_pem, prepare};
pub use ready::{State, state};
pub use refusal::Refusal;
pub use remove::{Removal, remove};
pub use silence::Tell;
pub use stage::{Stage, split};
pub use survey::{Seen, Survey, survey};
pub use tunnel::{GATEWAY, Tunnel};
pub use workloads::Workload;

/// The field manager of everything that the program applies.
pub const FIELD_MANAGER: &str = "kfctl-cn";
