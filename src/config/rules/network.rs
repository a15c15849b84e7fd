//! The network.

use super::Found;
use super::cidr::Cidr;
use crate::config::{Config, ExistingNetwork, Network, Proxy};

/// RFC 1918.
const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
/// Where EKS puts service addresses. Source: EKS user guide, `serviceIpv4Cidr`.
const SERVICES: [&str; 2] = ["10.100.0.0/16", "172.20.0.0/16"];

pub fn check(config: &Config, found: &mut Found) {
    let network = &config.spec.network;
    if let Some(existing) = &network.existing {
        self::existing(existing, found);
    }
    if let Some(proxy) = &network.proxy {
        self::proxy(proxy, config, found);
    }
    match (&network.existing, &config.spec.cluster.existing) {
        (None, None) => block(config, found),
        (Some(_), _) => idle(network, "VPC", found),
        (None, Some(_)) => idle(network, "cluster", found),
    }
}

/// Source: EC2 ids are 8 or 17 hexadecimal digits; EKS takes 16 subnets, in two zones at least.
fn existing(existing: &ExistingNetwork, found: &mut Found) {
    let path = "spec.network.existing";
    let id = |kind: &str| format!("{kind}-([0-9a-f]{{8}}|[0-9a-f]{{17}})");
    let hint = "an id such as vpc-0123456789abcdef0";
    found.pattern(&format!("{path}.vpcId"), &existing.vpc_id, &id("vpc"), hint);
    for (field, ids, few) in
        [("privateSubnetIds", &existing.private_subnet_ids, 2), ("publicSubnetIds", &existing.public_subnet_ids, 1)]
    {
        let here = format!("{path}.{field}");
        if !ids.is_empty() && !(few..=16).contains(&ids.len()) {
            let hint = format!("{few} to 16, or none: then they are found by their route tables");
            found.add(&here, format!("{} subnets", ids.len()), &hint);
        }
        for (i, subnet) in ids.iter().enumerate() {
            let here = format!("{here}[{i}]");
            found.pattern(&here, subnet, &id("subnet"), "an id such as subnet-0123456789abcdef0");
            if ids[..i].contains(subnet) {
                found.add(&here, format!("{subnet} is given twice"), "keep one of the two");
            }
        }
    }
    for (i, subnet) in existing.public_subnet_ids.iter().enumerate() {
        if existing.private_subnet_ids.contains(subnet) {
            let message = format!("{subnet} is a private subnet above");
            found.add(&format!("{path}.publicSubnetIds[{i}]"), message, "a subnet is private or public");
        }
    }
}

/// The user data of a node is read by every pod that reaches the metadata service: no place for a password.
fn proxy(proxy: &Proxy, config: &Config, found: &mut Found) {
    let path = "spec.network.proxy";
    let hint = "scheme, host and port, such as http://proxy.example.com:3128";
    if proxy.url.contains('@') {
        let message = "a login in it would be readable on every node".into();
        found.add(&format!("{path}.url"), message, "let the proxy tell the nodes by their addresses");
    } else {
        found.pattern(&format!("{path}.url"), &proxy.url, "https?://[A-Za-z0-9.-]+:[0-9]{1,5}/?", hint);
    }
    for (i, one) in proxy.no_proxy.iter().enumerate() {
        let hint = "a host, a domain such as .example.com, an address or a CIDR block";
        found.pattern(&format!("{path}.noProxy[{i}]"), one, r"[A-Za-z0-9.*:/_-]+", hint);
    }
    let own_nodes = config.spec.cluster.existing.as_ref().is_none_or(|existing| existing.node_group);
    if !own_nodes && !config.spec.gpu.enabled {
        let message = "no node is made that it could be told to".into();
        found.add(path, message, "leave it out, or set `spec.cluster.existing.nodeGroup: true`");
    }
}

/// What is given and means nothing, because nothing of a network is made.
fn idle(network: &Network, what: &str, found: &mut Found) {
    let default = Network::default();
    let hint = "leave it out, or leave `existing` out";
    let message = format!("means nothing for a {what} that is there already");
    if network.vpc_cidr != default.vpc_cidr {
        found.add("spec.network.vpcCidr", message.clone(), hint);
    }
    if network.nat_gateways != default.nat_gateways {
        found.add("spec.network.natGateways", message, hint);
    }
}

fn block(config: &Config, found: &mut Found) {
    let path = "spec.network.vpcCidr";
    let hint = "a private block of /16 to /20 such as 10.0.0.0/16";
    let block = match Cidr::parse(&config.spec.network.vpc_cidr) {
        Ok(block) => block,
        Err(message) => return found.add(path, message, hint),
    };
    let within = |blocks: &[&str], test: fn(Cidr, Cidr) -> bool| {
        blocks.iter().filter_map(|b| Cidr::parse(b).ok()).any(|b| test(b, block))
    };
    if !(16..=20).contains(&block.prefix) {
        let why = if block.prefix < 16 { "larger than a VPC may be" } else { "too small for three zones of pods" };
        found.add(path, format!("{block} is {why}"), hint);
    } else if !within(&PRIVATE, Cidr::contains) {
        found.add(path, format!("{block} is not private (RFC 1918)"), hint);
    } else if within(&SERVICES, Cidr::overlaps) {
        let hint = "stay clear of 10.100.0.0/16 and 172.20.0.0/16, from which EKS takes the addresses of services";
        found.add(path, format!("{block} overlaps the addresses of Kubernetes services"), hint);
    }
}
