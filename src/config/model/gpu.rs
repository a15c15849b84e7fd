//! The sections of GPU nodes and Karpenter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The GPU nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Gpu {
    /// Whether there are GPU nodes at all: the phases gpu and karpenter.
    pub enabled: bool,
    /// Instance families, such as `g4dn`; what the region offers is asked before anything is made.
    pub families: Vec<String>,
    /// On-demand, spot, or both.
    pub capacity_types: Vec<CapacityType>,
    /// How many GPUs there may be at once.
    pub max_gpus: u32,
    /// How long an empty GPU node stays, as a duration such as `60s`.
    pub consolidate_after: String,
    /// The version of the NVIDIA device plugin: `0.20.0` or `0.9.0`.
    pub device_plugin_version: String,
}

impl Default for Gpu {
    fn default() -> Self {
        Gpu {
            enabled: true,
            families: vec!["g4dn".into()],
            capacity_types: vec![CapacityType::OnDemand],
            max_gpus: 8,
            consolidate_after: "60s".into(),
            device_plugin_version: "0.20.0".into(),
        }
    }
}

/// How an instance is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CapacityType {
    /// At the list price.
    OnDemand,
    /// Cheaper, and may be taken away.
    Spot,
}

/// Karpenter, which makes the GPU nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Karpenter {
    /// Its version. Only `1.14.1` speaks to the Kubernetes versions that EKS creates today.
    pub version: String,
}

impl Default for Karpenter {
    fn default() -> Self {
        Karpenter { version: "1.14.1".into() }
    }
}
