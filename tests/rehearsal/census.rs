//! Counts what is in AWS, whoever made it and whatever its tags.

use std::collections::BTreeMap;

use kfctl_cn::aws::Clients;

/// How many there are of each kind. What every account has from the start (the default VPC and its parts) doesn't count.
pub async fn census(aws: &Clients) -> BTreeMap<&'static str, usize> {
    let vpcs = aws.ec2.describe_vpcs().send().await.unwrap();
    let ours: Vec<_> = vpcs.vpcs().iter().filter(|v| v.is_default() != Some(true)).filter_map(|v| v.vpc_id()).collect();
    let in_ours = |id: Option<&str>| id.is_some_and(|id| ours.contains(&id));
    let subnets = aws.ec2.describe_subnets().send().await.unwrap();
    let groups = aws.ec2.describe_security_groups().send().await.unwrap();
    let tables = aws.ec2.describe_route_tables().send().await.unwrap();
    let gateways = aws.ec2.describe_internet_gateways().send().await.unwrap();
    let nats = aws.ec2.describe_nat_gateways().send().await.unwrap();
    let nats = nats.nat_gateways().iter().filter(|n| n.state().is_none_or(|s| s.as_str() != "deleted")).count();
    let users = aws.iam.list_users().send().await.unwrap();
    let mut keys = 0;
    for user in users.users() {
        let of = aws.iam.list_access_keys().user_name(user.user_name()).send().await.unwrap();
        keys += of.access_key_metadata().len();
    }
    let secrets = aws.secrets.list_secrets().send().await.unwrap();
    let rules = aws.events.list_rules().send().await.unwrap();
    let interfaces = aws.ec2.describe_network_interfaces().send().await.unwrap();
    let of_pods =
        interfaces.network_interfaces().iter().filter(|i| i.description().is_some_and(|d| d.starts_with("aws-K8S-")));
    let instances = aws.ec2.describe_instances().send().await.unwrap();
    let instances = instances.reservations().iter().flat_map(|r| r.instances());
    let on = |state: &str| state != "terminated";
    BTreeMap::from([
        ("vpcs", ours.len()),
        ("subnets", subnets.subnets().iter().filter(|s| in_ours(s.vpc_id())).count()),
        // Without the VPC's own.
        (
            "security groups",
            groups
                .security_groups()
                .iter()
                .filter(|g| in_ours(g.vpc_id()) && g.group_name() != Some("default"))
                .count(),
        ),
        ("route tables", tables.route_tables().iter().filter(|t| in_ours(t.vpc_id())).count() - ours.len()),
        ("internet gateways", gateways.internet_gateways().len()),
        ("nat gateways", nats),
        ("elastic ips", aws.ec2.describe_addresses().send().await.unwrap().addresses().len()),
        ("roles", aws.iam.list_roles().send().await.unwrap().roles().len()),
        ("users", users.users().len()),
        ("access keys", keys),
        (
            "oidc providers",
            aws.iam.list_open_id_connect_providers().send().await.unwrap().open_id_connect_provider_list().len(),
        ),
        ("clusters", aws.eks.list_clusters().send().await.unwrap().clusters().len()),
        ("databases", aws.rds.describe_db_instances().send().await.unwrap().db_instances().len()),
        ("buckets", aws.s3.list_buckets().send().await.unwrap().buckets().len()),
        ("secrets", secrets.secret_list().iter().filter(|s| s.deleted_date().is_none()).count()),
        ("queues", aws.sqs.list_queues().send().await.unwrap().queue_urls().len()),
        ("rules", rules.rules().len()),
        ("interfaces of pods", of_pods.count()),
        ("instances", instances.filter(|i| i.state().and_then(|s| s.name()).is_some_and(|s| on(s.as_str()))).count()),
        ("volumes", aws.ec2.describe_volumes().send().await.unwrap().volumes().len()),
        ("launch templates", aws.ec2.describe_launch_templates().send().await.unwrap().launch_templates().len()),
    ])
}

/// What a deployment with the default configuration is made of.
pub fn whole() -> BTreeMap<&'static str, usize> {
    BTreeMap::from([
        ("vpcs", 1),
        ("subnets", 6),
        // The database's, and the one that EKS makes for the cluster.
        ("security groups", 2),
        ("route tables", 4),
        ("internet gateways", 1),
        ("nat gateways", 3),
        ("elastic ips", 3),
        ("roles", 6),
        ("users", 1),
        ("access keys", 1),
        ("oidc providers", 1),
        ("clusters", 1),
        ("databases", 1),
        ("buckets", 1),
        ("secrets", 3),
        ("queues", 1),
        ("rules", 5),
        ("interfaces of pods", 0),
        ("instances", 0),
        ("volumes", 0),
        ("launch templates", 1),
    ])
}
