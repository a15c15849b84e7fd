//! Karpenter's own role and the one of the nodes that it makes.

use std::sync::Arc;

use crate::config::CapacityType;
use crate::phases::cluster::roles::NODE_POLICIES;
use crate::phases::site::{Role, ServiceLinked, Site, Trust};

use super::{policies, queue};

const NODE: &str = "karpenter-node";

/// The controller's role, for ServiceAccount `kube-system/karpenter`.
/// Spot instances need a role of the account that Karpenter may not make (karpenter-provider-aws, troubleshooting).
pub(super) fn controller(site: &Arc<Site>, capacity: &[CapacityType]) -> Role {
    // All ARNs follow from names, so that the role waits for nothing but the OIDC provider.
    let documents = policies::documents(&policies::Names {
        region: site.region,
        account: site.account.clone(),
        cluster: site.cluster.clone(),
        node_role_arn: site.iam_arn(&format!("role/{}", site.named(NODE))),
        queue_arn: site.arn("sqs", &queue::name(site)),
        disk_key: site.disk_key.clone(),
    });
    Role {
        site: site.clone(),
        addr: "karpenter/role-controller".into(),
        part: "karpenter",
        title: "Karpenter",
        trust: Trust::ServiceAccount { namespace: "kube-system", account: "karpenter" },
        managed: &[],
        inline: Box::new(move |_| Some(documents.clone())),
        needs: Vec::new(),
        linked: capacity.contains(&CapacityType::Spot).then_some(ServiceLinked::SPOT),
    }
}

/// The role of the nodes that Karpenter makes; the principal as in `cluster/role-nodes`.
pub(super) fn node(site: &Arc<Site>) -> Role {
    let trust = Trust::Service("ec2.amazonaws.com.cn");
    Role::plain(site, "karpenter/role-node", NODE, "Nodes that Karpenter makes", trust, NODE_POLICIES)
}
