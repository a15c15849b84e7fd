//! The VPC. CreateVpc takes no client token, so it is tagged in the call and looked up by tag.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, VpcAttributeName};

use crate::aws::network::attribute;
use crate::aws::{Call, ec2_once, tags};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, astray, by_tag, live, one, outputs, retag, specification};

/// Why blocks of addresses stay.
pub(super) const IN_USE: &str = "nodes, pods and database have addresses in it";
/// How to get others.
pub(super) const ELSEWHERE: &str = "make a second deployment with another `metadata.name`, and move the data there";

/// The VPC.
pub(super) struct Vpc {
    pub(super) site: Arc<Site>,
    pub(super) cidr: String,
}

impl Vpc {
    fn name(&self) -> String {
        self.site.named("vpc")
    }

    async fn find(&self) -> Result<Option<aws_sdk_ec2::types::Vpc>> {
        let call = self.site.aws.ec2.describe_vpcs().set_filters(Some(by_tag(&self.site, &self.addr())));
        let found = call.send().await.call("ec2:DescribeVpcs")?.vpcs.unwrap_or_default();
        one(&self.addr(), found, |v| v.vpc_id())
    }

    async fn has(&self, id: &str, name: VpcAttributeName) -> Result<bool> {
        attribute(&self.site.aws, id, name).await
    }
}

#[async_trait]
impl Resource for Vpc {
    fn addr(&self) -> Addr {
        "cluster/vpc".into()
    }

    fn title(&self) -> String {
        format!("VPC {}", self.cidr)
    }

    async fn read(&self, _: &Context) -> Result<Observed> {
        let Some(vpc) = self.find().await? else { return Ok(Observed::Absent) };
        let id = vpc.vpc_id().unwrap_or_default();
        let tags = tags::from_ec2(vpc.tags());
        let mut diff = Diff::default();
        diff.refuse("cidr", vpc.cidr_block().unwrap_or_default(), &self.cidr, IN_USE, ELSEWHERE);
        diff.update("dnsSupport", self.has(id, VpcAttributeName::EnableDnsSupport).await?, true);
        diff.update("dnsHostnames", self.has(id, VpcAttributeName::EnableDnsHostnames).await?, true);
        diff.tags(&tags, &self.site.tags(&self.addr(), &self.name()));
        let ready = match vpc.state().map(|s| s.as_str()) {
            Some("available") | None => Readiness::Ready,
            Some(state) => Readiness::Waiting(format!("the VPC is {state}")),
        };
        let outputs = outputs([("vpc_id", id), ("cidr", &self.cidr)]);
        Ok(absent_or(Some(live(outputs, self.site.owner(&tags), diff, ready))))
    }

    async fn astray(&self, record: &Outputs) -> Result<Option<String>> {
        astray(&self.site, &self.addr(), record, "vpc_id").await
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        let (ec2, wanted) = (&self.site.aws.ec2, self.site.tags(&self.addr(), &self.name()));
        let vpc = match self.find().await? {
            Some(vpc) => vpc,
            None => {
                let call = ec2.create_vpc().cidr_block(&self.cidr);
                let call = call.tag_specifications(specification(ResourceType::Vpc, &wanted));
                let create = async { call.customize().config_override(ec2_once()).send().await.call("ec2:CreateVpc") };
                let made = self.site.made.once(&self.addr(), create).await?;
                made.vpc.unwrap_or_else(|| aws_sdk_ec2::types::Vpc::builder().build())
            }
        };
        let id = vpc.vpc_id().unwrap_or_default();
        retag(&self.site, id, vpc.tags(), &wanted).await?;
        let yes = AttributeBooleanValue::builder().value(true).build();
        if !self.has(id, VpcAttributeName::EnableDnsSupport).await? {
            let call = ec2.modify_vpc_attribute().vpc_id(id).enable_dns_support(yes.clone());
            call.send().await.call("ec2:ModifyVpcAttribute")?;
        }
        if !self.has(id, VpcAttributeName::EnableDnsHostnames).await? {
            let call = ec2.modify_vpc_attribute().vpc_id(id).enable_dns_hostnames(yes);
            call.send().await.call("ec2:ModifyVpcAttribute")?;
        }
        Ok(outputs([("vpc_id", id), ("cidr", &self.cidr)]))
    }

    async fn delete(&self, _: &Context, live: &Live) -> Result<()> {
        let id = live.outputs.get("vpc_id").cloned().unwrap_or_default();
        let call = self.site.aws.ec2.delete_vpc().vpc_id(id).send().await;
        call.unless("ec2:DeleteVpc", &["InvalidVpcID.NotFound"])?;
        Ok(())
    }
}
