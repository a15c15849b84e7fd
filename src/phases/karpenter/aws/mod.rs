//! What Karpenter needs in AWS: a role for itself, one for its nodes and their access to the cluster, and the queue through which it
//! hears that instances will go.

mod policies;
mod queue;
mod roles;
mod rule;

use std::sync::Arc;

use crate::config::CapacityType;
use crate::engine::Resource;
use crate::phases::Deps;
use crate::phases::site::{AccessEntry, DiskGrant, ServiceLinked, Site};

/// The resources of the phase in AWS; none if no GPU nodes are asked for.
pub fn resources(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    if !deps.config.spec.gpu.enabled {
        return Vec::new();
    }
    let site = Site::new(&deps.config, &deps.aws, &deps.account);
    let mut all: Vec<Arc<dyn Resource>> = vec![
        Arc::new(roles::controller(&site, &deps.config.spec.gpu.capacity_types)),
        Arc::new(roles::node(&site)),
        Arc::new(AccessEntry::nodes(&site, "karpenter/access-nodes", "karpenter/role-node")),
        Arc::new(queue::Queue { site: site.clone() }),
    ];
    if deps.config.spec.gpu.capacity_types.contains(&CapacityType::Spot) {
        all.extend(DiskGrant::wanted(&site, "karpenter/disk-grant", ServiceLinked::SPOT));
    }
    all.extend(rule::RULES.iter().map(|about| Arc::new(rule::Rule { site: site.clone(), about }) as Arc<dyn Resource>));
    all
}
