//! Every kind of resource is changed or removed outside: the plan names exactly that, and `up` puts it right.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use aws_sdk_eks::types::{LogSetup, LogType, Logging, NodegroupScalingConfig};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use aws_sdk_sqs::types::QueueAttributeName;
use kfctl_cn::aws::Clients;
use kfctl_cn::model::{Action, Addr, Region};

use crate::census::{census, whole};
use crate::world::{Aws, World, actions, configuration};

/// What was made: clients, names and ids.
struct Made {
    aws: Clients,
    outputs: BTreeMap<Addr, BTreeMap<String, String>>,
}

impl Made {
    fn id(&self, addr: &str, output: &str) -> String {
        self.outputs[&addr.into()][output].clone()
    }

    fn bucket(&self) -> String {
        self.id("data/bucket", "name")
    }
}

type Done = Pin<Box<dyn Future<Output = ()>>>;

/// What is done outside, and all that the plan says of it: address, action, and a field where one differs.
struct Drift {
    name: &'static str,
    work: fn(Made) -> Done,
    seen: &'static [(&'static str, Action, &'static str)],
}

/// A drift of calls whose answers must be good.
macro_rules! drift {
    ($name:literal, |$m:ident| $($call:expr),+ ; $($addr:literal $action:ident $field:literal),+) => {
        Drift {
            name: $name,
            work: |$m| Box::pin(async move { $(let _ = $call.send().await.unwrap_or_else(|e| panic!("{}: {e:?}", $name));)+ }),
            seen: &[$(($addr, Action::$action, $field)),+],
        }
    };
}

fn network() -> Vec<Drift> {
    use aws_sdk_ec2::types::{AttributeBooleanValue, Tag};
    vec![
        drift!("names in the VPC off", |m| m.aws.ec2.modify_vpc_attribute().vpc_id(m.id("cluster/vpc", "vpc_id"))
            .enable_dns_hostnames(AttributeBooleanValue::builder().value(false).build());
            "cluster/vpc" Update "dnsHostnames"),
        drift!("no public addresses", |m| m.aws.ec2.modify_subnet_attribute().subnet_id(m.id("cluster/subnet-public-1", "subnet_id"))
            .map_public_ip_on_launch(AttributeBooleanValue::builder().value(false).build());
            "cluster/subnet-public-1" Update "publicAddresses"),
        drift!("a tag taken off a subnet", |m| m.aws.ec2.delete_tags().resources(m.id("cluster/subnet-public-2", "subnet_id"))
            .tags(Tag::builder().key("kubernetes.io/role/elb").build());
            "cluster/subnet-public-2" Update "tags.kubernetes.io/role/elb"),
        drift!("the internet gateway detached", |m| m.aws.ec2.detach_internet_gateway()
            .internet_gateway_id(m.id("cluster/internet-gateway", "id")).vpc_id(m.id("cluster/vpc", "vpc_id"));
            "cluster/internet-gateway" Update "vpc"),
        drift!("a default route removed", |m| m.aws.ec2.delete_route().route_table_id(m.id("cluster/routes-private-1", "id"))
            .destination_cidr_block("0.0.0.0/0");
            "cluster/routes-private-1" Update "defaultRoute"),
        drift!("a NAT gateway removed", |m| m.aws.ec2.delete_nat_gateway().nat_gateway_id(m.id("cluster/nat-2", "nat_id"));
            "cluster/nat-2" Create "", "cluster/routes-private-2" Update "defaultRoute"),
        drift!("an address renamed", |m| m.aws.ec2.create_tags().resources(m.id("cluster/eip-3", "allocation_id"))
            .tags(Tag::builder().key("Name").value("x").build());
            "cluster/eip-3" Update "tags.Name"),
    ]
}

