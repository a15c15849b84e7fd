//! What controllers in the cluster made in our network: interfaces that pods and load balancers leave, and security groups.
//!
//! A subnet or VPC that still has one is refused with DependencyViolation, which names nothing; here each is named.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{NetworkInterface, NetworkInterfaceStatus, SecurityGroup};

use crate::aws::{Call, tags};
use crate::engine::Context;
use crate::model::{Addr, Result};
use crate::phases::site::Site;

use super::ec2::{Cluster, NETWORK, cluster, in_network};
use super::leftover::{Found, Hunt};

/// Interfaces of pods, of the control plane and of load balancers.
pub(super) struct Interfaces {
    pub(super) site: Arc<Site>,
    /// True in a VPC that others use too: only what names our cluster is ours there.
    pub(super) shared: bool,
}

impl Interfaces {
    /// Why an interface is one of the cluster's, or `None`. Those of the VPC CNI carry the cluster's name in a tag and begin with
    /// `aws-K8S-`, those of the control plane are called `Amazon EKS <name>`, those of load balancers `ELB …`; NAT gateways and the
    /// database have theirs, which go with them.
    fn of_the_cluster(&self, interface: &NetworkInterface) -> bool {
        let about = interface.description().unwrap_or_default();
        let tags = tags::from_ec2(interface.tag_set());
        let alone = !self.shared && (about.starts_with("aws-K8S-") || about.starts_with("ELB "));
        alone
            || about == format!("Amazon EKS {}", self.site.name)
            || tags.get("cluster.k8s.amazonaws.com/name") == Some(&self.site.name)
    }
}

#[async_trait]
impl Hunt for Interfaces {
    fn addr(&self) -> &'static str {
        "cluster/interfaces"
    }

    fn title(&self) -> &'static str {
        "network interfaces of pods and load balancers"
    }

    fn needs(&self) -> Vec<Addr> {
        let groups = std::iter::once("cluster/security-groups");
        groups.chain(NETWORK.iter().copied()).map(Addr::new).collect()
    }

    fn hint(&self) -> &'static str {
        "an `ELB …` interface belongs to a load balancer that nothing in the cluster removed: delete it in the EC2 console \
         (Load Balancers), then go on"
    }

    async fn find(&self, cx: &Context) -> Result<Vec<Found>> {
        let Some(here) = in_network(cx) else { return Ok(Vec::new()) };
        let mut pages = self.site.aws.ec2.describe_network_interfaces().filters(here).into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            for interface in page.call("ec2:DescribeNetworkInterfaces")?.network_interfaces() {
                if self.of_the_cluster(interface) {
                    let free = interface.status() == Some(&NetworkInterfaceStatus::Available);
                    let about = interface.description().unwrap_or("in use").to_owned();
                    let id = interface.network_interface_id().unwrap_or_default().to_owned();
                    all.push(Found { id, held: (!free).then_some(about) });
                }
            }
        }
        Ok(all)
    }

    async fn remove(&self, id: &str) -> Result<()> {
        let call = self.site.aws.ec2.delete_network_interface().network_interface_id(id).send().await;
        call.unless("ec2:DeleteNetworkInterface", &["InvalidNetworkInterfaceID.NotFound"])?;
        Ok(())
    }
}

/// Security groups that the cloud controller, the load-balancer controller or EKS made.
pub(super) struct SecurityGroups(pub(super) Arc<Site>);

impl SecurityGroups {
    fn of_controllers(&self, group: &SecurityGroup, cluster_there: bool) -> bool {
        let (tags, name) = (tags::from_ec2(group.tags()), &self.0.name);
        // EKS removes its own with the cluster; when it couldn't, nobody does.
        let by_eks = tags.contains_key("aws:eks:cluster-name");
        let owned = tags.get(&format!("kubernetes.io/cluster/{name}")).is_some_and(|v| v == "owned");
        let balanced = tags.get("elbv2.k8s.aws/cluster") == Some(name);
        (owned || balanced) && !(by_eks && cluster_there)
    }

    /// Takes away the rules of other groups that name this one: while there is one, the group stays.
    async fn forget(&self, id: &str) -> Result<()> {
        let ec2 = &self.0.aws.ec2;
        let named = super::ec2::filter("ip-permission.group-id", id);
        let others = ec2.describe_security_groups().filters(named).send().await.call("ec2:DescribeSecurityGroups")?;
        for other in others.security_groups().iter().filter(|g| g.group_id() != Some(id)) {
            let of = |p: &&aws_sdk_ec2::types::IpPermission| {
                p.user_id_group_pairs().iter().any(|pair| pair.group_id() == Some(id))
            };
            for permission in other.ip_permissions().iter().filter(of) {
                let pairs = permission.user_id_group_pairs().iter().filter(|p| p.group_id() == Some(id));
                let only = aws_sdk_ec2::types::IpPermission::builder()
                    .set_ip_protocol(permission.ip_protocol().map(str::to_owned))
                    .set_from_port(permission.from_port())
                    .set_to_port(permission.to_port())
                    .set_user_id_group_pairs(Some(pairs.cloned().collect()))
                    .build();
                let call = ec2.revoke_security_group_ingress().set_group_id(other.group_id().map(str::to_owned));
                let call = call.ip_permissions(only).send().await;
                call.unless("ec2:RevokeSecurityGroupIngress", &["InvalidPermission.NotFound"])?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Hunt for SecurityGroups {
    fn addr(&self) -> &'static str {
        "cluster/security-groups"
    }

    fn title(&self) -> &'static str {
        "security groups that controllers made"
    }

    fn needs(&self) -> Vec<Addr> {
        NETWORK.iter().copied().map(Addr::new).collect()
    }

    fn hint(&self) -> &'static str {
        "something still uses them: look in the EC2 console which interface does, remove it, then go on"
    }

    async fn find(&self, cx: &Context) -> Result<Vec<Found>> {
        let Some(here) = in_network(cx) else { return Ok(Vec::new()) };
        let cluster = cluster(&self.0).await? != Cluster::Gone;
        let groups = self.0.aws.ec2.describe_security_groups().filters(here).send().await;
        let groups = groups.call("ec2:DescribeSecurityGroups")?.security_groups.unwrap_or_default();
        let ours = groups.iter().filter(|group| self.of_controllers(group, cluster));
        Ok(ours.map(|g| Found { id: g.group_id().unwrap_or_default().to_owned(), held: None }).collect())
    }

    async fn remove(&self, id: &str) -> Result<()> {
        self.forget(id).await?;
        let call = self.0.aws.ec2.delete_security_group().group_id(id).send().await;
        call.unless("ec2:DeleteSecurityGroup", &["InvalidGroup.NotFound", "InvalidGroupId.NotFound"])?;
        Ok(())
    }
}
