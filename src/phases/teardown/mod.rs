//! What a removal looks at: every resource that any configuration could have asked for, and what others made for the deployment.
//!
//! Order, first to last: load balancers, custom resources and Profiles while their controllers run, pools of nodes and what is left of
//! their instances, the rest of Kubeflow, volume claims, nodes and add-ons, the cluster, and then what controllers left in AWS.

mod also;
mod ec2;
mod guests;
mod karpenter;
mod leftover;
mod network;
mod sweep;
mod volumes;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::{CapacityType, Config, Mirror, NatGateways, Switch};
use crate::engine::{Context, Planned, Resource, Snapshot};
use crate::model::{Action, Addr, Phase, Result};

use super::Deps;
use super::site::Site;
use also::Before;
use leftover::{Hunt, Leftover};

pub use sweep::{Remnant, Sweep, Unseen, sweep};

/// Which resource is removed before which others, though it doesn't need them to be made.
const BEFORE: &[(&str, &[&str])] = &[
    // The claims of Kubeflow itself go with its namespaces.
    ("kubeflow/namespaces", &["cluster/volume-claims"]),
    // Instances are ended when no Karpenter is there to start others.
    ("karpenter/controller", &["karpenter/instances"]),
    // What the cluster's controllers own is theirs to remove as long as they run.
    (
        "cluster/eks",
        &["cluster/interfaces", "cluster/security-groups", "cluster/volumes", "karpenter/launch-templates"],
    ),
];

/// What deletes disks, and what the pods run on that hold them.
const DISKS: &[&str] = &[
    "cluster/eks",
    "cluster/access-caller",
    "cluster/node-group",
    "cluster/addon-vpc-cni",
    "cluster/addon-ebs-csi",
    "platform/storage-class",
];

/// The resources of a removal.
pub fn resources(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    let deps = everything(deps);
    let mut all = super::resources(&deps);
    let in_aws: BTreeSet<Addr> = super::in_aws(&deps).iter().map(|resource| resource.addr()).collect();
    let inside = all.iter().filter(|resource| resource.phase() != Phase::Images).map(|resource| resource.addr());
    let inside = inside.filter(|addr| !in_aws.contains(addr));
    let shared = deps.config.spec.cluster.existing.is_some();
    // In a cluster of others, those in our namespaces go with them, and the rest is theirs.
    if !shared {
        let needs = inside.chain(["cluster/eks", "cluster/access-caller"].map(Addr::new)).collect();
        all.push(Arc::new(guests::Balancers { deps: deps.clone(), needs }));
    }
    let needs = DISKS.iter().map(|addr| Addr::new(*addr)).collect();
    all.push(Arc::new(guests::Claims { deps: deps.clone(), needs, shared }));
    with_leftovers(&deps, all)
}

/// The same of those in AWS alone.
pub fn in_aws(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    let deps = everything(deps);
    with_leftovers(&deps, super::in_aws(&deps))
}

/// The resources that another configuration of the same deployment would have asked for, and this one doesn't: an `up` removes those
/// that are there. None that holds data, images or what others made is among them.
pub fn unwanted(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    without(super::resources(&everything(deps)), &super::resources(deps))
}

/// The same of those in AWS alone.
pub fn unwanted_in_aws(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    without(super::in_aws(&everything(deps)), &super::in_aws(deps))
}

fn without(all: Vec<Arc<dyn Resource>>, asked: &[Arc<dyn Resource>]) -> Vec<Arc<dyn Resource>> {
    let asked: BTreeSet<Addr> = asked.iter().map(|resource| resource.addr()).collect();
    all.into_iter().filter(|r| r.phase() != Phase::Images && !asked.contains(&r.addr())).collect()
}

