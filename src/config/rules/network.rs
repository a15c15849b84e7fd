//! The network.

use super::Found;
use super::cidr::Cidr;
use crate::config::Config;

/// RFC 1918.
const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
/// Where EKS puts service addresses. Source: EKS user guide, `serviceIpv4Cidr`.
const SERVICES: [&str; 2] = ["10.100.0.0/16", "172.20.0.0/16"];

pub fn check(config: &Config, found: &mut Found) {
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
