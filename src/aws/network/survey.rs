//! Looks at a VPC: its blocks, its subnets and where their route tables lead. Names and tags of subnets say nothing here.

use aws_sdk_ec2::types::{Filter, RouteState, RouteTable, VpcAttributeName};

use crate::aws::tags::{self, Tags};
use crate::aws::{Call, Clients};
use crate::model::Result;

const ALL: &str = "0.0.0.0/0";

/// A VPC as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vpc {
    /// Its id.
    pub id: String,
    /// Its IPv4 blocks, the first one first.
    pub blocks: Vec<String>,
    /// Names are resolved in it.
    pub dns_support: bool,
    /// Its instances get names.
    pub dns_hostnames: bool,
    /// Its subnets, by id.
    pub subnets: Vec<Subnet>,
    /// The service names of its VPC endpoints, such as `cn.com.amazonaws.cn-north-1.ecr.api`.
    pub endpoints: Vec<String>,
}

/// A subnet as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// Its availability zone's name.
    pub zone: String,
    /// Its IPv4 block.
    pub block: String,
    /// How many of its addresses are free.
    pub free: usize,
    /// Where its default route leads.
    pub kind: Kind,
    /// The route table that holds for it: its own, or the VPC's main one.
    pub table: String,
    /// Its tags.
    pub tags: Tags,
}

/// Where a subnet's default route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// To an internet gateway.
    Public,
    /// To something else that leads out: a NAT gateway or instance, a transit gateway, a peer, a VPN; its id.
    Private(String),
    /// Nowhere: there is no default route, or its target is gone.
    Isolated,
}

/// Looks at a VPC; `None` if the account has none of this id in the region.
///
/// # Errors
/// What EC2 refuses.
pub async fn survey(aws: &Clients, id: &str) -> Result<Option<Vpc>> {
    let answer = aws.ec2.describe_vpcs().vpc_ids(id).send().await;
    let found = answer.unless("ec2:DescribeVpcs", &["InvalidVpcID.NotFound", "InvalidVpcID.Malformed"])?;
    let Some(vpc) = found.and_then(|f| f.vpcs.unwrap_or_default().into_iter().next()) else { return Ok(None) };
    let of = || Filter::builder().name("vpc-id").values(id).build();
    let tables = aws.ec2.describe_route_tables().filters(of()).into_paginator().items().send();
    let tables = tables.try_collect().await.call("ec2:DescribeRouteTables")?;
    let subnets = aws.ec2.describe_subnets().filters(of()).into_paginator().items().send();
    let subnets = subnets.try_collect().await.call("ec2:DescribeSubnets")?;
    let endpoints = aws.ec2.describe_vpc_endpoints().filters(of()).into_paginator().items().send();
    let endpoints = endpoints.try_collect().await.call("ec2:DescribeVpcEndpoints")?;
    let mut subnets: Vec<Subnet> = subnets.iter().map(|subnet| subnet_of(subnet, &tables)).collect();
    subnets.sort_by(|a, b| a.id.cmp(&b.id));
    let first = vpc.cidr_block().unwrap_or_default();
    let more = vpc.cidr_block_association_set().iter().filter_map(|a| a.cidr_block()).filter(|block| *block != first);
    Ok(Some(Vpc {
        id: id.to_owned(),
        blocks: std::iter::once(first).chain(more).map(str::to_owned).collect(),
        dns_support: attribute(aws, id, VpcAttributeName::EnableDnsSupport).await?,
        dns_hostnames: attribute(aws, id, VpcAttributeName::EnableDnsHostnames).await?,
        subnets,
        endpoints: endpoints.into_iter().filter_map(|e| e.service_name).collect(),
    }))
}

/// True if names are resolved in a VPC, or given to its instances: EKS needs both.
///
/// # Errors
/// What EC2 refuses.
pub async fn attribute(aws: &Clients, vpc: &str, attribute: VpcAttributeName) -> Result<bool> {
    let call = aws.ec2.describe_vpc_attribute().vpc_id(vpc).attribute(attribute.clone());
    let answer = call.send().await.call("ec2:DescribeVpcAttribute")?;
    let value = match attribute {
        VpcAttributeName::EnableDnsHostnames => answer.enable_dns_hostnames,
        _ => answer.enable_dns_support,
    };
    Ok(value.and_then(|v| v.value()).unwrap_or_default())
}

