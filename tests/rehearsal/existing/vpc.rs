//! A VPC as a network team makes them: public subnets on the main route table, private ones on a table each, no names that say so.

use aws_sdk_ec2::types::{AttributeBooleanValue, Tag};
use kfctl_cn::aws::{Clients, zones};

/// The ids of what was made.
pub struct Vpc {
    pub id: String,
    pub public: Vec<String>,
    pub private: Vec<String>,
}

/// Makes one of two zones, 10.50.0.0/16, with a NAT gateway.
pub async fn make(aws: &Clients) -> Vpc {
    let id = bare(aws).await;
    let ec2 = &aws.ec2;
    let gateway = ec2.create_internet_gateway().send().await.unwrap().internet_gateway.unwrap();
    let gateway = gateway.internet_gateway_id.unwrap();
    ec2.attach_internet_gateway().vpc_id(&id).internet_gateway_id(&gateway).send().await.unwrap();
    let main = main_table(aws, &id).await;
    ec2.create_route()
        .route_table_id(&main)
        .destination_cidr_block("0.0.0.0/0")
        .gateway_id(&gateway)
        .send()
        .await
        .unwrap();
    let mut vpc = Vpc { id: id.clone(), public: Vec::new(), private: Vec::new() };
    for zone in 0..2 {
        vpc.public.push(subnet(aws, &id, zone, &format!("10.50.{zone}.0/24")).await);
        vpc.private.push(subnet(aws, &id, zone, &format!("10.50.{}.0/20", 16 * (zone + 1))).await);
    }
    let address = ec2.allocate_address().send().await.unwrap().allocation_id.unwrap();
    let nat = ec2.create_nat_gateway().subnet_id(&vpc.public[0]).allocation_id(address).send().await.unwrap();
    let nat = nat.nat_gateway.unwrap().nat_gateway_id.unwrap();
    for subnet in &vpc.private {
        let table = own_table(aws, &id, subnet).await;
        let route = ec2.create_route().route_table_id(&table).destination_cidr_block("0.0.0.0/0");
        route.nat_gateway_id(&nat).send().await.unwrap();
    }
    vpc
}

/// A VPC with names on and nothing in it.
pub async fn bare(aws: &Clients) -> String {
    let vpc = aws.ec2.create_vpc().cidr_block("10.50.0.0/16").send().await.unwrap().vpc.unwrap();
    let id = vpc.vpc_id.unwrap();
    hostnames(aws, &id, true).await;
    aws.ec2
        .create_tags()
        .resources(&id)
        .tags(Tag::builder().key("owner").value("network team").build())
        .send()
        .await
        .unwrap();
    id
}

/// Turns the names of instances on or off.
pub async fn hostnames(aws: &Clients, vpc: &str, on: bool) {
    let value = AttributeBooleanValue::builder().value(on).build();
    aws.ec2.modify_vpc_attribute().vpc_id(vpc).enable_dns_hostnames(value).send().await.unwrap();
}

/// A subnet in a zone, by number.
pub async fn subnet(aws: &Clients, vpc: &str, zone: usize, block: &str) -> String {
    let zone = zones(aws).await.unwrap()[zone].clone();
    let made = aws.ec2.create_subnet().vpc_id(vpc).availability_zone(zone).cidr_block(block).send().await.unwrap();
    made.subnet.unwrap().subnet_id.unwrap()
}

/// A route table of a subnet's own, which leads nowhere yet.
pub async fn own_table(aws: &Clients, vpc: &str, subnet: &str) -> String {
    let made = aws.ec2.create_route_table().vpc_id(vpc).send().await.unwrap().route_table.unwrap();
    let table = made.route_table_id.unwrap();
    aws.ec2.associate_route_table().route_table_id(&table).subnet_id(subnet).send().await.unwrap();
    table
}

async fn main_table(aws: &Clients, vpc: &str) -> String {
    let all = aws.ec2.describe_route_tables().send().await.unwrap().route_tables.unwrap();
    let main =
        all.into_iter().find(|t| t.vpc_id() == Some(vpc) && t.associations().iter().any(|a| a.main() == Some(true)));
    main.unwrap().route_table_id.unwrap()
}

/// All that can be seen of a VPC, for comparing: attributes, tags, tables, groups, gateways.
pub async fn portrait(aws: &Clients, vpc: &str) -> Vec<String> {
    let ec2 = &aws.ec2;
    let mut all: Vec<String> = Vec::new();
    let vpcs = ec2.describe_vpcs().vpc_ids(vpc).send().await.unwrap();
    all.extend(vpcs.vpcs().iter().map(|v| format!("{v:?}")));
    let subnets = ec2.describe_subnets().send().await.unwrap();
    all.extend(subnets.subnets().iter().filter(|s| s.vpc_id() == Some(vpc)).map(|s| format!("{s:?}")));
    let tables = ec2.describe_route_tables().send().await.unwrap();
    all.extend(tables.route_tables().iter().filter(|t| t.vpc_id() == Some(vpc)).map(|t| format!("{t:?}")));
    let groups = ec2.describe_security_groups().send().await.unwrap();
    all.extend(groups.security_groups().iter().filter(|g| g.vpc_id() == Some(vpc)).map(|g| format!("{g:?}")));
    let gateways = ec2.describe_internet_gateways().send().await.unwrap();
    all.extend(gateways.internet_gateways().iter().map(|g| format!("{g:?}")));
    let nats = ec2.describe_nat_gateways().send().await.unwrap();
    all.extend(nats.nat_gateways().iter().map(|n| format!("{n:?}")));
    all.sort();
    all
}
