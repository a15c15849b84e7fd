//! The EKS cluster section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::or_default;

/// The EKS cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Cluster {
    /// A cluster that is there already. It is only used, as is its VPC: `publicAccessCidrs`, `logs` and `kmsKeyArn` mean
    /// nothing, `version` is the one that it has, and `nodeGroup` counts only if one is asked for.
    pub existing: Option<ExistingCluster>,
    /// The Kubernetes version, `1.32` to `1.36`; what EKS offers in the region is asked before anything is made.
    pub version: String,
    /// Who may reach the API server from outside, as CIDR blocks. Empty: only from inside the VPC.
    pub public_access_cidrs: Vec<String>,
    /// Which control-plane logs go to CloudWatch.
    pub logs: Vec<ControlPlaneLog>,
    /// Encrypts Kubernetes secrets with a customer-managed KMS key: its ARN. Unset: the key of EKS.
    pub kms_key_arn: Option<String>,
    /// Encrypts disks with a customer-managed KMS key: of nodes and GPU nodes, and of volume claims of our storage class; its
    /// ARN. Unset: the key that the account has for EBS. Disks are always encrypted.
    pub disk_kms_key_arn: Option<String>,
    /// The ARN of a policy that bounds what every role and user that is made here may do. Unset: none is put on, and one
    /// that others have put on stays.
    pub permissions_boundary_arn: Option<String>,
    /// The nodes for everything that needs no GPU.
    #[serde(deserialize_with = "or_default")]
    pub node_group: NodeGroup,
}

impl Default for Cluster {
    fn default() -> Self {
        Cluster {
            existing: None,
            version: "1.35".into(),
            public_access_cidrs: vec!["0.0.0.0/0".into()],
            logs: ControlPlaneLog::ALL.to_vec(),
            kms_key_arn: None,
            disk_kms_key_arn: None,
            permissions_boundary_arn: None,
            node_group: NodeGroup::default(),
        }
    }
}

/// A cluster that is there already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExistingCluster {
    /// Its name in EKS, in this account and region.
    pub name: String,
    /// Make a node group in it, as `spec.cluster.nodeGroup` says. Otherwise Kubeflow runs on the nodes that it has.
    #[serde(default)]
    pub node_group: bool,
}

/// A log of the EKS control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ControlPlaneLog {
    /// Requests to the API server.
    Api,
    /// Who did what.
    Audit,
    /// IAM authentication.
    Authenticator,
    /// The controllers.
    ControllerManager,
    /// The scheduler.
    Scheduler,
}

impl ControlPlaneLog {
    /// All logs.
    pub const ALL: [ControlPlaneLog; 5] = [
        ControlPlaneLog::Api,
        ControlPlaneLog::Audit,
        ControlPlaneLog::Authenticator,
        ControlPlaneLog::ControllerManager,
        ControlPlaneLog::Scheduler,
    ];

    /// The name that EKS has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            ControlPlaneLog::Api => "api",
            ControlPlaneLog::Audit => "audit",
            ControlPlaneLog::Authenticator => "authenticator",
            ControlPlaneLog::ControllerManager => "controllerManager",
            ControlPlaneLog::Scheduler => "scheduler",
        }
    }
}

/// The managed node group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NodeGroup {
    /// x86-64 instance types, in order of preference.
    pub instance_types: Vec<String>,
    /// Smallest number of nodes.
    pub min_size: u32,
    /// Number of nodes at the start.
    pub desired_size: u32,
    /// Largest number of nodes.
    pub max_size: u32,
    /// The root volume of a node, GiB.
    pub disk_gib: u32,
}

impl Default for NodeGroup {
    fn default() -> Self {
        NodeGroup {
            instance_types: vec!["m5.2xlarge".into()],
            min_size: 3,
            desired_size: 3,
            max_size: 6,
            disk_gib: 100,
        }
    }
}
