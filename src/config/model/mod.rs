//! The model of `kfctl-cn.yaml`, `kfctl-cn/v1alpha1`. Every default is written here and nowhere else.

mod cluster;
mod data;
mod gpu;
mod images;
mod kubeflow;
mod network;
mod state;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::model::Region;

pub use cluster::{Cluster, ControlPlaneLog, ExistingCluster, NodeGroup};
pub use data::{Data, Database, ExistingDatabase};
pub use gpu::{CapacityType, Gpu, Karpenter};
pub use images::{Images, Mirror, Switch};
pub use kubeflow::{Admin, Components, Kubeflow};
pub use network::{ExistingNetwork, NatGateways, Network, Proxy};
pub use state::State;

/// A deployment: one Kubeflow on one EKS cluster in one region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The version of this format: `kfctl-cn/v1alpha1`.
    pub api_version: String,
    /// Always `Deployment`.
    pub kind: String,
    /// What names the deployment.
    pub metadata: Metadata,
    /// What is wanted.
    pub spec: Spec,
}

/// What names the deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// The deployment's name: the EKS cluster has it, and every other name begins with it. 1 to 32 lower-case letters,
    /// digits and hyphens, beginning with a letter.
    pub name: String,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// The region: `cn-north-1` (Beijing) or `cn-northwest-1` (Ningxia).
    pub region: Region,
    /// The account, 12 digits: credentials of any other account are refused. Unset: the account of the credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Tags for everything that is made in AWS, besides our own.
    #[serde(default, deserialize_with = "or_default")]
    pub tags: BTreeMap<String, String>,
    /// The state.
    #[serde(default, deserialize_with = "or_default")]
    pub state: State,
    /// The network.
    #[serde(default, deserialize_with = "or_default")]
    pub network: Network,
    /// The EKS cluster.
    #[serde(default, deserialize_with = "or_default")]
    pub cluster: Cluster,
    /// Database and bucket.
    #[serde(default, deserialize_with = "or_default")]
    pub data: Data,
    /// Where images come from.
    #[serde(default, deserialize_with = "or_default")]
    pub images: Images,
    /// Kubeflow.
    #[serde(default, deserialize_with = "or_default")]
    pub kubeflow: Kubeflow,
    /// The GPU nodes.
    #[serde(default, deserialize_with = "or_default")]
    pub gpu: Gpu,
    /// Karpenter, which makes the GPU nodes.
    #[serde(default, deserialize_with = "or_default")]
    pub karpenter: Karpenter,
}

/// A section of which every line is commented out is as if it weren't there.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Config {
    /// The deployment's name.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// The EKS cluster's name: the deployment's, or that of one that was there before.
    pub fn cluster(&self) -> &str {
        self.spec.cluster.existing.as_ref().map_or(self.name(), |existing| &existing.name)
    }

    /// True if the network was there before: a VPC that is named, or that of a cluster that is.
    pub fn in_existing_network(&self) -> bool {
        self.spec.network.existing.is_some() || self.spec.cluster.existing.is_some()
    }

    /// The bucket's name, for an account.
    pub fn bucket(&self, account: &str) -> String {
        let spec = &self.spec;
        let named = spec.data.existing_bucket.as_ref().or(spec.data.bucket.as_ref());
        named.cloned().unwrap_or_else(|| format!("{}-{account}-{}", self.name(), spec.region))
    }

    /// Name or ARN of the secret with the database's login.
    pub fn rds_secret(&self) -> String {
        let existing = self.spec.data.database.existing.as_ref();
        existing.map_or_else(|| format!("{}-rds-secret", self.name()), |e| e.secret.clone())
    }

    /// Name or ARN of the secret with the bucket's keys.
    pub fn s3_secret(&self) -> String {
        let existing = self.spec.data.existing_s3_secret.clone();
        existing.unwrap_or_else(|| format!("{}-s3-secret", self.name()))
    }

    /// Host and prefix of the registry that images are rewritten to, for an account.
    pub fn registry(&self, account: &str) -> String {
        let spec = &self.spec;
        spec.images.registry.clone().unwrap_or_else(|| format!("{}/kfctl-cn", spec.region.ecr_host(account)))
    }
}
