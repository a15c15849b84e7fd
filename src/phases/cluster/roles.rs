//! The roles of the control plane, of the nodes, and of the storage driver.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::aws::policy::document;
use crate::phases::site::{Role, Site, Trust, use_for_disks};

/// The control plane's role. Its principal is `eks.amazonaws.com` in China too (eksctl `partitions.go`).
pub(super) fn cluster(site: &Arc<Site>) -> Role {
    let trust = Trust::ServiceFor("eks.amazonaws.com", site.arn("eks", &format!("cluster/{}", site.name)));
    Role::plain(site, "cluster/role-cluster", "cluster", "EKS control plane", trust, &["AmazonEKSClusterPolicy"])
}

/// The managed nodes' role. EKS in China refuses it unless its principal is `ec2.amazonaws.com.cn`
/// (aws-samples/cdk-eks-blueprints#558).
pub(super) fn nodes(site: &Arc<Site>) -> Role {
    let trust = Trust::Service("ec2.amazonaws.com.cn");
    Role::plain(site, "cluster/role-nodes", "nodes", "EKS managed nodes", trust, NODE_POLICIES)
}

/// What a node may do: join, give addresses to pods, pull images, be reached through Session Manager.
pub(crate) const NODE_POLICIES: &[&str] = &[
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonSSMManagedInstanceCore",
];

/// The role of the EBS CSI controller.
pub(super) fn ebs_csi(site: &Arc<Site>) -> Role {
    let trust = Trust::ServiceAccount { namespace: "kube-system", account: "ebs-csi-controller-sa" };
    let policies = &["service-role/AmazonEBSCSIDriverPolicy"];
    let plain = Role::plain(site, "cluster/role-ebs-csi", "ebs-csi", "EBS CSI driver", trust, policies);
    let statements = site.disk_key.as_ref().map(|key| use_for_disks(site.region, key));
    let inline: BTreeMap<_, _> = statements.map(|all| ("disk-key".to_owned(), document(all))).into_iter().collect();
    Role { inline: Box::new(move |_| Some(inline.clone())), ..plain }
}