fn subnet_of(subnet: &aws_sdk_ec2::types::Subnet, tables: &[RouteTable]) -> Subnet {
    let id = subnet.subnet_id().unwrap_or_default();
    let table = table_of(id, tables);
    Subnet {
        id: id.to_owned(),
        zone: subnet.availability_zone().unwrap_or_default().to_owned(),
        block: subnet.cidr_block().unwrap_or_default().to_owned(),
        free: subnet.available_ip_address_count().unwrap_or_default().try_into().unwrap_or_default(),
        kind: table.map_or(Kind::Isolated, kind),
        table: table.and_then(|t| t.route_table_id()).unwrap_or_default().to_owned(),
        tags: tags::from_ec2(subnet.tags()),
    }
}

/// The table that a subnet is associated with, or else the VPC's main one.
fn table_of<'a>(subnet: &str, tables: &'a [RouteTable]) -> Option<&'a RouteTable> {
    let own = tables.iter().find(|t| t.associations().iter().any(|a| a.subnet_id() == Some(subnet)));
    own.or_else(|| tables.iter().find(|t| t.associations().iter().any(|a| a.main() == Some(true))))
}

fn kind(table: &RouteTable) -> Kind {
    let active = |state: Option<&RouteState>| state != Some(&RouteState::Blackhole);
    let default = |r: &&aws_sdk_ec2::types::Route| r.destination_cidr_block() == Some(ALL) && active(r.state());
    let Some(route) = table.routes().iter().find(default) else { return Kind::Isolated };
    // Virtual private gateways stand in the same field as internet gateways.
    let gateway = route.gateway_id();
    if gateway.is_some_and(|id| id.starts_with("igw-")) {
        return Kind::Public;
    }
    let target = route.nat_gateway_id().or(route.transit_gateway_id()).or(route.network_interface_id());
    let target = target.or(route.instance_id()).or(route.vpc_peering_connection_id()).or(gateway);
    Kind::Private(target.unwrap_or("another target").to_owned())
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{Route, RouteTableAssociation};

    use super::*;

    fn table(id: &str, subnet: Option<&str>, route: Option<Route>) -> RouteTable {
        let association = RouteTableAssociation::builder().set_subnet_id(subnet.map(str::to_owned));
        let association = association.main(subnet.is_none()).build();
        RouteTable::builder().route_table_id(id).associations(association).set_routes(route.map(|r| vec![r])).build()
    }

    fn to() -> aws_sdk_ec2::types::builders::RouteBuilder {
        Route::builder().destination_cidr_block(ALL).state(RouteState::Active)
    }

    #[test]
    fn a_subnet_is_what_its_table_leads_to_and_the_main_table_holds_for_the_rest() {
        let tables = [
            table("main", None, Some(to().gateway_id("igw-1").build())),
            table("nat", Some("a"), Some(to().nat_gateway_id("nat-1").build())),
            table("tgw", Some("b"), Some(to().transit_gateway_id("tgw-1").build())),
            table("vpn", Some("c"), Some(to().gateway_id("vgw-1").build())),
            table("gone", Some("d"), Some(to().nat_gateway_id("nat-0").state(RouteState::Blackhole).build())),
            table("none", Some("e"), None),
        ];
        let of = |subnet| table_of(subnet, &tables).map(kind).unwrap();
        assert_eq!(of("a"), Kind::Private("nat-1".into()));
        assert_eq!(of("b"), Kind::Private("tgw-1".into()));
        assert_eq!(of("c"), Kind::Private("vgw-1".into()));
        assert_eq!(of("d"), Kind::Isolated);
        assert_eq!(of("e"), Kind::Isolated);
        assert_eq!(of("without a table of its own"), Kind::Public);
    }
}
