//! Looks at an EKS cluster that others made, and judges whether a deployment can live in it.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{ArchitectureValues, Filter};
use aws_sdk_eks::types::{AuthenticationMode, Cluster, ClusterStatus};

use super::tags::{self, DEPLOYMENT_TAG};
use super::{Call, Clients};
use crate::model::Result;

/// A node of the cluster: an instance that runs, and isn't of the deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// True on x86-64, the only architecture of Kubeflow's images.
    pub fits: bool,
    /// The security groups that it carries.
    pub groups: Vec<String>,
}

/// What runs in EC2 and says by its tag that it is a node of the cluster; not what carries the deployment's mark.
///
/// Source: EKS user guide: nodes, managed or not, carry `kubernetes.io/cluster/<name>`; so do those of Karpenter.
///
/// # Errors
/// What EC2 refuses.
pub async fn nodes(aws: &Clients, cluster: &str, deployment: &str) -> Result<Vec<Node>> {
    let tagged = Filter::builder().name("tag-key").values(format!("kubernetes.io/cluster/{cluster}")).build();
    let running = Filter::builder().name("instance-state-name").values("running").build();
    let call = aws.ec2.describe_instances().filters(tagged).filters(running);
    let (mut pages, mut all) = (call.into_paginator().send(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.call("ec2:DescribeInstances")?;
        for instance in page.reservations().iter().flat_map(|r| r.instances()) {
            if tags::from_ec2(instance.tags()).get(DEPLOYMENT_TAG).is_some_and(|name| name == deployment) {
                continue;
            }
            let groups = instance.security_groups().iter().filter_map(|g| g.group_id().map(str::to_owned));
            let fits = instance.architecture() != Some(&ArchitectureValues::Arm64);
            all.push(Node { fits, groups: groups.collect() });
        }
    }
    Ok(all)
}

/// As few security groups as every node carries one of, the cluster's own left out: what lets a pod on any node in.
///
/// Source: awslabs/kubeflow-manifests#509: nodes with a group of their own don't carry the cluster's.
pub fn groups(nodes: &[Node], own: &str) -> Vec<String> {
    let mut left: Vec<&Node> = nodes.iter().filter(|node| !node.groups.iter().any(|g| g == own)).collect();
    let mut chosen = Vec::new();
    loop {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for group in left.iter().flat_map(|node| &node.groups) {
            *counts.entry(group).or_default() += 1;
        }
        // The one that most carry; of several the first by id, so that the choice stays.
        let Some(best) = counts.iter().rev().max_by_key(|(_, count)| **count).map(|(id, _)| (*id).to_owned()) else {
            return chosen;
        };
        left.retain(|node| !node.groups.contains(&best));
        chosen.push(best);
    }
}

/// True if the cluster takes access entries.
pub fn takes_entries(cluster: &Cluster) -> bool {
    let mode = cluster.access_config().and_then(|access| access.authentication_mode());
    matches!(mode, Some(AuthenticationMode::Api | AuthenticationMode::ApiAndConfigMap))
}

/// Why a deployment can't live in a cluster, each a sentence with what to do. `wanted`: the version of the configuration.
pub fn wrong(cluster: &Cluster, wanted: &str, deployment: &str) -> Vec<String> {
    let (name, mut wrong) = (cluster.name().unwrap_or_default(), Vec::new());
    let tags = tags::from_map(cluster.tags());
    if tags.get(DEPLOYMENT_TAG).is_some_and(|of| of == deployment) {
        wrong.push(format!("{name} was made by this very deployment: leave `spec.cluster.existing` out"));
    }
    let status = cluster.status().map_or("without a status", |s| s.as_str());
    if !matches!(cluster.status(), Some(ClusterStatus::Active | ClusterStatus::Updating)) {
        wrong.push(format!("{name} is {status}: it must be ACTIVE"));
    }
    let version = cluster.version().unwrap_or_default();
    // Which versions are possible at all is a rule of the configuration.
    if version != wanted {
        wrong.push(format!(
            "{name} is on Kubernetes {version}, and `spec.cluster.version` is {wanted}: set it to the cluster's, if it takes that"
        ));
    }
    if !takes_entries(cluster) {
        wrong.push(format!(
            "{name} takes no access entries: let its owner set the authentication mode to API_AND_CONFIG_MAP (`aws eks \
             update-cluster-config --name {name} --access-config authenticationMode=API_AND_CONFIG_MAP`)"
        ));
    }
    if cluster.identity().and_then(|i| i.oidc()).and_then(|o| o.issuer()).is_none() {
        wrong.push(format!("{name} has no OIDC issuer, through which service accounts take roles"));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use aws_sdk_eks::types::{AccessConfigResponse, Identity, Oidc};

    use super::*;

    fn node(groups: &[&str]) -> Node {
        Node { fits: true, groups: groups.iter().map(|g| (*g).to_owned()).collect() }
    }

    #[test]
    fn every_node_is_let_in_by_as_few_groups_as_possible() {
        assert_eq!(groups(&[node(&["own", "x"]), node(&["own"])], "own"), Vec::<String>::new());
        assert_eq!(groups(&[node(&["b", "a"]), node(&["c", "a"]), node(&["own"])], "own"), ["a"]);
        assert_eq!(groups(&[node(&["b"]), node(&["a"]), node(&["a", "z"])], "own"), ["a", "b"]);
        assert_eq!(groups(&[node(&["b", "a"])], "own"), ["a"], "of several the first");
        assert_eq!(groups(&[node(&[])], "own"), Vec::<String>::new());
    }

    fn cluster(version: &str, mode: &str) -> Cluster {
        let issuer = Oidc::builder().issuer("https://oidc.eks.cn-north-1.amazonaws.com.cn/id/X").build();
        Cluster::builder()
            .name("team")
            .status(ClusterStatus::Active)
            .version(version)
            .access_config(AccessConfigResponse::builder().authentication_mode(mode.into()).build())
            .identity(Identity::builder().oidc(issuer).build())
            .build()
    }

    #[test]
    fn a_cluster_is_refused_with_every_reason() {
        assert_eq!(wrong(&cluster("1.34", "API"), "1.34", "kf"), Vec::<String>::new());
        assert_eq!(wrong(&cluster("1.34", "API_AND_CONFIG_MAP"), "1.34", "kf"), Vec::<String>::new());
        let told = wrong(&cluster("1.31", "CONFIG_MAP"), "1.35", "kf").join("\n");
        assert!(told.contains("on Kubernetes 1.31, and `spec.cluster.version` is 1.35"), "{told}");
        assert!(told.contains("authenticationMode=API_AND_CONFIG_MAP"), "{told}");
        let mut gone = cluster("1.34", "API");
        (gone.status, gone.identity) = (Some(ClusterStatus::Deleting), None);
        let told = wrong(&gone, "1.34", "kf").join("\n");
        assert!(told.contains("team is DELETING") && told.contains("no OIDC issuer"), "{told}");
    }
}