fn cluster() -> Vec<Drift> {
    vec![
        drift!("logs off", |m| m.aws.eks.update_cluster_config().name("drift").logging(Logging::builder()
            .cluster_logging(LogSetup::builder().enabled(false).types(LogType::Audit).build()).build());
            "cluster/eks" Update "logs"),
        drift!("a tag taken off the cluster", |m| m.aws.eks.untag_resource().resource_arn(m.id("cluster/eks", "arn")).tag_keys("Name");
            "cluster/eks" Update "tags.Name"),
        drift!("an access entry removed", |m| m.aws.eks.delete_access_entry().cluster_name("drift")
            .principal_arn(m.id("karpenter/access-nodes", "principal"));
            "karpenter/access-nodes" Create ""),
        drift!("an access entry of another type", |m|
            m.aws.eks.delete_access_entry().cluster_name("drift").principal_arn(m.id("karpenter/access-nodes", "principal")),
            m.aws.eks.create_access_entry().cluster_name("drift").principal_arn(m.id("karpenter/access-nodes", "principal")).r#type("STANDARD");
            "karpenter/access-nodes" Replace "type"),
        drift!("the caller's rights in the cluster taken", |m| m.aws.eks.disassociate_access_policy().cluster_name("drift")
            .principal_arn(m.id("cluster/access-caller", "principal"))
            .policy_arn("arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy");
            "cluster/access-caller" Update "policy"),
        drift!("an add-on removed", |m| m.aws.eks.delete_addon().cluster_name("drift").addon_name("coredns");
            "cluster/addon-coredns" Create ""),
        drift!("a tag taken off an add-on", |m| m.aws.eks.untag_resource().tag_keys("Name").resource_arn(
            m.aws.eks.describe_addon().cluster_name("drift").addon_name("vpc-cni").send().await.unwrap().addon.unwrap().addon_arn.unwrap());
            "cluster/addon-vpc-cni" Update "tags.Name"),
        drift!("the node group's bounds moved", |m| m.aws.eks.update_nodegroup_config().cluster_name("drift").nodegroup_name("drift-nodes")
            .scaling_config(NodegroupScalingConfig::builder().min_size(1).max_size(2).desired_size(2).build());
            "cluster/node-group" Update "minSize"),
        drift!("the node group removed", |m| m.aws.eks.delete_nodegroup().cluster_name("drift").nodegroup_name("drift-nodes");
            "cluster/node-group" Create ""),
    ]
}

fn identity() -> Vec<Drift> {
    const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    const OTHERS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com.cn"}}]}"#;
    vec![
        drift!("a managed policy detached", |m| m.aws.iam.detach_role_policy().role_name("drift-nodes")
            .policy_arn("arn:aws-cn:iam::aws:policy/AmazonEKS_CNI_Policy");
            "cluster/role-nodes" Update "managedPolicies"),
        drift!("another managed policy attached", |m| m.aws.iam.attach_role_policy().role_name("drift-ebs-csi")
            .policy_arn("arn:aws-cn:iam::aws:policy/AdministratorAccess");
            "cluster/role-ebs-csi" Update "managedPolicies"),
        drift!("an inline policy changed", |m| m.aws.iam.put_role_policy().role_name("drift-secrets-manager-sa").policy_name("secrets")
            .policy_document(ALL);
            "data/role-secrets-manager-sa" Update "policies.secrets"),
        drift!("a trust changed", |m| m.aws.iam.update_assume_role_policy().role_name("drift-cluster").policy_document(OTHERS);
            "cluster/role-cluster" Update "trust"),
        drift!("a tag taken off a role", |m| m.aws.iam.untag_role().role_name("drift-cluster").tag_keys("Name");
            "cluster/role-cluster" Update "tags.Name"),
        drift!("a tag taken off the OIDC provider", |m| m.aws.iam.untag_open_id_connect_provider()
            .open_id_connect_provider_arn(m.id("cluster/oidc-provider", "arn")).tag_keys("Name");
            "cluster/oidc-provider" Update "tags.Name"),
        drift!("the OIDC provider removed", |m| m.aws.iam.delete_open_id_connect_provider()
            .open_id_connect_provider_arn(m.id("cluster/oidc-provider", "arn"));
            "cluster/oidc-provider" Create "", "cluster/role-ebs-csi" Update "trust",
            "data/role-secrets-manager-sa" Update "trust", "karpenter/role-controller" Update "trust"),
        drift!("the user's policy removed", |m| m.aws.iam.delete_user_policy().user_name("drift-s3").policy_name("bucket");
            "data/s3-user" Update "policy"),
        drift!("a second key of the user", |m| m.aws.iam.create_access_key().user_name("drift-s3");
            "data/s3-secret" Update "lostKeys"),
    ]
}

