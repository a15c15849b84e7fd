//! A subnet of one zone.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType};

use crate::aws::tags::{self, Tags};
use crate::aws::{Call, ec2_once, zones};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, astray, by_tag, live, one, outputs, retag, specification};

use super::vpc::{ELSEWHERE, IN_USE};

/// A subnet. Nodes, pods and the database are in private ones; public ones hold load balancers and NAT gateways.
pub(super) struct Subnet {
    pub(super) site: Arc<Site>,
    pub(super) public: bool,
    /// Which zone, from 0.
    pub(super) zone: usize,
    pub(super) cidr: String,
}

impl Subnet {
    fn part(&self) -> String {
        format!("subnet-{}-{}", if self.public { "public" } else { "private" }, self.zone + 1)
    }

    /// Our tags, the one by which load balancers find their subnets, and, where Karpenter's nodes go, the one by which it does.
    fn tags(&self) -> Tags {
        let mut tags = self.site.tags(&self.addr(), &self.site.named(&self.part()));
        if self.public {
            tags.insert("kubernetes.io/role/elb".into(), "1".into());
        } else {
            tags.insert("kubernetes.io/role/internal-elb".into(), "1".into());
            tags.insert("karpenter.sh/discovery".into(), self.site.name.clone());
        }
        tags
    }

    async fn find(&self) -> Result<Option<aws_sdk_ec2::types::Subnet>> {
        let call = self.site.aws.ec2.describe_subnets().set_filters(Some(by_tag(&self.site, &self.addr())));
        let found = call.send().await.call("ec2:DescribeSubnets")?.subnets.unwrap_or_default();
        one(&self.addr(), found, |s| s.subnet_id())
    }

    async fn create(&self, vpc: &str) -> Result<aws_sdk_ec2::types::Subnet> {
        let zones = zones(&self.site.aws).await?;
        let call = self.site.aws.ec2.create_subnet().vpc_id(vpc).cidr_block(&self.cidr);
        let call = call.set_availability_zone(zones.get(self.zone).cloned());
        let call = call.tag_specifications(specification(ResourceType::Subnet, &self.tags()));
        let create = async { call.customize().config_override(ec2_once()).send().await.call("ec2:CreateSubnet") };
        let made = self.site.made.once(&self.addr(), create).await?;
        Ok(made.subnet.unwrap_or_else(|| aws_sdk_ec2::types::Subnet::builder().build()))
    }
}

fn of(subnet: &aws_sdk_ec2::types::Subnet) -> Outputs {
    outputs([
        ("subnet_id", subnet.subnet_id().unwrap_or_default()),
        ("zone", subnet.availability_zone().unwrap_or_default()),
    ])
}

#[async_trait]
impl Resource for Subnet {
    fn addr(&self) -> Addr {
        Addr::new(format!("cluster/{}", self.part()))
    }

    fn title(&self) -> String {
        format!("{} subnet {}", if self.public { "Public" } else { "Private" }, self.cidr)
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["cluster/vpc".into()]
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(subnet) = self.find().await? else { return Ok(Observed::Absent) };
        let tags = tags::from_ec2(subnet.tags());
        let mut diff = Diff::default();
        diff.refuse("cidr", subnet.cidr_block().unwrap_or_default(), &self.cidr, IN_USE, ELSEWHERE);
        if let Some(vpc) = cx.output("cluster/vpc", "vpc_id") {
            diff.refuse("vpc", subnet.vpc_id().unwrap_or_default(), vpc, IN_USE, ELSEWHERE);
        }
        diff.update("publicAddresses", subnet.map_public_ip_on_launch().unwrap_or_default(), self.public);
        diff.tags(&tags, &self.tags());
        let ready = match subnet.state().map(|s| s.as_str()) {
            Some("available") | None => Readiness::Ready,
            Some(state) => Readiness::Waiting(format!("the subnet is {state}")),
        };
        Ok(absent_or(Some(live(of(&subnet), self.site.owner(&tags), diff, ready))))
    }

    async fn astray(&self, record: &Outputs) -> Result<Option<String>> {
        astray(&self.site, &self.addr(), record, "subnet_id").await
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let subnet = match self.find().await? {
            Some(subnet) => subnet,
            None => self.create(cx.require("cluster/vpc", "vpc_id")?).await?,
        };
        let id = subnet.subnet_id().unwrap_or_default();
        retag(&self.site, id, subnet.tags(), &self.tags()).await?;
        if subnet.map_public_ip_on_launch().unwrap_or_default() != self.public {
            let value = AttributeBooleanValue::builder().value(self.public).build();
            let call = self.site.aws.ec2.modify_subnet_attribute().subnet_id(id).map_public_ip_on_launch(value);
            call.send().await.call("ec2:ModifySubnetAttribute")?;
        }
        Ok(of(&subnet))
    }

    async fn delete(&self, _: &Context, live: &Live) -> Result<()> {
        let id = live.outputs.get("subnet_id").cloned().unwrap_or_default();
        let call = self.site.aws.ec2.delete_subnet().subnet_id(id).send().await;
        call.unless("ec2:DeleteSubnet", &["InvalidSubnetID.NotFound"])?;
        Ok(())
    }
}
