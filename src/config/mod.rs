//! `kfctl-cn.yaml`: model, defaults, validation, schema.

mod model;

pub use model::*;

/// The version of the format that this program reads.
pub const API_VERSION: &str = "kfctl-cn/v1alpha1";
/// The kind that this program reads.
pub const KIND: &str = "Deployment";
/// The Kubeflow release that is installed; its AWS distribution is v1.5.1-aws-b1.0.2.
pub const KUBEFLOW_VERSION: &str = "1.5.1";