fn data() -> Vec<Drift> {
    use aws_sdk_ec2::types::IpPermission;
    use aws_sdk_rds::types::{ApplyMethod, Parameter};
    vec![
        drift!("the bucket's policy removed", |m| m.aws.s3.delete_bucket_policy().bucket(m.bucket()); "data/bucket" Update "policy"),
        drift!("the bucket's encryption removed", |m| m.aws.s3.delete_bucket_encryption().bucket(m.bucket());
            "data/bucket" Update "encrypted"),
        drift!("the bucket's versions off", |m| m.aws.s3.put_bucket_versioning().bucket(m.bucket())
            .versioning_configuration(VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build());
            "data/bucket" Update "versioned"),
        drift!("the bucket opened", |m| m.aws.s3.delete_public_access_block().bucket(m.bucket());
            "data/bucket" Update "publicAccessBlocked"),
        drift!("the database unprotected", |m| m.aws.rds.modify_db_instance().db_instance_identifier("drift-db").deletion_protection(false)
            .backup_retention_period(1).apply_immediately(true);
            "data/database" Update "deletionProtection"),
        drift!("a parameter changed", |m| m.aws.rds.modify_db_parameter_group().db_parameter_group_name("drift-db")
            .parameters(Parameter::builder().parameter_name("tls_version").parameter_value("TLSv1")
                .apply_method(ApplyMethod::PendingReboot).build());
            "data/db-parameters" Update "tls_version"),
        drift!("the cluster locked out of the database", |m| m.aws.ec2.revoke_security_group_ingress()
            .group_id(m.id("data/db-security-group", "id")).set_security_group_rule_ids(Some(rules(&m).await));
            "data/db-access" Create ""),
        drift!("everybody let into the database", |m| m.aws.ec2.authorize_security_group_ingress()
            .group_id(m.id("data/db-security-group", "id")).ip_permissions(IpPermission::builder().ip_protocol("tcp").from_port(3306)
                .to_port(3306).ip_ranges(aws_sdk_ec2::types::IpRange::builder().cidr_ip("0.0.0.0/0").build()).build());
            "data/db-access" Update "others"),
        drift!("the subnet group cut", |m| m.aws.rds.modify_db_subnet_group().db_subnet_group_name("drift-db")
            .subnet_ids(m.id("cluster/subnet-private-1", "subnet_id")).subnet_ids(m.id("cluster/subnet-private-2", "subnet_id"));
            "data/db-subnet-group" Update "subnets"),
        drift!("a secret scheduled for deletion", |m| m.aws.secrets.delete_secret().secret_id("drift-s3-secret");
            "data/s3-secret" Create "", "data/role-secrets-manager-sa" Update "policies"),
        drift!("a login emptied", |m| m.aws.secrets.put_secret_value().secret_id("drift-admin").secret_string("{}");
            "data/admin-secret" Update "value.password"),
        drift!("another host in the login of the database", |m| m.aws.secrets.put_secret_value().secret_id("drift-rds-secret").secret_string({
            let mut fields = m.aws.secret_json("drift-rds-secret").await.unwrap().unwrap();
            fields.insert("host".into(), kfctl_cn::model::Secret::new("elsewhere"));
            let all: BTreeMap<_, _> = fields.iter().map(|(key, value)| (key, value.expose())).collect();
            serde_json::to_string(&all).unwrap()
        });
            "data/rds-secret-host" Update "host"),
    ]
}

