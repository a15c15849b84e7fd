//! Which instance types EC2 offers in the region: families differ much between Beijing and Ningxia, and from the rest of AWS.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ec2::types::{Filter, LocationType};

use crate::aws::{Call, Clients};
use crate::checks::Checker;
use crate::checks::look::{fail, look, pass};
use crate::config::Config;
use crate::model::Result;

use super::network::zones;

const TOPIC: (&str, &str) = ("capacity", "Capacity");

pub(super) fn checkers(config: &Arc<Config>, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    let nodes = config.spec.cluster.node_group.instance_types.clone();
    let mut all: Vec<_> = nodes.into_iter().map(|kind| node_type(config.clone(), clients.clone(), kind)).collect();
    if config.spec.gpu.enabled {
        all.extend(config.spec.gpu.families.iter().map(|family| gpu_family(clients.clone(), family.clone())));
    }
    all
}

/// The zones that offer each type that matches a pattern such as `g4dn.*`.
async fn offered(aws: &Clients, pattern: &str) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let filter = Filter::builder().name("instance-type").values(pattern).build();
    let call = aws.ec2.describe_instance_type_offerings().location_type(LocationType::AvailabilityZone);
    let answer = call.filters(filter).send().await.call("ec2:DescribeInstanceTypeOfferings")?;
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for offer in answer.instance_type_offerings() {
        let (Some(kind), Some(zone)) = (offer.instance_type(), offer.location()) else { continue };
        found.entry(kind.as_str().to_owned()).or_default().insert(zone.to_owned());
    }
    Ok(found)
}

fn node_type(config: Arc<Config>, aws: Clients, kind: String) -> Arc<dyn Checker> {
    look(TOPIC, format!("{} offers {kind} in the zones of the deployment", aws.region()), move || {
        let (config, aws, kind) = (config.clone(), aws.clone(), kind.clone());
        async move {
            let found = offered(&aws, &kind).await?.remove(&kind).unwrap_or_default();
            let needed = zones(&config, &aws).await?;
            let missing: Vec<&str> = needed.iter().map(String::as_str).filter(|zone| !found.contains(*zone)).collect();
            if missing.is_empty() {
                return pass(needed.join(", "));
            }
            let seen = if found.is_empty() { "nowhere".to_owned() } else { format!("not in {}", missing.join(", ")) };
            fail(seen, "set `spec.cluster.nodeGroup.instanceTypes` to types that the region offers")
        }
    })
}

fn gpu_family(aws: Clients, family: String) -> Arc<dyn Checker> {
    look(TOPIC, format!("{} offers the GPU family {family}", aws.region()), move || {
        let (aws, family) = (aws.clone(), family.clone());
        async move {
            let found = offered(&aws, &format!("{family}.*")).await?;
            if found.is_empty() {
                return fail(
                    "no type of it",
                    "set `spec.gpu.families` to families that the region offers, such as g4dn",
                );
            }
            let zones: BTreeSet<String> = found.values().flatten().cloned().collect();
            pass(format!("{} types in {}", found.len(), zones.into_iter().collect::<Vec<_>>().join(", ")))
        }
    })
}
