//! Quotas that a deployment runs into, where they can be read. One that can't be read is skipped: `servicequotas` may be denied.

use std::sync::Arc;

use aws_sdk_ec2::types::Filter;

use crate::aws::tags::{DEPLOYMENT_TAG, from_rds};
use crate::aws::{Call, Clients, ZONES};
use crate::checks::look::{fail, look, pass, warn};
use crate::checks::{Checker, Verdict};
use crate::config::{CapacityType, Config, NatGateways};
use crate::model::{ErrorClass, Result};

const TOPIC: (&str, &str) = ("quotas", "Quotas");
const HINT: &str =
    "ask for more in Service Quotas (https://console.amazonaws.cn/servicequotas), or remove what isn't used";

/// What a quota limits, counted here.
#[derive(Clone, Copy)]
enum Counted {
    Vpcs,
    ElasticIps,
    InternetGateways,
    Clusters,
    Databases,
}

pub(super) fn checkers(config: &Arc<Config>, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    let addresses = match config.spec.network.nat_gateways {
        NatGateways::Single => 1,
        NatGateways::PerZone => ZONES,
    };
    // Codes: Service Quotas, the same in all partitions.
    let rooms = [
        ("vpc", "L-F678F1CE", "VPC", 1, Counted::Vpcs),
        ("ec2", "L-0263D0A3", "elastic IP", addresses, Counted::ElasticIps),
        ("vpc", "L-A4707A72", "internet gateway", 1, Counted::InternetGateways),
        ("eks", "L-1194D53C", "EKS cluster", 1, Counted::Clusters),
        ("rds", "L-7B6409FD", "DB instance", 1, Counted::Databases),
    ];
    // In a VPC that is there already no part of the network is made.
    let network = |counted| matches!(counted, Counted::Vpcs | Counted::ElasticIps | Counted::InternetGateways);
    let rooms = rooms.into_iter().filter(|room| !config.in_existing_network() || !network(room.4));
    let cluster = config.spec.cluster.existing.as_ref();
    let rooms = rooms.filter(|room| cluster.is_none() || !matches!(room.4, Counted::Clusters));
    let mut all: Vec<Arc<dyn Checker>> = rooms
        .map(|(service, code, name, wanted, counted)| {
            let (aws, deployment) = (clients.clone(), config.name().to_owned());
            look(TOPIC, format!("there is room for {wanted} more {name}"), move || {
                let (aws, deployment) = (aws.clone(), deployment.clone());
                async move { room(&aws, &deployment, (service, code), wanted, counted).await }
            })
        })
        .collect();
    if cluster.is_none_or(|cluster| cluster.node_group) {
        all.push(nodes(config, clients));
    }
    if config.spec.gpu.enabled {
        all.extend(gpu(config, clients));
    }
    all
}

/// A quota's value, or why it can't be read.
async fn value(aws: &Clients, (service, code): (&str, &str)) -> Result<std::result::Result<usize, String>> {
    let call = aws.quotas.get_service_quota().service_code(service).quota_code(code).send().await;
    let answer = match call.unless("servicequotas:GetServiceQuota", &["NoSuchResourceException"]) {
        Err(error) if error.class == ErrorClass::Permanent => return Ok(Err(error.to_string())),
        other => other?,
    };
    let found = answer.and_then(|a| a.quota).and_then(|q| q.value());
    Ok(found.map(|v| v as usize).ok_or_else(|| "Service Quotas doesn't know it here".into()))
}

async fn room(
    aws: &Clients,
    deployment: &str,
    quota: (&str, &str),
    wanted: usize,
    counted: Counted,
) -> Result<Verdict> {
    let limit = match value(aws, quota).await? {
        Ok(limit) => limit,
        Err(why) => return Ok(Verdict::Skip(why)),
    };
    let (all, ours) = count(aws, counted, deployment).await?;
    let missing = wanted.saturating_sub(ours);
    let seen = format!("{all} of {limit} in use");
    if all + missing <= limit { pass(seen) } else { fail(format!("{seen}, {missing} more are needed"), HINT) }
}