/// True if the cluster runs and is ours, or was there before, and the caller has no access to it: what is in it couldn't be seen, and
/// what it holds in AWS would be left. Not if the state says that the access was removed, or not made yet: the cluster is empty then.
pub fn shut_out(config: &Config, planned: &Planned, known: &Snapshot) -> bool {
    let (cluster, entry) = (Addr::new("cluster/eks"), Addr::new("cluster/access-caller"));
    let seen = planned.outputs();
    let runs = seen.get(&cluster).is_some_and(|outputs| outputs.contains_key("endpoint"));
    let foreign = config.spec.cluster.existing.is_none() && planned.plan.left.iter().any(|left| left.addr == cluster);
    let empty = known.resources.contains_key(&cluster) && !known.resources.contains_key(&entry);
    runs && !foreign && !seen.contains_key(&entry) && !empty
}

/// Gives the caller access to the cluster.
pub async fn let_in(deps: &Deps, planned: &Planned) -> Result<()> {
    let context = Context::new(Arc::new(planned.outputs()), Arc::new(|_| ()));
    for resource in super::in_aws(deps).iter().filter(|r| r.addr() == Addr::new("cluster/access-caller")) {
        resource.apply(&context, Action::Create, &format!("{:032x}", rand::random::<u128>())).await?;
    }
    Ok(())
}

/// What was switched off in the configuration may still be there.
fn everything(deps: &Deps) -> Deps {
    let mut deps = deps.clone();
    let spec = &mut Arc::make_mut(&mut deps.config).spec;
    spec.gpu.enabled = true;
    spec.gpu.capacity_types = vec![CapacityType::OnDemand, CapacityType::Spot];
    spec.images.webhook = Switch::Enabled;
    spec.images.mirror = Mirror::Auto;
    spec.network.nat_gateways = NatGateways::PerZone;
    if let Some(existing) = &mut spec.network.existing {
        existing.tag_subnets = true;
    }
    if let Some(existing) = &mut spec.cluster.existing {
        existing.node_group = true;
    }
    deps
}

fn with_leftovers(deps: &Deps, made: Vec<Arc<dyn Resource>>) -> Vec<Arc<dyn Resource>> {
    let site = Site::new(&deps.config, &deps.aws, &deps.account);
    let shared = deps.config.spec.network.existing.is_some();
    let ours: Arc<BTreeSet<Addr>> =
        Arc::new(made.iter().map(|resource| resource.addr()).chain([Addr::new("cluster/security-groups")]).collect());
    let mut all = made;
    all.push(leftover(&site, &ours, karpenter::Instances(site.clone())));
    all.push(leftover(&site, &ours, karpenter::LaunchTemplates(site.clone())));
    // In a cluster of others nothing tells what was made for whom: it is theirs, or goes with what is ours.
    if !site.existing_cluster {
        all.push(leftover(&site, &ours, network::Interfaces { site: site.clone(), shared }));
        all.push(leftover(&site, &ours, network::SecurityGroups(site.clone())));
        all.push(leftover(&site, &ours, volumes::Volumes(site.clone())));
    }
    let there: BTreeSet<Addr> = all.iter().map(|resource| resource.addr()).collect();
    // A cluster of others stays, and has nothing to wait for.
    let stays = |addr: &Addr| site.existing_cluster && addr.as_str() == "cluster/eks";
    all.into_iter().map(|inner| if stays(&inner.addr()) { inner } else { ordered(inner, &there) }).collect()
}

fn leftover<H: Hunt + 'static>(site: &Arc<Site>, there: &Arc<BTreeSet<Addr>>, hunt: H) -> Arc<dyn Resource> {
    Arc::new(Leftover { site: site.clone(), hunt, there: there.clone() })
}

/// A resource with the edges of a removal, as far as the others are there.
fn ordered(inner: Arc<dyn Resource>, there: &BTreeSet<Addr>) -> Arc<dyn Resource> {
    let addr = inner.addr();
    let edges = BEFORE.iter().filter(|(first, _)| *first == addr.as_str()).flat_map(|(_, others)| others.iter());
    let others: Vec<Addr> = edges.map(|other| Addr::new(*other)).filter(|other| there.contains(other)).collect();
    if others.is_empty() { inner } else { Arc::new(Before { inner, others }) }
}
