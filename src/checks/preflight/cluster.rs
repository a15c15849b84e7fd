//! A cluster that is there already: whether a deployment can live in it. And of any cluster that is there: whether its API server is
//! reached from here.

use std::sync::Arc;

use crate::aws::{Call, Clients, cluster};
use crate::checks::Checker;
use crate::checks::look::{fail, look, pass, warn};
use crate::config::Config;

use super::connection::connect;

const PRIVATE: &str = "what is inside the cluster is made from its VPC, or from a network that is connected with it and resolves its names: run kfctl-cn there";
const TOPIC: (&str, &str) = ("cluster", "Existing cluster");

pub(super) fn checkers(config: &Arc<Config>, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    let mut all = Vec::new();
    if config.spec.cluster.existing.is_some() {
        all.push(fits(config, clients));
    }
    all.push(reached(config, clients));
    all
}

fn fits(config: &Arc<Config>, clients: &Clients) -> Arc<dyn Checker> {
    let (config, aws) = (config.clone(), clients.clone());
    look(TOPIC, format!("Kubeflow can live in the cluster {}", config.cluster()), move || {
        let (config, aws) = (config.clone(), aws.clone());
        async move {
            let (name, region) = (config.cluster(), config.spec.region);
            let call = aws.eks.describe_cluster().name(name).send().await;
            let found = call.unless("eks:DescribeCluster", &["ResourceNotFoundException"])?.and_then(|f| f.cluster);
            let Some(found) = found else {
                return fail(format!("there is none in {region}"), "set `spec.cluster.existing.name`");
            };
            let wrong = cluster::wrong(&found, &config.spec.cluster.version, config.name());
            if !wrong.is_empty() {
                return fail(wrong.join("; "), "put it right, or name another cluster");
            }
            let nodes = cluster::nodes(&aws, name, config.name()).await?;
            let fitting = nodes.iter().filter(|node| node.fits).count();
            if fitting == 0 && config.spec.cluster.existing.as_ref().is_some_and(|existing| !existing.node_group) {
                return fail("no x86-64 node runs", "start some, or set `spec.cluster.existing.nodeGroup: true`");
            }
            pass(format!("Kubernetes {}, {fitting} x86-64 nodes", found.version().unwrap_or_default()))
        }
    })
}

/// A private endpoint is reached from its VPC and from what is connected with it, and `up` works inside the cluster.
fn reached(config: &Arc<Config>, clients: &Clients) -> Arc<dyn Checker> {
    let (config, aws) = (config.clone(), clients.clone());
    look(TOPIC, format!("the API server of {} takes connections from here", config.cluster()), move || {
        let (config, aws) = (config.clone(), aws.clone());
        async move {
            let cluster = &config.spec.cluster;
            let call = aws.eks.describe_cluster().name(config.cluster()).send().await;
            let found = call.unless("eks:DescribeCluster", &["ResourceNotFoundException"])?.and_then(|f| f.cluster);
            let Some(endpoint) = found.as_ref().and_then(|cluster| cluster.endpoint()) else {
                return match cluster.existing.is_none() && cluster.public_access_cidrs.is_empty() {
                    true => warn("there is none yet, and it will be reached from its VPC only", PRIVATE),
                    false => pass("there is none yet"),
                };
            };
            let public =
                found.as_ref().and_then(|c| c.resources_vpc_config()).is_some_and(|v| v.endpoint_public_access());
            let hint = match public {
                true => "let this address in (`spec.cluster.publicAccessCidrs`), or run where the VPC is reached",
                false => PRIVATE,
            };
            match connect(endpoint).await {
                Ok(()) => pass(endpoint),
                // In a cluster of our own, parts of `up` can be done from elsewhere.
                Err(why) if cluster.existing.is_none() => warn(format!("{endpoint}: {why}"), hint),
                Err(why) => fail(format!("{endpoint}: {why}"), hint),
            }
        }
    })
}
