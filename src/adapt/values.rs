//! What the adaptations know of a deployment.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::model::{Region, Secret};

/// A set of manifests that is rendered, adapted, audited and applied as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Set {
    /// The default storage class; our own manifests.
    StorageClass,
    /// The secrets-store CSI driver.
    CsiDriver,
    /// The AWS provider of the CSI driver.
    CsiProvider,
    /// The Kubeflow variant.
    Kubeflow,
    /// The webhook that rewrites images of users' pods; our own manifests.
    ImageWebhook,
    /// The NVIDIA device plugin.
    DevicePlugin,
    /// Karpenter with its CRDs.
    Karpenter,
    /// EC2NodeClass and NodePool; our own manifests.
    GpuPool,
}

impl Set {
    /// All sets, in the order in which they are applied.
    pub const ALL: [Set; 8] = [
        Set::StorageClass,
        Set::CsiDriver,
        Set::CsiProvider,
        Set::Kubeflow,
        Set::ImageWebhook,
        Set::DevicePlugin,
        Set::Karpenter,
        Set::GpuPool,
    ];

    /// The name as it is written in addresses, arguments and adaptations.
    pub fn as_str(self) -> &'static str {
        match self {
            Set::StorageClass => "storage-class",
            Set::CsiDriver => "csi-driver",
            Set::CsiProvider => "csi-provider",
            Set::Kubeflow => "kubeflow",
            Set::ImageWebhook => "image-webhook",
            Set::DevicePlugin => "device-plugin",
            Set::Karpenter => "karpenter",
            Set::GpuPool => "gpu-pool",
        }
    }
}

/// A Kubernetes minor version, such as 1.35.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesVersion {
    /// Always 1.
    pub major: u32,
    /// The minor version.
    pub minor: u32,
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for KubernetesVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is not a Kubernetes version such as 1.35");
        let mut parts = text.trim_start_matches('v').split('.');
        let mut number = || parts.next().and_then(|p| p.parse().ok()).ok_or_else(wrong);
        Ok(KubernetesVersion { major: number()?, minor: number()? })
    }
}

/// What the adaptations know of a deployment. Offline, what only AWS knows is a placeholder that is marked as one.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// The region.
    pub region: Region,
    /// The account, 12 digits.
    pub account: String,
    /// The deployment's name.
    pub deployment: String,
    /// The EKS cluster's name.
    pub cluster: String,
    /// The cluster's API endpoint, `https://…`.
    pub cluster_endpoint: String,
    /// The Kubernetes version that the objects must be served by.
    pub kubernetes: KubernetesVersion,
    /// Host and prefix of the registry that images are rewritten to.
    pub registry: String,
    /// The bucket.
    pub bucket: String,
    /// The database's host.
    pub db_host: String,
    /// The database's port.
    pub db_port: String,
    /// Name or ARN of the secret in Secrets Manager that holds the database's login.
    pub rds_secret: String,
    /// Name or ARN of the secret in Secrets Manager that holds the bucket's keys.
    pub s3_secret: String,
    /// ARN of the role of ServiceAccount `kubeflow-secrets-manager-sa`.
    pub secrets_role_arn: String,
    /// The first user's address.
    pub admin_email: String,
    /// The bcrypt hash of the first user's password.
    pub admin_hash: Secret,
    /// The OIDC client secret that dex and the authservice share.
    pub oidc_client_secret: Secret,
    /// ARN of Karpenter's role.
    pub karpenter_role_arn: String,
    /// Name of the role of the nodes that Karpenter makes.
    pub karpenter_node_role: String,
    /// Name of Karpenter's interruption queue.
    pub karpenter_queue: String,
    /// Karpenter's version.
    pub karpenter_version: String,
    /// The device plugin's version.
    pub device_plugin_version: String,
    /// The subnets of the nodes that Karpenter makes; empty: those that carry its tag for this cluster.
    pub karpenter_subnets: Vec<String>,
    /// The security groups of the nodes that Karpenter makes; empty: those that carry the tags for this cluster.
    pub karpenter_security_groups: Vec<String>,
    /// The user data of the nodes that Karpenter makes, if they are told something.
    pub node_user_data: Option<String>,
    /// The key of the disks of nodes that Karpenter makes and of volume claims, if it is the customer's: its ARN.
    pub disk_key: Option<String>,
    /// GPU instance families.
    pub gpu_families: Vec<String>,
    /// `on-demand`, `spot`.
    pub gpu_capacity_types: Vec<String>,
    /// How many GPUs there may be at once.
    pub gpu_max: u32,
    /// How long an empty GPU node stays.
    pub gpu_consolidate_after: String,
}
