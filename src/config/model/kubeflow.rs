//! The section of Kubeflow.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::or_default;

/// Kubeflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Kubeflow {
    /// Which of the deployments of the distribution; `rds-s3` is the only one that this version installs.
    pub variant: String,
    /// Folders with kustomizations that are laid over the adapted objects, in this order; relative to this file.
    #[serde(deserialize_with = "or_default")]
    pub overlays: Vec<String>,
    /// Parts of Kubeflow.
    #[serde(deserialize_with = "or_default")]
    pub components: Components,
    /// The first user.
    #[serde(deserialize_with = "or_default")]
    pub admin: Admin,
}

impl Default for Kubeflow {
    fn default() -> Self {
        Kubeflow {
            variant: "rds-s3".into(),
            overlays: Vec::new(),
            components: Components::default(),
            admin: Admin::default(),
        }
    }
}

/// Parts of Kubeflow.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Components {
    /// Parts that are left out: admission-webhook, katib, kfserving, knative, kserve, notebooks, pipelines, tensorboard,
    /// training-operator, volumes.
    #[serde(deserialize_with = "or_default")]
    pub disable: Vec<String>,
}

/// The first user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Admin {
    /// The address that the user logs in with. The password is generated and kept in Secrets Manager.
    pub email: String,
}

impl Default for Admin {
    fn default() -> Self {
        Admin { email: "user@example.com".into() }
    }
}
