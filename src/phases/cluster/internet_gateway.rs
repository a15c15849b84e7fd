//! The internet gateway: made, then attached to the VPC; a crash in between leaves a gateway that the next run attaches.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::ResourceType;

use crate::aws::{Call, ec2_once, tags};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, astray, by_tag, live, one, outputs, retag, specification};

/// The internet gateway.
pub(super) struct InternetGateway {
    pub(super) site: Arc<Site>,
}

impl InternetGateway {
    async fn find(&self) -> Result<Option<aws_sdk_ec2::types::InternetGateway>> {
        let call = self.site.aws.ec2.describe_internet_gateways();
        let call = call.set_filters(Some(by_tag(&self.site, &self.addr()))).send().await;
        let found = call.call("ec2:DescribeInternetGateways")?.internet_gateways.unwrap_or_default();
        one(&self.addr(), found, |g| g.internet_gateway_id())
    }
}

fn attached_to(gateway: &aws_sdk_ec2::types::InternetGateway) -> Option<&str> {
    gateway.attachments().iter().find_map(|a| a.vpc_id())
}

#[async_trait]
impl Resource for InternetGateway {
    fn addr(&self) -> Addr {
        "cluster/internet-gateway".into()
    }

    fn title(&self) -> String {
        "Internet gateway".into()
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["cluster/vpc".into()]
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(gateway) = self.find().await? else { return Ok(Observed::Absent) };
        let tags = tags::from_ec2(gateway.tags());
        let mut diff = Diff::default();
        let wanted = cx.output("cluster/vpc", "vpc_id").unwrap_or("(the new VPC)");
        diff.update("vpc", attached_to(&gateway).unwrap_or("(none)"), wanted);
        diff.tags(&tags, &self.site.tags(&self.addr(), &self.site.named("igw")));
        let outputs = outputs([("id", gateway.internet_gateway_id().unwrap_or_default())]);
        Ok(absent_or(Some(live(outputs, self.site.owner(&tags), diff, Readiness::Ready))))
    }

    async fn astray(&self, record: &Outputs) -> Result<Option<String>> {
        astray(&self.site, &self.addr(), record, "id").await
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let ec2 = &self.site.aws.ec2;
        let vpc = cx.require("cluster/vpc", "vpc_id")?;
        let wanted = self.site.tags(&self.addr(), &self.site.named("igw"));
        let gateway = match self.find().await? {
            Some(gateway) => gateway,
            None => {
                let call = ec2.create_internet_gateway();
                let call = call.tag_specifications(specification(ResourceType::InternetGateway, &wanted));
                let create = async {
                    call.customize().config_override(ec2_once()).send().await.call("ec2:CreateInternetGateway")
                };
                let made = self.site.made.once(&self.addr(), create).await?.internet_gateway;
                made.unwrap_or_else(|| aws_sdk_ec2::types::InternetGateway::builder().build())
            }
        };
        let id = gateway.internet_gateway_id().unwrap_or_default();
        retag(&self.site, id, gateway.tags(), &wanted).await?;
        match attached_to(&gateway) {
            Some(seen) if seen == vpc => {}
            other => {
                if let Some(other) = other {
                    let call = ec2.detach_internet_gateway().internet_gateway_id(id).vpc_id(other).send().await;
                    call.unless("ec2:DetachInternetGateway", &["Gateway.NotAttached"])?;
                }
                let call = ec2.attach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send().await;
                call.unless("ec2:AttachInternetGateway", &["Resource.AlreadyAssociated"])?;
            }
        }
        Ok(outputs([("id", id)]))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        let Some(gateway) = self.find().await? else { return Ok(()) };
        let (ec2, id) = (&self.site.aws.ec2, gateway.internet_gateway_id().unwrap_or_default());
        if let Some(vpc) = attached_to(&gateway) {
            let call = ec2.detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send().await;
            call.unless("ec2:DetachInternetGateway", &["Gateway.NotAttached"])?;
        }
        let call = ec2.delete_internet_gateway().internet_gateway_id(id).send().await;
        call.unless("ec2:DeleteInternetGateway", &["InvalidInternetGatewayID.NotFound"])?;
        Ok(())
    }
}
