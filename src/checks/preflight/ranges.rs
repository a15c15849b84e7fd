//! Ranges of addresses that get in each other's way.

use std::sync::Arc;

use crate::aws::tags::{DEPLOYMENT_TAG, from_ec2};
use crate::aws::{Call, Clients};
use crate::checks::look::{look, pass, warn};
use crate::checks::{Checker, Verdict};
use crate::config::{Cidr, Config};
use crate::model::Result;

const TOPIC: (&str, &str) = ("network", "Address ranges");
/// The bridge of Docker, where it runs on nodes. Source: EKS user guide, requirements of VPCs.
const DOCKER: &str = "172.17.0.0/16";

pub(super) fn checkers(config: &Arc<Config>, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    if config.in_existing_network() {
        return Vec::new();
    }
    let (aws, config) = (clients.clone(), config.clone());
    let block = config.spec.network.vpc_cidr.clone();
    vec![look(TOPIC, format!("{block} is of no other network"), move || {
        let (aws, config) = (aws.clone(), config.clone());
        async move { overlaps(&aws, &config).await }
    })]
}

/// Other VPCs of the account in the region, those that are peered first: a route to them can't be made.
async fn overlaps(aws: &Clients, config: &Config) -> Result<Verdict> {
    let Ok(block) = Cidr::parse(&config.spec.network.vpc_cidr) else { return pass("") };
    let answer = aws.ec2.describe_vpcs().send().await.call("ec2:DescribeVpcs")?;
    let mut found = Vec::new();
    for vpc in answer.vpcs() {
        if from_ec2(vpc.tags()).get(DEPLOYMENT_TAG).is_some_and(|name| name == config.name()) {
            continue;
        }
        let blocks = vpc.cidr_block_association_set().iter().filter_map(|a| a.cidr_block()).chain(vpc.cidr_block());
        if let Some(other) = blocks.filter_map(|text| Cidr::parse(text).ok()).find(|other| block.overlaps(*other)) {
            found.push(format!("{} ({other})", vpc.vpc_id().unwrap_or_default()));
        }
    }
    if Cidr::parse(DOCKER).is_ok_and(|docker| docker.overlaps(block)) {
        found.push(format!("the bridge of Docker on nodes ({DOCKER})"));
    }
    if found.is_empty() {
        return pass(format!("{} other VPCs", answer.vpcs().len()));
    }
    warn(
        format!("it overlaps {}: no route can ever lead there", found.join(", ")),
        "set `spec.network.vpcCidr` to a free block, if the networks are ever to be connected",
    )
}
