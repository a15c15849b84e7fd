//! By what is found that controllers made in EC2 for the cluster, and whose cluster it is.

use aws_sdk_ec2::types::Filter;

use crate::aws::Call;
use crate::aws::tags::{self, DEPLOYMENT_TAG};
use crate::engine::{Context, Owner};
use crate::model::Result;
use crate::phases::site::Site;

/// The cluster of the deployment's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cluster {
    /// There is none: what carries its tags is left over.
    Gone,
    /// It is ours.
    Ours,
    /// It is somebody else's, and so is what carries its tags.
    Foreign,
}

/// Looks at it. One that was there before is somebody else's, also when it is gone.
pub(super) async fn cluster(site: &Site) -> Result<Cluster> {
    if site.existing_cluster {
        return Ok(Cluster::Foreign);
    }
    let found = site.aws.eks.describe_cluster().name(&site.name).send().await;
    let found = found.unless("eks:DescribeCluster", &["ResourceNotFoundException"])?.and_then(|f| f.cluster);
    Ok(match found.map(|cluster| site.owner(&tags::from_map(cluster.tags()))) {
        None => Cluster::Gone,
        Some(Owner::Ours) => Cluster::Ours,
        Some(_) => Cluster::Foreign,
    })
}

/// Things of which a field has a value.
pub(super) fn filter(field: &str, value: &str) -> Filter {
    Filter::builder().name(field).values(value).build()
}

/// Things that a controller made for our cluster and owns; in a cluster of others, those with our own mark, which our node class
/// gives them.
pub(super) fn made_for(site: &Site) -> Filter {
    if site.existing_cluster {
        return filter(&format!("tag:{DEPLOYMENT_TAG}"), &site.name);
    }
    filter(&format!("tag:kubernetes.io/cluster/{}", site.name), "owned")
}

/// Things in our network, or `None` without one: nothing is in it then.
pub(super) fn in_network(cx: &Context) -> Option<Filter> {
    cx.output("cluster/vpc", "vpc_id").map(|id| filter("vpc-id", id))
}

/// What has to wait for interfaces and groups: subnets and the VPC can't go before.
pub(super) const NETWORK: &[&str] = &[
    "cluster/vpc",
    "cluster/internet-gateway",
    "cluster/subnet-public-1",
    "cluster/subnet-public-2",
    "cluster/subnet-public-3",
    "cluster/subnet-private-1",
    "cluster/subnet-private-2",
    "cluster/subnet-private-3",
];
