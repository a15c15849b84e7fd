//! A VPC that is there already: whether a deployment can live in it, and what load balancers will miss.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::aws::network::{Chosen, Vpc, choose, survey};
use crate::aws::{Call, Clients};
use crate::checks::look::{fail, look, pass, warn};
use crate::checks::{Checker, Verdict};
use crate::config::{Config, ExistingNetwork};
use crate::model::Result;

const TOPIC: (&str, &str) = ("network", "Existing network");

pub(super) fn checkers(config: &Arc<Config>, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    let Some(existing) = &config.spec.network.existing else { return Vec::new() };
    let check = |what: &str, judge: fn(&ExistingNetwork, &Vpc, &Chosen<'_>) -> Result<Verdict>| {
        let (aws, name, existing) = (clients.clone(), config.cluster().to_owned(), existing.clone());
        look(TOPIC, what, move || {
            let (aws, name, existing) = (aws.clone(), name.clone(), existing.clone());
            async move {
                let Some(vpc) = survey(&aws, &existing.vpc_id).await? else {
                    return fail(format!("there is no {}", existing.vpc_id), "set `spec.network.existing.vpcId`");
                };
                let cluster = aws.eks.describe_cluster().name(&name).send().await;
                let new = cluster.unless("eks:DescribeCluster", &["ResourceNotFoundException"])?.is_none();
                let chosen = choose(&vpc, &existing.private_subnet_ids, &existing.public_subnet_ids, new);
                judge(&existing, &vpc, &chosen)
            }
        })
    };
    vec![
        check(&format!("a cluster can live in {}", existing.vpc_id), fits),
        check("load balancers find their subnets", tagged),
    ]
}

/// The zones that the deployment is in: those of the private subnets of a VPC that is there, else the first three of the region.
pub(super) async fn zones(config: &Config, aws: &Clients) -> Result<Vec<String>> {
    let Some(existing) = &config.spec.network.existing else { return crate::aws::zones(aws).await };
    let vpc = survey(aws, &existing.vpc_id).await?;
    let chosen = vpc.as_ref().map(|vpc| choose(vpc, &existing.private_subnet_ids, &existing.public_subnet_ids, true));
    let found: BTreeSet<String> = chosen.iter().flat_map(|c| &c.private).map(|subnet| subnet.zone.clone()).collect();
    Ok(found.into_iter().collect())
}

fn fits(_: &ExistingNetwork, vpc: &Vpc, chosen: &Chosen<'_>) -> Result<Verdict> {
    if !chosen.wrong.is_empty() {
        return fail(chosen.wrong.join("; "), "put it right, or name other subnets under `spec.network.existing`");
    }
    let (private, public) = (chosen.private.len(), chosen.public.len());
    pass(format!("{}, {private} private and {public} public subnets", vpc.blocks.join(", ")))
}

/// Nothing here opens a load balancer, so that a tag that is missing is no failure.
fn tagged(existing: &ExistingNetwork, _: &Vpc, chosen: &Chosen<'_>) -> Result<Verdict> {
    let (elb, internal) = ("kubernetes.io/role/elb", "kubernetes.io/role/internal-elb");
    let public = chosen.public.iter().filter(|s| !s.tags.contains_key(elb)).map(|s| format!("{} {elb}", s.id));
    let private = chosen.private.iter().filter(|s| !s.tags.contains_key(internal));
    let missing: Vec<String> = public.chain(private.map(|s| format!("{} {internal}", s.id))).collect();
    match (missing.is_empty(), existing.tag_subnets) {
        (true, _) => pass("all are tagged"),
        (false, true) => pass("`up` puts on what is missing"),
        (false, false) => warn(
            format!("tags are missing: {}", missing.join(", ")),
            "if you want load balancers: let the owner of the VPC put them on, or set `spec.network.existing.tagSubnets`",
        ),
    }
}
