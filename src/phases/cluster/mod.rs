//! The phase `cluster`: network over three zones, IAM roles, EKS, nodes, add-ons, kubeconfig.

mod addon;
mod eip;
mod eks;
mod eks_update;
mod existing_cluster;
mod existing_vpc;
mod in_existing;
mod internet_gateway;
mod kubeconfig;
mod nat;
mod network;
mod node_group;
mod node_template;
mod oidc;
pub(crate) mod roles;
mod routes;
mod subnet;
mod subnet_tags;
mod vpc;

use std::sync::Arc;

use crate::aws::Clients;
use crate::config::{self, Config, NatGateways};
use crate::engine::{Context, Observed, Owner, Resource};
use crate::kube::Endpoint;
use crate::model::{Addr, Error, ErrorClass, Result};

use super::Deps;
use super::site::{AccessEntry, DiskGrant, ServiceLinked, Site};
use crate::aws::ZONES;

/// The resources of the phase. A block that can't be divided has been refused with the configuration; here it yields no subnets.
pub fn resources(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    let site = Site::new(&deps.config, &deps.aws, &deps.account);
    let mut all = network(&site, deps);
    match deps.config.spec.cluster.existing {
        Some(_) => all.extend(in_existing::resources(&site, deps)),
        None => all.extend(control_plane(&site, deps)),
    }
    all
}

/// Where the API server of the deployment's cluster is; `None` if there is no cluster, or if it isn't active yet.
///
/// # Errors
/// That a cluster of this name isn't ours, or what EKS refuses.
pub async fn endpoint(config: &Config, aws: &Clients, account: &str) -> Result<Option<Endpoint>> {
    let cluster = the_cluster(&Site::new(config, aws, account), &config.spec.cluster);
    let Observed::Present(live) = cluster.read(&Context::new(Arc::default(), Arc::new(|_| ()))).await? else {
        return Ok(None);
    };
    if let Owner::Other(seen) = live.owner {
        return Err(Error::new(ErrorClass::Permanent, format!("the cluster {} isn't ours: {seen}", config.cluster())));
    }
    let output = |key: &str| live.outputs.get(key).cloned();
    Ok(output("endpoint").zip(output("ca")).map(|(url, ca_base64)| Endpoint { url, ca_base64 }))
}

/// Our own, or the one that was there before.
fn the_cluster(site: &Arc<Site>, config: &config::Cluster) -> Arc<dyn Resource> {
    let site = site.clone();
    match config.existing {
        Some(_) => Arc::new(existing_cluster::ExistingCluster { site, version: config.version.clone() }),
        None => Arc::new(eks::Eks { site, config: config.clone() }),
    }
}

fn network(site: &Arc<Site>, deps: &Deps) -> Vec<Arc<dyn Resource>> {
    let spec = &deps.config.spec.network;
    if deps.config.in_existing_network() {
        return existing_vpc::resources(site, spec.existing.as_ref());
    }
    let mut all: Vec<Arc<dyn Resource>> = vec![
        Arc::new(vpc::Vpc { site: site.clone(), cidr: spec.vpc_cidr.clone() }),
        Arc::new(internet_gateway::InternetGateway { site: site.clone() }),
    ];
    if let Ok(blocks) = network::divide(&spec.vpc_cidr) {
        for (public, cidrs) in [(true, blocks.public), (false, blocks.private)] {
            for (zone, cidr) in cidrs.into_iter().enumerate() {
                all.push(Arc::new(subnet::Subnet { site: site.clone(), public, zone, cidr }));
            }
        }
    }
    let gateways = match spec.nat_gateways {
        NatGateways::Single => 1,
        NatGateways::PerZone => ZONES,
    };
    for zone in 0..gateways {
        all.push(Arc::new(eip::Eip { site: site.clone(), zone }));
        all.push(Arc::new(nat::Nat { site: site.clone(), zone }));
    }
    let table = |part: String, target: String, subnets: Vec<String>| routes::Routes {
        site: site.clone(),
        part,
        target,
        subnets,
    };
    let public = (1..=ZONES).map(|i| format!("cluster/subnet-public-{i}")).collect();
    all.push(Arc::new(table("routes-public".into(), "cluster/internet-gateway".into(), public)));
    for i in 1..=ZONES {
        let (nat, subnet) = (format!("cluster/nat-{}", i.min(gateways)), format!("cluster/subnet-private-{i}"));
        all.push(Arc::new(table(format!("routes-private-{i}"), nat, vec![subnet])));
    }
    all
}

fn control_plane(site: &Arc<Site>, deps: &Deps) -> Vec<Arc<dyn Resource>> {
    let config = &deps.config.spec.cluster;
    let mut all: Vec<Arc<dyn Resource>> = vec![Arc::new(roles::cluster(site)), the_cluster(site, config)];
    all.extend(own_nodes(site, deps));
    all.extend(addons(site, config).into_iter().map(|addon| Arc::new(addon) as Arc<dyn Resource>));
    all.extend(beside(site, deps));
    all
}

/// A node group, its role, and its launch template.
fn own_nodes(site: &Arc<Site>, deps: &Deps) -> Vec<Arc<dyn Resource>> {
    let config = &deps.config.spec.cluster;
    let group = node_group::NodeGroup {
        site: site.clone(),
        config: config.node_group.clone(),
        version: config.version.clone(),
    };
    let template = node_template::NodeTemplate {
        site: site.clone(),
        disk_gib: config.node_group.disk_gib,
        disk_key: config.disk_kms_key_arn.clone(),
        proxy: deps.config.spec.network.proxy.clone(),
    };
    let mut all: Vec<Arc<dyn Resource>> = vec![Arc::new(roles::nodes(site)), Arc::new(template), Arc::new(group)];
    all.extend(DiskGrant::wanted(site, "cluster/disk-grant", ServiceLinked::AUTO_SCALING));
    all
}

fn addons(site: &Arc<Site>, config: &config::Cluster) -> [addon::EksAddon; 4] {
    let addon = |short, name, role, needs: &[&str]| {
        let needs = needs.iter().map(|n| Addr::new(*n)).collect();
        addon::EksAddon { site: site.clone(), short, name, version: config.version.clone(), role, needs }
    };
    // Pods of these two run on nodes; the other two are what makes nodes Ready.
    let nodes = &["cluster/node-group"];
    [
        addon("vpc-cni", "vpc-cni", None, &[]),
        addon("kube-proxy", "kube-proxy", None, &[]),
        addon("coredns", "coredns", None, nodes),
        addon("ebs-csi", "aws-ebs-csi-driver", Some("cluster/role-ebs-csi"), nodes),
    ]
}

/// What every cluster has that is used, whoever made it.
fn beside(site: &Arc<Site>, deps: &Deps) -> [Arc<dyn Resource>; 4] {
    [
        Arc::new(AccessEntry::caller(site, "cluster/access-caller", &deps.caller_arn)),
        Arc::new(oidc::OidcProvider { site: site.clone() }),
        Arc::new(roles::ebs_csi(site)),
        Arc::new(kubeconfig::Kubeconfig { site: site.clone(), path: deps.state_dir.join("kubeconfig") }),
    ]
}
