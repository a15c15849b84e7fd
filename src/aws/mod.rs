//! AWS: clients, error classes, tags, policy documents, the token of the EKS API.
//!
//! Knows nothing of the engine nor of Kubernetes: what a deployment makes of these calls is in `phases`.

pub mod bucket;
mod clients;
pub mod cluster;
mod codes;
mod ecr;
mod endpoints;
mod error;
mod identity;
pub mod mysql;
pub mod network;
pub mod operator;
pub mod policy;
mod secrets;
pub mod tags;
mod token;
mod zones;

pub use clients::{Clients, ec2_once, iam_once};
pub use ecr::EcrHost;
pub use endpoints::Endpoint;
pub use error::{Call, classify};
pub use identity::Identity;
pub use secrets::{ADMIN_KEYS, RDS_KEYS, S3_KEYS};
pub use zones::{ZONES, zones};
