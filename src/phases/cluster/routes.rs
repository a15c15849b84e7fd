//! A route table with its default route and its subnets. Route and associations are separate calls: what is missing after a crash is
//! made by the next run.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType, RouteState, RouteTable};

use crate::aws::{Call, ec2_once, tags};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, astray, by_tag, join, live, one, outputs, retag, specification};

const ALL: &str = "0.0.0.0/0";

/// A route table.
pub(super) struct Routes {
    pub(super) site: Arc<Site>,
    /// `routes-public` or `routes-private-<n>`.
    pub(super) part: String,
    /// The resource that the default route leads to, an internet or a NAT gateway.
    pub(super) target: String,
    /// The subnets that use the table.
    pub(super) subnets: Vec<String>,
}

impl Routes {
    fn to_internet(&self) -> bool {
        self.target == "cluster/internet-gateway"
    }

    fn target<'a>(&self, cx: &'a Context) -> Option<&'a str> {
        cx.output(&self.target, if self.to_internet() { "id" } else { "nat_id" })
    }

    fn subnets(&self, cx: &Context) -> Vec<String> {
        self.subnets.iter().filter_map(|s| cx.output(s, "subnet_id")).map(str::to_owned).collect()
    }

    async fn find(&self) -> Result<Option<RouteTable>> {
        let call = self.site.aws.ec2.describe_route_tables().set_filters(Some(by_tag(&self.site, &self.addr())));
        let found = call.send().await.call("ec2:DescribeRouteTables")?.route_tables.unwrap_or_default();
        one(&self.addr(), found, |t| t.route_table_id())
    }

    async fn create(&self, cx: &Context) -> Result<RouteTable> {
        let wanted = self.site.tags(&self.addr(), &self.site.named(&self.part));
        let call = self.site.aws.ec2.create_route_table().vpc_id(cx.require("cluster/vpc", "vpc_id")?);
        let call = call.tag_specifications(specification(ResourceType::RouteTable, &wanted));
        let create = async { call.customize().config_override(ec2_once()).send().await.call("ec2:CreateRouteTable") };
        let made = self.site.made.once(&self.addr(), create).await?;
        Ok(made.route_table.unwrap_or_else(|| RouteTable::builder().build()))
    }

    /// Makes or turns the default route.
    async fn route(&self, table: &RouteTable, target: &str) -> Result<()> {
        let id = table.route_table_id().unwrap_or_default();
        let seen = default_route(table);
        if seen == target {
            return Ok(());
        }
        let ec2 = &self.site.aws.ec2;
        let (gateway, nat) = if self.to_internet() { (Some(target.into()), None) } else { (None, Some(target.into())) };
        if seen.is_empty() {
            let call = ec2.create_route().route_table_id(id).destination_cidr_block(ALL);
            let call = call.set_gateway_id(gateway).set_nat_gateway_id(nat).send().await;
            call.unless("ec2:CreateRoute", &["RouteAlreadyExists"])?;
        } else {
            let call = ec2.replace_route().route_table_id(id).destination_cidr_block(ALL);
            call.set_gateway_id(gateway).set_nat_gateway_id(nat).send().await.call("ec2:ReplaceRoute")?;
        }
        Ok(())
    }
}

/// What the default route leads to; empty if there is none, or if it leads nowhere any more.
fn default_route(table: &RouteTable) -> String {
    let route = table.routes().iter().find(|r| r.destination_cidr_block() == Some(ALL));
    let Some(route) = route else { return String::new() };
    if route.state() == Some(&RouteState::Blackhole) {
        return "blackhole".into();
    }
    route.nat_gateway_id().or_else(|| route.gateway_id()).unwrap_or("another target").into()
}

fn associated(table: &RouteTable) -> Vec<&str> {
    table.associations().iter().filter_map(|a| a.subnet_id()).collect()
}

#[async_trait]
impl Resource for Routes {
    fn addr(&self) -> Addr {
        Addr::new(format!("cluster/{}", self.part))
    }

    fn title(&self) -> String {
        format!("Route table {}", self.site.named(&self.part))
    }

    fn needs(&self) -> Vec<Addr> {
        let mut needs = vec![Addr::new("cluster/vpc"), Addr::new(self.target.as_str())];
        needs.extend(self.subnets.iter().map(Addr::new));
        needs
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(table) = self.find().await? else { return Ok(Observed::Absent) };
        let tags = tags::from_ec2(table.tags());
        let mut diff = Diff::default();
        diff.update("defaultRoute", default_route(&table).as_str(), self.target(cx).unwrap_or("(the new gateway)"));
        diff.update("subnets", join(associated(&table)), join(self.subnets(cx)));
        diff.tags(&tags, &self.site.tags(&self.addr(), &self.site.named(&self.part)));
        let outputs = outputs([("id", table.route_table_id().unwrap_or_default())]);
        Ok(absent_or(Some(live(outputs, self.site.owner(&tags), diff, Readiness::Ready))))
    }

    async fn astray(&self, record: &Outputs) -> Result<Option<String>> {
        astray(&self.site, &self.addr(), record, "id").await
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let ec2 = &self.site.aws.ec2;
        let table = match self.find().await? {
            Some(table) => table,
            None => self.create(cx).await?,
        };
        let id = table.route_table_id().unwrap_or_default();
        retag(&self.site, id, table.tags(), &self.site.tags(&self.addr(), &self.site.named(&self.part))).await?;
        let target = match self.target(cx) {
            Some(target) => target,
            None => cx.require(&self.target, "id")?,
        };
        self.route(&table, target).await?;
        let wanted = self.subnets(cx);
        for subnet in wanted.iter().filter(|s| !associated(&table).contains(&s.as_str())) {
            let call = ec2.associate_route_table().route_table_id(id).subnet_id(subnet).send().await;
            call.call("ec2:AssociateRouteTable")?;
        }
        for extra in
            table.associations().iter().filter(|a| a.subnet_id().is_some_and(|s| !wanted.iter().any(|w| w == s)))
        {
            let call = ec2.disassociate_route_table().set_association_id(extra.route_table_association_id.clone());
            call.send().await.unless("ec2:DisassociateRouteTable", &["InvalidAssociationID.NotFound"])?;
        }
        Ok(outputs([("id", id)]))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        let Some(table) = self.find().await? else { return Ok(()) };
        let ec2 = &self.site.aws.ec2;
        for association in table.associations() {
            let call =
                ec2.disassociate_route_table().set_association_id(association.route_table_association_id.clone());
            call.send().await.unless("ec2:DisassociateRouteTable", &["InvalidAssociationID.NotFound"])?;
        }
        let call = ec2.delete_route_table().set_route_table_id(table.route_table_id).send().await;
        call.unless("ec2:DeleteRouteTable", &["InvalidRouteTableID.NotFound"])?;
        Ok(())
    }
}
