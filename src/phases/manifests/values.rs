//! What the adaptations must know, from the configuration and from what exists.

use std::collections::BTreeMap;

use crate::adapt::{KubernetesVersion, Set, Values};
use crate::aws::Clients;
use crate::config::{CapacityType, Config};
use crate::engine::Context;
use crate::model::{Error, ErrorClass, Result, Secret};

use super::kubernetes;
use crate::phases::data::DB_PORT;
use crate::phases::site::{node_security_groups, user_data};

/// Stands in names for what only AWS knows, in a render without AWS.
pub const PLACEHOLDER: &str = "known-after-up";
/// Stands for the account in a render without one.
pub const NO_ACCOUNT: &str = "000000000000";

/// The values of a set, or what isn't there yet that they depend on.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// All that the set needs.
    Values(Box<Values>),
    /// What is missing, in words.
    Missing(String),
}

/// What a set takes from other resources: address and output.
fn inputs(set: Set) -> &'static [(&'static str, &'static str)] {
    match set {
        Set::Kubeflow => &[
            ("data/bucket", "name"),
            ("data/database", "host"),
            ("data/database", "port"),
            ("data/role-secrets-manager-sa", "arn"),
            ("data/admin-secret", "arn"),
        ],
        Set::Karpenter => {
            &[("cluster/eks", "endpoint"), ("karpenter/role-controller", "arn"), ("karpenter/queue", "name")]
        }
        Set::GpuPool => &[("karpenter/role-node", "name")],
        Set::StorageClass | Set::CsiDriver | Set::CsiProvider | Set::ImageWebhook | Set::DevicePlugin => &[],
    }
}

/// The values for one set. What the set doesn't take stays a placeholder. The admin's login is read from Secrets Manager.
pub async fn known(set: Set, config: &Config, account: &str, clients: &Clients, cx: &Context) -> Result<Known> {
    let missing = |what: &str| Ok(Known::Missing(format!("{what} doesn't exist yet")));
    let mut outputs = BTreeMap::new();
    for (addr, key) in inputs(set) {
        match cx.output(addr, key).filter(|text| !text.is_empty()) {
            Some(text) => outputs.insert((*addr, *key), text.to_owned()),
            None => return missing(addr),
        };
    }
    let mut values = placeholders(config, account)?;
    let mut fill = |field: &mut String, addr, key| {
        if let Some(text) = outputs.remove(&(addr, key)) {
            *field = text;
        }
    };
    fill(&mut values.bucket, "data/bucket", "name");
    fill(&mut values.db_host, "data/database", "host");
    fill(&mut values.db_port, "data/database", "port");
    fill(&mut values.secrets_role_arn, "data/role-secrets-manager-sa", "arn");
    fill(&mut values.cluster_endpoint, "cluster/eks", "endpoint");
    fill(&mut values.karpenter_role_arn, "karpenter/role-controller", "arn");
    fill(&mut values.karpenter_queue, "karpenter/queue", "name");
    fill(&mut values.karpenter_node_role, "karpenter/role-node", "name");
    if set == Set::GpuPool && config.in_existing_network() {
        let Some(subnets) = cx.output("cluster/vpc", "private_subnets") else { return missing("cluster/vpc") };
        values.karpenter_subnets = subnets.split(',').map(str::to_owned).collect();
    }
    if let (Set::GpuPool, Some(proxy)) = (set, &config.spec.network.proxy) {
        let Some(data) = user_data(proxy, cx) else { return missing("cluster/vpc") };
        values.node_user_data = Some(data);
    }
    if set == Set::GpuPool && config.spec.cluster.existing.is_some() {
        // Nodes that carry other groups than the cluster's let in whoever carries theirs.
        values.karpenter_security_groups = node_security_groups(cx).into_iter().map(str::to_owned).collect();
    }
    if set == Set::Kubeflow {
        let name = format!("{}-admin", config.name());
        let Some(login) = clients.secret_json(&name).await? else {
            return missing(&format!("the secret {name}"));
        };
        let field = |key: &str| {
            login.get(key).cloned().ok_or_else(|| {
                Error::new(ErrorClass::Permanent, format!("the secret {name} has no `{key}`"))
                    .hint("delete it in Secrets Manager; `kfctl-cn up` makes a new login")
            })
        };
        values.admin_hash = field("hash")?;
        values.oidc_client_secret = field("clientsecret")?;
    }
    Ok(Known::Values(Box::new(values)))
}

/// The values of a render without AWS: what only AWS knows is marked `known-after-up`.
pub fn offline_values(config: &Config) -> Values {
    let account = config.spec.account.as_deref().unwrap_or(NO_ACCOUNT);
    // A configuration that was loaded has a version that reads.
    let default = KubernetesVersion { major: 1, minor: 35 };
    with(config, account, kubernetes(config).unwrap_or(default))
}

fn placeholders(config: &Config, account: &str) -> Result<Values> {
    Ok(with(config, account, kubernetes(config)?))
}

fn with(config: &Config, account: &str, kubernetes: KubernetesVersion) -> Values {
    let spec = &config.spec;
    let name = config.name();
    let existing = spec.data.database.existing.as_ref();
    let host = existing.and_then(|e| e.host.clone());
    let role = |part: &str| format!("arn:aws-cn:iam::{account}:role/{name}-{part}-{PLACEHOLDER}");
    Values {
        region: spec.region,
        account: account.into(),
        deployment: name.into(),
        cluster: config.cluster().into(),
        cluster_endpoint: format!("https://{PLACEHOLDER}.{}", spec.region.host("eks").replacen("eks.", "", 1)),
        kubernetes,
        registry: config.registry(account),
        bucket: config.bucket(account),
        db_host: host.unwrap_or_else(|| format!("{name}-db.{PLACEHOLDER}.{}", spec.region.host("rds"))),
        db_port: existing.and_then(|e| e.port).unwrap_or(DB_PORT.into()).to_string(),
        rds_secret: config.rds_secret(),
        s3_secret: config.s3_secret(),
        secrets_role_arn: role("secrets-manager-sa"),
        admin_email: spec.kubeflow.admin.email.clone(),
        admin_hash: Secret::new(PLACEHOLDER),
        oidc_client_secret: Secret::new(PLACEHOLDER),
        karpenter_role_arn: role("karpenter-controller"),
        karpenter_node_role: format!("{name}-karpenter-node-{PLACEHOLDER}"),
        karpenter_queue: format!("{name}-{PLACEHOLDER}"),
        karpenter_version: spec.karpenter.version.clone(),
        device_plugin_version: spec.gpu.device_plugin_version.clone(),
        karpenter_subnets: Vec::new(),
        karpenter_security_groups: Vec::new(),
        node_user_data: None,
        disk_key: spec.cluster.disk_kms_key_arn.clone(),
        gpu_families: spec.gpu.families.clone(),
        gpu_capacity_types: spec.gpu.capacity_types.iter().map(|t| capacity(*t).to_owned()).collect(),
        gpu_max: spec.gpu.max_gpus,
        gpu_consolidate_after: spec.gpu.consolidate_after.clone(),
    }
}

fn capacity(kind: CapacityType) -> &'static str {
    match kind {
        CapacityType::OnDemand => "on-demand",
        CapacityType::Spot => "spot",
    }
}
