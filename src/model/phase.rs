//! The phases of a deployment.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A named group of resources, in the order in which people read them. Edges between resources, not phases, order the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Prerequisites: partition, account, quotas, versions, names.
    Checks,
    /// VPC, IAM roles, EKS, node group, add-ons.
    Cluster,
    /// RDS, S3, Secrets Manager.
    Data,
    /// Container images in a registry that China reaches.
    Images,
    /// Storage class, secrets-store CSI driver and provider.
    Platform,
    /// All objects of the Kubeflow variant.
    Kubeflow,
    /// NVIDIA device plugin.
    Gpu,
    /// Karpenter and its GPU pool.
    Karpenter,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Phase; 8] = [
        Phase::Checks,
        Phase::Cluster,
        Phase::Data,
        Phase::Images,
        Phase::Platform,
        Phase::Kubeflow,
        Phase::Gpu,
        Phase::Karpenter,
    ];

    /// The name as it is written in addresses and arguments.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Checks => "checks",
            Phase::Cluster => "cluster",
            Phase::Data => "data",
            Phase::Images => "images",
            Phase::Platform => "platform",
            Phase::Kubeflow => "kubeflow",
            Phase::Gpu => "gpu",
            Phase::Karpenter => "karpenter",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Phase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Phase::ALL.into_iter().find(|p| p.as_str() == text).ok_or_else(|| format!("unknown phase `{text}`"))
    }
}
