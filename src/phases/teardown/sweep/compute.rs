//! EC2 and EKS: by tag, whatever the kind.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::Call;
use crate::aws::tags::{self, DEPLOYMENT_TAG, RESOURCE_TAG, Tags};
use crate::model::Result;
use crate::phases::site::Site;
use crate::phases::teardown::ec2::{Cluster, cluster, filter};
use crate::phases::teardown::volumes::KEEP_TAG;

use super::{Answers, Remnant, ours};

pub(super) async fn all(site: &Site) -> Answers {
    vec![("EC2", ec2(site).await), ("EKS", eks(site).await)]
}

async fn eks(site: &Site) -> Result<Vec<Remnant>> {
    let found = site.aws.eks.describe_cluster().name(&site.name).send().await;
    let found = found.unless("eks:DescribeCluster", &["ResourceNotFoundException"])?.and_then(|f| f.cluster);
    let tags = found.as_ref().map(|c| tags::from_map(c.tags())).unwrap_or_default();
    Ok(found.filter(|_| ours(site, &tags)).iter().map(|_| Remnant::new("EKS cluster", &site.name, &tags)).collect())
}

/// Things with our tag, and with the tags that controllers put on what they make for the cluster.
async fn ec2(site: &Site) -> Result<Vec<Remnant>> {
    let owned = format!("kubernetes.io/cluster/{}", site.name);
    let marks = [
        (DEPLOYMENT_TAG, site.name.as_str()),
        (owned.as_str(), "owned"),
        ("KubernetesCluster", &site.name),
        ("elbv2.k8s.aws/cluster", &site.name),
        ("karpenter.k8s.aws/cluster", &site.name),
        ("cluster.k8s.amazonaws.com/name", &site.name),
    ];
    let marks = match cluster(site).await? {
        // What carries its name is of whoever it belongs to.
        Cluster::Foreign => &marks[..1],
        Cluster::Gone | Cluster::Ours => &marks[..],
    };
    let mut kinds: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in marks.iter().copied() {
        for (id, kind, _) in tagged(site, key, Some(value)).await? {
            kinds.insert(id, kind);
        }
    }
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let gone = gone(site).await?;
    let addrs: BTreeMap<String, String> =
        tagged(site, RESOURCE_TAG, None).await?.into_iter().map(|(id, _, value)| (id, value)).collect();
    let kept: BTreeSet<String> = tagged(site, KEEP_TAG, None).await?.into_iter().map(|(id, ..)| id).collect();
    let there = kinds.into_iter().filter(|(id, _)| !gone.contains(id));
    Ok(there
        .map(|(id, kind)| {
            let tags: Tags = addrs.get(&id).map(|addr| (RESOURCE_TAG.to_owned(), addr.clone())).into_iter().collect();
            let remnant = Remnant::new(&format!("EC2 {kind}"), &id, &tags);
            if kept.contains(&id) {
                remnant.because("its PersistentVolume had the reclaim policy Retain")
            } else {
                remnant
            }
        })
        .collect())
}

/// Ids, kinds and values of what has a tag.
async fn tagged(site: &Site, key: &str, value: Option<&str>) -> Result<Vec<(String, String, String)>> {
    let mut call = site.aws.ec2.describe_tags().filters(filter("key", key));
    if let Some(value) = value {
        call = call.filters(filter("value", value));
    }
    let mut pages = call.into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        all.extend(page.call("ec2:DescribeTags")?.tags().iter().map(|tag| {
            let kind = tag.resource_type().map(|kind| kind.as_str().replace('-', " ")).unwrap_or_default();
            let text = |field: Option<&str>| field.unwrap_or_default().to_owned();
            (text(tag.resource_id()), kind, text(tag.value()))
        }));
    }
    Ok(all)
}

/// What EC2 lists with its tags for an hour after it is gone: NAT gateways and instances.
async fn gone(site: &Site) -> Result<BTreeSet<String>> {
    let mut gone = BTreeSet::new();
    let mut pages = site.aws.ec2.describe_nat_gateways().filter(filter("state", "deleted")).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.call("ec2:DescribeNatGateways")?;
        gone.extend(page.nat_gateways().iter().filter_map(|g| g.nat_gateway_id().map(str::to_owned)));
    }
    let ended = filter("instance-state-name", "terminated");
    let mut pages = site.aws.ec2.describe_instances().filters(ended).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.call("ec2:DescribeInstances")?;
        let instances = page.reservations().iter().flat_map(|r| r.instances());
        gone.extend(instances.filter_map(|i| i.instance_id().map(str::to_owned)));
    }
    Ok(gone)
}
