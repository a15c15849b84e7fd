//! A NAT gateway: private subnets reach out through it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{NatGateway, NatGatewayState, ResourceType};

use crate::aws::{Call, ec2_once, tags};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, astray, by_tag, live, one, outputs, retag, specification, until};

/// A NAT gateway.
pub(super) struct Nat {
    pub(super) site: Arc<Site>,
    /// Which zone, from 0.
    pub(super) zone: usize,
}

impl Nat {
    fn part(&self) -> String {
        format!("nat-{}", self.zone + 1)
    }

    fn subnet(&self) -> String {
        format!("cluster/subnet-public-{}", self.zone + 1)
    }

    fn eip(&self) -> String {
        format!("cluster/eip-{}", self.zone + 1)
    }

    /// The one that isn't deleted or failed: those stay visible for an hour and count for nothing.
    async fn find(&self) -> Result<Option<NatGateway>> {
        let call = self.site.aws.ec2.describe_nat_gateways().set_filter(Some(by_tag(&self.site, &self.addr())));
        let mut found = call.send().await.call("ec2:DescribeNatGateways")?.nat_gateways.unwrap_or_default();
        found.retain(|n| !matches!(n.state(), Some(NatGatewayState::Deleted | NatGatewayState::Failed)));
        one(&self.addr(), found, |n| n.nat_gateway_id())
    }
}

#[async_trait]
impl Resource for Nat {
    fn addr(&self) -> Addr {
        Addr::new(format!("cluster/{}", self.part()))
    }

    fn title(&self) -> String {
        format!("NAT gateway {}", self.zone + 1)
    }

    fn needs(&self) -> Vec<Addr> {
        // The gateway's way out must be there before it is made: EC2 refuses it otherwise.
        vec![Addr::new(self.subnet()), Addr::new(self.eip()), "cluster/internet-gateway".into()]
    }

    fn typical(&self) -> Duration {
        Duration::from_secs(120)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(900)
    }

    async fn read(&self, _: &Context) -> Result<Observed> {
        let Some(nat) = self.find().await? else { return Ok(Observed::Absent) };
        let tags = tags::from_ec2(nat.tags());
        let mut diff = Diff::default();
        diff.tags(&tags, &self.site.tags(&self.addr(), &self.site.named(&self.part())));
        let ready = match nat.state() {
            Some(NatGatewayState::Available) => Readiness::Ready,
            Some(NatGatewayState::Deleting) => {
                diff.must("state", false, "deleting", "available");
                Readiness::Waiting("the old gateway is being deleted".into())
            }
            _ => Readiness::Waiting("the gateway is pending".into()),
        };
        let outputs = outputs([("nat_id", nat.nat_gateway_id().unwrap_or_default())]);
        Ok(absent_or(Some(live(outputs, self.site.owner(&tags), diff, ready))))
    }

    async fn astray(&self, record: &Outputs) -> Result<Option<String>> {
        astray(&self.site, &self.addr(), record, "nat_id").await
    }

    async fn apply(&self, cx: &Context, _: Action, token: &str) -> Result<Outputs> {
        let ec2 = &self.site.aws.ec2;
        let wanted = self.site.tags(&self.addr(), &self.site.named(&self.part()));
        let usable = until(cx, "the old gateway is being deleted", Duration::from_secs(900), || async {
            let found = self.find().await?;
            let leaving = found.as_ref().is_some_and(|n| n.state() == Some(&NatGatewayState::Deleting));
            Ok((!leaving).then_some(found))
        });
        if let Some(nat) = usable.await? {
            let id = nat.nat_gateway_id().unwrap_or_default();
            retag(&self.site, id, nat.tags(), &wanted).await?;
            return Ok(outputs([("nat_id", id)]));
        }
        let call = ec2.create_nat_gateway().subnet_id(cx.require(&self.subnet(), "subnet_id")?);
        let call = call.allocation_id(cx.require(&self.eip(), "allocation_id")?).client_token(token);
        let call = call.tag_specifications(specification(ResourceType::Natgateway, &wanted));
        let create = async { call.customize().config_override(ec2_once()).send().await.call("ec2:CreateNatGateway") };
        let made = self.site.made.once(&self.addr(), create).await?;
        let id = made.nat_gateway().and_then(|n| n.nat_gateway_id()).unwrap_or_default();
        Ok(outputs([("nat_id", id)]))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        let Some(nat) = self.find().await? else { return Ok(()) };
        if nat.state() == Some(&NatGatewayState::Deleting) {
            return Ok(());
        }
        let call = self.site.aws.ec2.delete_nat_gateway().set_nat_gateway_id(nat.nat_gateway_id).send().await;
        call.unless("ec2:DeleteNatGateway", &["NatGatewayNotFound"])?;
        Ok(())
    }
}
