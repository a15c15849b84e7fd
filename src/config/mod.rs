//! `kfctl-cn.yaml`: model, defaults, validation, schema.
//!
//! A file is read in three steps, each of which reports all it finds: the text becomes a tree with positions, the tree is
//! held against the schema of the model, and the typed configuration against the rules of AWS and of what is installed.

mod components;
mod load;
mod model;
mod overlays;
mod problem;
mod reference;
mod rules;
mod schema;
mod shape;
mod template;
mod tree;

pub use load::{load, parse};
pub use model::*;
pub use reference::reference;
pub use rules::Cidr;
pub use schema::{resolve, schema};
pub use template::template;

/// The version of the format that this program reads.
pub const API_VERSION: &str = "kfctl-cn/v1alpha1";
/// The kind that this program reads.
pub const KIND: &str = "Deployment";
/// The Kubeflow release that is installed; its AWS distribution is v1.5.1-aws-b1.0.2.
pub const KUBEFLOW_VERSION: &str = "1.5.1";
