//! The model of `kfctl-cn.yaml`, `kfctl-cn/v1alpha1`. Every default is written here and nowhere else.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::model::Region;

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

/// The network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Network {
    /// The VPC's IPv4 block, /16 to /20; it is divided over three zones.
    pub vpc_cidr: String,
    /// One NAT gateway for all zones, or one in each.
    pub nat_gateways: NatGateways,
}

impl Default for Network {
    fn default() -> Self {
        Network { vpc_cidr: "10.0.0.0/16".into(), nat_gateways: NatGateways::PerZone }
    }
}

/// How many NAT gateways there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NatGateways {
    /// One for all zones: cheaper; if its zone fails, no node reaches out.
    Single,
    /// One in each zone.
    PerZone,
}

/// The EKS cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Cluster {
    /// The Kubernetes version, `1.32` to `1.36`; what EKS offers in the region is asked before anything is made.
    pub version: String,
    /// Who may reach the API server from outside, as CIDR blocks. Empty: only from inside the VPC.
    pub public_access_cidrs: Vec<String>,
    /// Which control-plane logs go to CloudWatch.
    pub logs: Vec<ControlPlaneLog>,
    /// Encrypts Kubernetes secrets with a customer-managed KMS key: its ARN. Unset: the key of EKS.
    pub kms_key_arn: Option<String>,
    /// The nodes for everything that needs no GPU.
    #[serde(deserialize_with = "or_default")]
    pub node_group: NodeGroup,
}

impl Default for Cluster {
    fn default() -> Self {
        Cluster {
            version: "1.35".into(),
            public_access_cidrs: vec!["0.0.0.0/0".into()],
            logs: ControlPlaneLog::ALL.to_vec(),
            kms_key_arn: None,
            node_group: NodeGroup::default(),
        }
    }
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

/// Database and bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Data {
    /// The bucket's name. Unset: `<name>-<account>-<region>`.
    pub bucket: Option<String>,
    /// The RDS MySQL database.
    #[serde(deserialize_with = "or_default")]
    pub database: Database,
}

/// The RDS MySQL database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Database {
    /// The instance class.
    pub instance_class: String,
    /// Storage at the start, GiB.
    pub storage_gib: u32,
    /// Storage may grow by itself to this, GiB.
    pub max_storage_gib: u32,
    /// A standby in a second zone.
    pub multi_az: bool,
    /// The engine version, `8.0` or a full one such as `8.0.43`; of `8.0` the newest that RDS offers is taken.
    /// ML Metadata 1.5.0 can't log in to 8.4 as it is delivered.
    pub engine_version: String,
    /// How long backups are kept, days, 1 to 35.
    pub backup_retention_days: u32,
}

impl Default for Database {
    fn default() -> Self {
        Database {
            instance_class: "db.m5.large".into(),
            storage_gib: 50,
            max_storage_gib: 1000,
            multi_az: true,
            engine_version: "8.0".into(),
            backup_retention_days: 7,
        }
    }
}

/// Where images come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Images {
    /// Registry host and prefix that every image is rewritten to. Unset: `<account>.dkr.ecr.<region>.amazonaws.com.cn/kfctl-cn`.
    pub registry: Option<String>,
    /// Whether `up` copies images that the registry lacks.
    pub mirror: Mirror,
    /// Whether a webhook in the cluster rewrites the images of users' pods as well: notebooks, pipelines, experiments. Its
    /// own image must be in the registry first: `kfctl-cn images webhook-image`.
    pub webhook: Switch,
}

/// Whether `up` copies images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Mirror {
    /// It doesn't: `kfctl-cn images mirror` does, when it is asked to.
    #[default]
    Skip,
    /// It copies what it can reach; what it can't is named in a script to run elsewhere, and `up` goes on.
    Auto,
    /// Like `auto`, but `up` fails while an image is missing.
    Required,
}

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// It is.
    Enabled,
    /// It isn't.
    #[default]
    Disabled,
}

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

/// A section of which every line is commented out is as if it weren't there.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Config {
    /// The deployment's name.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// The bucket's name, for an account.
    pub fn bucket(&self, account: &str) -> String {
        let spec = &self.spec;
        spec.data.bucket.clone().unwrap_or_else(|| format!("{}-{account}-{}", self.name(), spec.region))
    }

    /// Host and prefix of the registry that images are rewritten to, for an account.
    pub fn registry(&self, account: &str) -> String {
        let spec = &self.spec;
        spec.images.registry.clone().unwrap_or_else(|| format!("{}/kfctl-cn", spec.region.ecr_host(account)))
    }
}
