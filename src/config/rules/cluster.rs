//! The cluster and its nodes.

use super::cidr::Cidr;
use super::{Found, matches};
use crate::config::{Cluster, Config, NodeGroup};
use crate::model::Region;

/// The minor versions that EKS creates today and that the manifests are uplifted for.
/// Source: EKS user guide, Kubernetes release calendar, November 2026.
const MINORS: std::ops::RangeInclusive<u32> = 32..=36;

pub fn check(config: &Config, found: &mut Found) {
    version(&config.spec.cluster.version, found);
    access(config, found);
    key("spec.cluster.kmsKeyArn", config.spec.cluster.kms_key_arn.as_ref(), config, found);
    key("spec.cluster.diskKmsKeyArn", config.spec.cluster.disk_kms_key_arn.as_ref(), config, found);
    boundary(config, found);
    existing(&config.spec.cluster, found);
    nodes(&config.spec.cluster.node_group, found);
}

/// Source: EKS API reference, CreateCluster: the names of clusters.
fn existing(cluster: &Cluster, found: &mut Found) {
    let Some(existing) = &cluster.existing else { return };
    let hint = "1 to 100 letters, digits, hyphens and underscores, beginning with a letter or digit";
    found.pattern("spec.cluster.existing.name", &existing.name, "[0-9A-Za-z][A-Za-z0-9_-]{0,99}", hint);
    let default = Cluster::default();
    let idle = [
        ("publicAccessCidrs", cluster.public_access_cidrs != default.public_access_cidrs),
        ("logs", cluster.logs != default.logs),
        ("kmsKeyArn", cluster.kms_key_arn != default.kms_key_arn),
    ];
    let hint = "leave it out, or leave `existing` out";
    for (field, given) in idle {
        if given {
            let message = "means nothing for a cluster that is there already".into();
            found.add(&format!("spec.cluster.{field}"), message, hint);
        }
    }
    if cluster.node_group != default.node_group && !existing.node_group {
        let message = "no node group is made in a cluster that is there already".into();
        found.add("spec.cluster.nodeGroup", message, "set `spec.cluster.existing.nodeGroup: true`, or leave it out");
    }
}

fn version(version: &str, found: &mut Found) {
    let path = "spec.cluster.version";
    let minor = version.strip_prefix("1.").and_then(|minor| minor.parse::<u32>().ok());
    match minor {
        Some(minor) if MINORS.contains(&minor) => {}
        Some(minor) if minor < *MINORS.start() => {
            found.add(
                path,
                format!("EKS creates no Kubernetes {version} any more"),
                "1.32 to 1.36; 1.35 is the default",
            );
        }
        Some(_) => found.add(path, format!("Kubernetes {version} is not known to this program"), "1.32 to 1.36"),
        None => found.add(path, format!("`{version}` is not a version"), "major and minor version, such as \"1.35\""),
    }
}

fn access(config: &Config, found: &mut Found) {
    let blocks = &config.spec.cluster.public_access_cidrs;
    if blocks.len() > 40 {
        let path = "spec.cluster.publicAccessCidrs";
        found.add(path, format!("{} blocks are too many", blocks.len()), "EKS takes 40; combine some");
    }
    for (i, block) in blocks.iter().enumerate() {
        if let Err(message) = Cidr::parse(block) {
            found.add(&format!("spec.cluster.publicAccessCidrs[{i}]"), message, "a block such as 203.0.113.0/24");
        }
    }
}

/// A key of the region and the account. An alias won't do: services answer with the key's ARN.
pub(super) fn key(path: &str, arn: Option<&String>, config: &Config, found: &mut Found) {
    let Some(arn) = arn else { return };
    let region = config.spec.region;
    let hint = format!("arn:{}:kms:{region}:<account>:key/<id>", Region::PARTITION);
    if !matches(&format!("arn:{}:kms:{region}:[0-9]{{12}}:key/[a-zA-Z0-9-]+", Region::PARTITION), arn) {
        let why = match arn.split(':').nth(1) {
            Some(partition) if partition != Region::PARTITION => " (a key of another partition)",
            _ => "",
        };
        found.add(path, format!("`{arn}` is not the ARN of a key in {region}{why}"), &hint);
    } else if config.spec.account.as_ref().is_some_and(|account| !arn.contains(&format!(":{account}:"))) {
        found.add(path, format!("`{arn}` is a key of another account than spec.account"), &hint);
    }
}

/// Source: IAM user guide, permissions boundaries: a managed policy, of AWS or of the account.
fn boundary(config: &Config, found: &mut Found) {
    let Some(arn) = &config.spec.cluster.permissions_boundary_arn else { return };
    let pattern = format!(r"arn:{}:iam::(aws|[0-9]{{12}}):policy/[A-Za-z0-9_+=,.@/-]+", Region::PARTITION);
    let hint = format!("arn:{}:iam::<account>:policy/<name>", Region::PARTITION);
    found.pattern("spec.cluster.permissionsBoundaryArn", arn, &pattern, &hint);
}

fn nodes(group: &NodeGroup, found: &mut Found) {
    let path = "spec.cluster.nodeGroup";
    let types = format!("{path}.instanceTypes");
    if group.instance_types.is_empty() || group.instance_types.len() > 20 {
        found.add(&types, format!("{} instance types", group.instance_types.len()), "1 to 20, such as m5.2xlarge");
    }
    for (i, name) in group.instance_types.iter().enumerate() {
        let here = format!("{types}[{i}]");
        if !matches(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", name) {
            found.add(&here, format!("`{name}` is not an instance type"), "family and size, such as m5.2xlarge");
        } else if matches(r"(a1|[a-z]+[0-9]+g[a-z]*)\..*", name) {
            let hint = "the images of Kubeflow 1.5.1 are x86-64 only: take for example m5, m6i, c5 or r5";
            found.add(&here, format!("{name} is an Arm instance"), hint);
        }
    }
    // 450 is the quota of nodes in a node group. Source: EKS user guide, service quotas.
    found.range(&format!("{path}.maxSize"), group.max_size, 1, 450, " nodes");
    found.range(&format!("{path}.desiredSize"), group.desired_size, 1, 450, " nodes");
    found.range(&format!("{path}.diskGib"), group.disk_gib, 20, 16384, " GiB");
    if group.min_size > group.desired_size {
        let message = format!("{} is more than desiredSize {}", group.min_size, group.desired_size);
        found.add(&format!("{path}.minSize"), message, "minSize ≤ desiredSize ≤ maxSize");
    } else if group.desired_size > group.max_size {
        let message = format!("{} is more than maxSize {}", group.desired_size, group.max_size);
        found.add(&format!("{path}.desiredSize"), message, "minSize ≤ desiredSize ≤ maxSize");
    }
}