/// How many there are, and how many of them are ours.
async fn count(aws: &Clients, counted: Counted, deployment: &str) -> Result<(usize, usize)> {
    let ours = Filter::builder().name(format!("tag:{DEPLOYMENT_TAG}")).values(deployment).build();
    Ok(match counted {
        Counted::Vpcs => {
            let all = aws.ec2.describe_vpcs().send().await.call("ec2:DescribeVpcs")?;
            let ours = aws.ec2.describe_vpcs().filters(ours).send().await.call("ec2:DescribeVpcs")?;
            (all.vpcs().len(), ours.vpcs().len())
        }
        Counted::ElasticIps => {
            let all = aws.ec2.describe_addresses().send().await.call("ec2:DescribeAddresses")?;
            let ours = aws.ec2.describe_addresses().filters(ours).send().await.call("ec2:DescribeAddresses")?;
            (all.addresses().len(), ours.addresses().len())
        }
        Counted::InternetGateways => {
            let all = aws.ec2.describe_internet_gateways().send().await.call("ec2:DescribeInternetGateways")?;
            let ours = aws.ec2.describe_internet_gateways().filters(ours).send().await;
            let ours = ours.call("ec2:DescribeInternetGateways")?;
            (all.internet_gateways().len(), ours.internet_gateways().len())
        }
        Counted::Clusters => {
            let mut pages = aws.eks.list_clusters().into_paginator().items().send();
            let mut names = Vec::new();
            while let Some(name) = pages.next().await {
                names.push(name.call("eks:ListClusters")?);
            }
            (names.len(), names.iter().filter(|name| *name == deployment).count())
        }
        Counted::Databases => {
            let mut pages = aws.rds.describe_db_instances().into_paginator().items().send();
            let (mut all, mut ours) = (0, 0);
            while let Some(instance) = pages.next().await {
                let tags = from_rds(instance.call("rds:DescribeDBInstances")?.tag_list());
                all += 1;
                ours += usize::from(tags.get(DEPLOYMENT_TAG).is_some_and(|name| name == deployment));
            }
            (all, ours)
        }
    })
}

/// The vCPUs of the node group at its start; the quota counts all families that aren't for something special.
fn nodes(config: &Config, clients: &Clients) -> Arc<dyn Checker> {
    let (aws, group) = (clients.clone(), config.spec.cluster.node_group.clone());
    look(
        TOPIC,
        format!("{} nodes of {} may be started", group.desired_size, group.instance_types.join(", ")),
        move || {
            let (aws, group) = (aws.clone(), group.clone());
            async move {
                let limit = match value(&aws, ("ec2", "L-1216C47A")).await? {
                    Ok(limit) => limit,
                    Err(why) => return Ok(Verdict::Skip(why)),
                };
                let filter =
                    Filter::builder().name("instance-type").set_values(Some(group.instance_types.clone())).build();
                let answer = aws.ec2.describe_instance_types().filters(filter).send().await;
                let answer = answer.call("ec2:DescribeInstanceTypes")?;
                let cpus = answer.instance_types().iter().filter_map(|kind| kind.v_cpu_info()?.default_v_cpus()).max();
                let Some(cpus) = cpus else { return Ok(Verdict::Skip("EC2 knows none of the types".into())) };
                let needed = usize::try_from(cpus).unwrap_or_default() * group.desired_size as usize;
                let seen = format!("{needed} of {limit} vCPUs");
                if needed <= limit { pass(seen) } else { fail(format!("{seen} are needed"), HINT) }
            }
        },
    )
}

/// New accounts have a quota of 0 vCPUs of GPU types: the pool would stay empty without an error anywhere.
fn gpu(config: &Config, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    let gpu = &config.spec.gpu;
    let p = |family: &String| family.starts_with('p');
    let mut codes = Vec::new();
    for (wanted, on_demand, spot) in [
        (gpu.families.iter().any(p), ("L-417A185B", "P"), ("L-7212CCBC", "P")),
        (!gpu.families.iter().all(p), ("L-DB2E81BA", "G and VT"), ("L-3819A6DF", "G and VT")),
    ] {
        if wanted && gpu.capacity_types.contains(&CapacityType::OnDemand) {
            codes.push((on_demand, "on-demand"));
        }
        if wanted && gpu.capacity_types.contains(&CapacityType::Spot) {
            codes.push((spot, "spot"));
        }
    }
    let of = |((code, name), how): ((&'static str, &'static str), &'static str)| {
        let aws = clients.clone();
        look(TOPIC, format!("GPU instances ({name}, {how}) may be started"), move || {
            let aws = aws.clone();
            async move {
                match value(&aws, ("ec2", code)).await? {
                    Err(why) => Ok(Verdict::Skip(why)),
                    Ok(vcpus) if vcpus < 4 => {
                        warn(format!("the quota is {vcpus} vCPUs, the smallest type has 4"), HINT)
                    }
                    Ok(vcpus) => pass(format!("{vcpus} vCPUs")),
                }
            }
        })
    };
    codes.into_iter().map(of).collect()
}