fn messages() -> Vec<Drift> {
    vec![
        drift!("the queue's policy changed", |m| m.aws.sqs.set_queue_attributes().queue_url(m.id("karpenter/queue", "url"))
            .attributes(QueueAttributeName::Policy, "");
            "karpenter/queue" Update "Policy"),
        drift!("the queue keeps for long", |m| m.aws.sqs.set_queue_attributes().queue_url(m.id("karpenter/queue", "url"))
            .attributes(QueueAttributeName::MessageRetentionPeriod, "86400");
            "karpenter/queue" Update "MessageRetentionPeriod"),
        drift!("the queue removed", |m| m.aws.sqs.delete_queue().queue_url(m.id("karpenter/queue", "url"));
            "karpenter/queue" Create ""),
        drift!("a rule disabled", |m| m.aws.events.disable_rule().name("drift-karpenter-spot"); "karpenter/rule-spot" Update "enabled"),
        drift!("a rule without target", |m| m.aws.events.remove_targets().rule("drift-karpenter-state").ids("karpenter");
            "karpenter/rule-state" Update "target"),
        drift!("a rule removed", |m| m.aws.events.remove_targets().rule("drift-karpenter-health").ids("karpenter"),
            m.aws.events.delete_rule().name("drift-karpenter-health");
            "karpenter/rule-health" Create ""),
        drift!("a rule of another pattern", |m| m.aws.events.put_rule().name("drift-karpenter-capacity")
            .event_pattern(r#"{"source":["x"]}"#);
            "karpenter/rule-capacity" Update "pattern"),
    ]
}

/// The rules of the database's group for what comes in.
async fn rules(made: &Made) -> Vec<String> {
    let group = made.id("data/db-security-group", "id");
    let all = made.aws.ec2.describe_security_group_rules().send().await.unwrap();
    let of = all.security_group_rules().iter().filter(|r| r.group_id() == Some(&group) && r.is_egress() != Some(true));
    of.filter_map(|r| r.security_group_rule_id().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_drift_is_named_exactly_and_put_right() {
    let aws = Aws::empty().await;
    let world = World::new(&aws, configuration("drift", Region::CnNorthwest1)).await;
    world.up().await;
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for drift in [network(), cluster(), identity(), data(), messages()].into_iter().flatten() {
        tried += 1;
        (drift.work)(Made { aws: world.clients.clone(), outputs: world.outputs() }).await;
        let planned = match world.engine().plan().await {
            Ok(planned) => planned,
            Err(error) => {
                wrong.push(format!("{}: {error}", drift.name));
                break;
            }
        };
        let work: Vec<_> = planned.plan.steps.iter().filter(|step| step.is_work()).collect();
        let found = |(addr, action, field): &(&str, Action, &str)| {
            let step = work.iter().find(|step| step.addr.as_str() == *addr && step.action == *action);
            step.is_some_and(|step| field.is_empty() || step.changes.iter().any(|change| change.field == *field))
        };
        if work.len() != drift.seen.len() || !drift.seen.iter().all(found) {
            wrong.push(format!("{}: {:#?}", drift.name, actions(&planned)));
        }
        world.up().await;
        let again = world.plan().await;
        if again.plan.has_work() {
            wrong.push(format!("{}: not put right: {:#?}", drift.name, actions(&again)));
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(census(&world.clients).await, whole(), "something is there twice");
    eprintln!("{tried} drifts");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lost_its_tags_isnt_made_again_beside_itself() {
    use aws_sdk_ec2::types::Tag;
    let aws = Aws::empty().await;
    let world = World::new(&aws, configuration("lost", Region::CnNorth1)).await;
    world.up().await;
    world.proxy.take_writes();
    for (addr, output) in [
        ("cluster/vpc", "vpc_id"),
        ("cluster/subnet-private-1", "subnet_id"),
        ("cluster/internet-gateway", "id"),
        ("cluster/routes-private-1", "id"),
        ("cluster/nat-1", "nat_id"),
        ("cluster/eip-1", "allocation_id"),
        ("data/db-security-group", "id"),
    ] {
        let id = world.outputs()[&addr.into()][output].clone();
        for key in ["kfctl-cn/deployment", "kfctl-cn/resource"] {
            let tag = |value: Option<&str>| Tag::builder().key(key).set_value(value.map(str::to_owned)).build();
            world.clients.ec2.delete_tags().resources(&id).tags(tag(None)).send().await.unwrap();
            let error = world.engine().plan().await.err().unwrap_or_else(|| panic!("a plan without {key} on {addr}"));
            let text = error.to_string();
            assert!(text.contains(&format!("{addr}: exists and isn't ours")) && text.contains(&id), "{text}");
            assert!(text.contains(&format!("kfctl-cn state rm {addr}")), "{text}");
            let value = if key.ends_with("deployment") { "lost" } else { addr };
            world.clients.ec2.create_tags().resources(&id).tags(tag(Some(value))).send().await.unwrap();
        }
    }
    assert_eq!(world.proxy.take_writes(), 2 * 2 * 7, "only the tags were written");
    assert!(!world.plan().await.plan.has_work());
    let gone = &world.outputs()[&"cluster/nat-3".into()]["nat_id"];
    world.clients.ec2.delete_nat_gateway().nat_gateway_id(gone).send().await.unwrap();
    world.up().await;
    assert_eq!(census(&world.clients).await, whole());
}
