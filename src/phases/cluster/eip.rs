//! The elastic IP of a NAT gateway. AllocateAddress takes no client token.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Address, DomainType, ResourceType};

use crate::aws::{Call, ec2_once, tags};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, astray, by_tag, live, one, outputs, retag, specification};

/// The elastic IP of a NAT gateway.
pub(super) struct Eip {
    pub(super) site: Arc<Site>,
    /// Which zone, from 0.
    pub(super) zone: usize,
}

impl Eip {
    fn part(&self) -> String {
        format!("eip-{}", self.zone + 1)
    }

    async fn find(&self) -> Result<Option<Address>> {
        let call = self.site.aws.ec2.describe_addresses().set_filters(Some(by_tag(&self.site, &self.addr())));
        let found = call.send().await.call("ec2:DescribeAddresses")?.addresses.unwrap_or_default();
        one(&self.addr(), found, |a| a.allocation_id())
    }
}

#[async_trait]
impl Resource for Eip {
    fn addr(&self) -> Addr {
        Addr::new(format!("cluster/{}", self.part()))
    }

    fn title(&self) -> String {
        format!("Elastic IP of NAT gateway {}", self.zone + 1)
    }

    async fn read(&self, _: &Context) -> Result<Observed> {
        let Some(address) = self.find().await? else { return Ok(Observed::Absent) };
        let tags = tags::from_ec2(address.tags());
        let mut diff = Diff::default();
        diff.tags(&tags, &self.site.tags(&self.addr(), &self.site.named(&self.part())));
        let outputs = outputs([("allocation_id", address.allocation_id().unwrap_or_default())]);
        Ok(absent_or(Some(live(outputs, self.site.owner(&tags), diff, Readiness::Ready))))
    }

    async fn astray(&self, record: &Outputs) -> Result<Option<String>> {
        astray(&self.site, &self.addr(), record, "allocation_id").await
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        let wanted = self.site.tags(&self.addr(), &self.site.named(&self.part()));
        if let Some(address) = self.find().await? {
            let id = address.allocation_id().unwrap_or_default();
            retag(&self.site, id, address.tags(), &wanted).await?;
            return Ok(outputs([("allocation_id", id)]));
        }
        let call = self.site.aws.ec2.allocate_address().domain(DomainType::Vpc);
        let call = call.tag_specifications(specification(ResourceType::ElasticIp, &wanted));
        let create = async { call.customize().config_override(ec2_once()).send().await.call("ec2:AllocateAddress") };
        let made = self.site.made.once(&self.addr(), create).await?;
        Ok(outputs([("allocation_id", made.allocation_id().unwrap_or_default())]))
    }

    async fn delete(&self, _: &Context, live: &Live) -> Result<()> {
        let id = live.outputs.get("allocation_id").cloned().unwrap_or_default();
        let call = self.site.aws.ec2.release_address().allocation_id(id).send().await;
        call.unless("ec2:ReleaseAddress", &["InvalidAllocationID.NotFound"])?;
        Ok(())
    }
}
