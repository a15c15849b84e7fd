//! The public cases that a look beforehand would have caught, each with its right value, in both regions.

use std::collections::BTreeMap;

use aws_sdk_secretsmanager::types::Tag;
use kfctl_cn::checks::{self, Verdict, preflight};
use kfctl_cn::config::Config;
use kfctl_cn::model::Region;

use crate::world::{ACCOUNT, Aws, World, configuration};

/// All preflight checks: statement to verdict.
async fn verdicts(world: &World) -> BTreeMap<String, Verdict> {
    let all = checks::run(&preflight::checkers(&world.config, &world.clients), |_| ()).await;
    assert_eq!(world.proxy.take_writes(), 0, "a check wrote");
    all.into_iter().map(|checked| (checked.what, checked.verdict)).collect()
}

/// What one check said: its word, and what was seen.
fn told<'a>(all: &'a BTreeMap<String, Verdict>, part: &str) -> (&'static str, &'a str) {
    let found: Vec<_> = all.iter().filter(|(what, _)| what.contains(part)).collect();
    let [(_, verdict)] = found.as_slice() else { panic!("{part}: {all:#?}") };
    match verdict {
        Verdict::Pass(seen) => ("pass", seen),
        Verdict::Warn { seen, .. } => ("warn", seen),
        Verdict::Fail { seen, .. } => ("fail", seen),
        Verdict::Skip(seen) => ("skip", seen),
    }
}

async fn world(aws: &Aws, name: &str, region: Region, change: impl Fn(&mut Config)) -> World {
    let mut config = configuration(name, region);
    change(&mut config);
    World::new(aws, config).await
}

/// eksctl#2005, #188: the quota of addresses or VPCs ends a run half way; it is counted before.
#[tokio::test(flavor = "multi_thread")]
async fn quotas_that_are_used_up_are_told_before_anything_is_made() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let world = world(&aws, "full", region, |_| ()).await;
        let ec2 = &world.clients.ec2;
        for _ in 0..3 {
            ec2.allocate_address().send().await.unwrap();
        }
        // The default VPC is the first of five.
        for block in 1..=4 {
            ec2.create_vpc().cidr_block(format!("10.{}.0.0/16", 100 + block)).send().await.unwrap();
        }
        world.proxy.take_writes();
        let all = verdicts(&world).await;
        assert_eq!(told(&all, "more elastic IP"), ("fail", "3 of 5 in use, 3 more are needed"));
        assert_eq!(told(&all, "more VPC"), ("fail", "5 of 5 in use, 1 more are needed"));
        assert_eq!(told(&all, "more EKS cluster"), ("pass", "0 of 100 in use"));
        assert_eq!(told(&all, "more DB instance"), ("pass", "0 of 40 in use"));
        assert_eq!(told(&all, "nodes of m5.2xlarge"), ("pass", "24 of 256 vCPUs"));
    }
}

/// What is there already isn't counted against the deployment that made it.
#[tokio::test(flavor = "multi_thread")]
async fn a_whole_deployment_has_room_for_itself_and_its_names_are_ours() {
    let aws = Aws::empty().await;
    let world = world(&aws, "self", Region::CnNorthwest1, |_| ()).await;
    world.up().await;
    world.proxy.take_writes();
    let all = verdicts(&world).await;
    let faults: Vec<_> = all.iter().filter(|(_, v)| matches!(v, Verdict::Warn { .. } | Verdict::Fail { .. })).collect();
    // No API server listens behind the simulated cluster, and `up` can do without from here.
    let [(what, Verdict::Warn { seen, .. })] = faults.as_slice() else { panic!("{faults:#?}") };
    assert!(what.contains("the API server of self takes connections") && seen.contains("refused"), "{what}: {seen}");
    assert_eq!(told(&all, "the IAM names self-"), ("pass", "0 free, 7 ours"));
    assert_eq!(told(&all, "the secrets self-"), ("pass", "0 free, 3 ours"));
    assert_eq!(told(&all, "the cluster name"), ("pass", "ours"));
    // awslabs#137: RDS takes five security groups; one is attached, whatever the cluster has.
    let found = world.clients.rds.describe_db_instances().db_instance_identifier("self-db").send().await.unwrap();
    assert_eq!(found.db_instances()[0].vpc_security_groups().len(), 1);
    // Every role of the deployment is looked at.
    let roles = world.clients.iam.list_roles().send().await.unwrap();
    let made: Vec<&str> = roles.roles().iter().map(|r| r.role_name()).filter(|n| n.starts_with("self-")).collect();
    assert_eq!(made.len(), 6);
    for role in made {
        let untag = world.clients.iam.untag_role().role_name(role).tag_keys("kfctl-cn/deployment");
        untag.send().await.unwrap();
        world.proxy.take_writes();
        let all = verdicts(&world).await;
        let (word, seen) = told(&all, "the IAM names self-");
        assert!(word == "fail" && seen.contains(&format!("role {role}")), "{role}: {seen}");
    }
}

/// Secrets keep their names for days after they are deleted.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_that_are_leaving_are_restored_if_they_are_ours_and_in_the_way_if_not() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let world = world(&aws, "leave", region, |_| ()).await;
        let api = &world.clients.secrets;
        let ours = Tag::builder().key("kfctl-cn/deployment").value("leave").build();
        api.create_secret().name("leave-admin").secret_string("{}").tags(ours).send().await.unwrap();
        api.delete_secret().secret_id("leave-admin").recovery_window_in_days(7).send().await.unwrap();
        world.proxy.take_writes();
        let all = verdicts(&world).await;
        let (word, seen) = told(&all, "the secrets leave-");
        assert!(word == "pass" && seen.ends_with("restored by `up`: leave-admin"), "{seen}");
        api.restore_secret().secret_id("leave-admin").send().await.unwrap();
        api.untag_resource().secret_id("leave-admin").tag_keys("kfctl-cn/deployment").send().await.unwrap();
        api.delete_secret().secret_id("leave-admin").recovery_window_in_days(7).send().await.unwrap();
        world.proxy.take_writes();
        let all = verdicts(&world).await;
        let (word, seen) = told(&all, "the secrets leave-");
        assert!(word == "fail" && seen.contains("leave-admin (scheduled for deletion)"), "{seen}");
    }
}

/// karpenter#3917: a GPU type that the region doesn't offer. eksctl 0.56.0: zones aren't a, b, c in Beijing.
#[tokio::test(flavor = "multi_thread")]
async fn types_are_asked_for_in_the_zones_that_the_deployment_is_in() {
    for (region, scarce, zones, missing) in [
        (Region::CnNorth1, "p2.xlarge", "cn-north-1a, cn-north-1b, cn-north-1d", "cn-north-1d"),
        (Region::CnNorthwest1, "p4d.24xlarge", "cn-northwest-1a, cn-northwest-1b, cn-northwest-1c", "cn-northwest-1c"),
    ] {
        let aws = Aws::empty().await;
        let world = world(&aws, "zones", region, |config| {
            config.spec.cluster.node_group.instance_types = vec!["m5.2xlarge".into(), scarce.into()];
            config.spec.gpu.families = vec!["g4dn".into(), "g6".into()];
        })
        .await;
        let all = verdicts(&world).await;
        assert_eq!(told(&all, "offers m5.2xlarge"), ("pass", zones));
        assert_eq!(told(&all, &format!("offers {scarce}")), ("fail", format!("not in {missing}").as_str()));
        assert_eq!(told(&all, "GPU family g6").0, "fail");
        assert_eq!(told(&all, "GPU family g4dn").0, "pass");
    }
}

/// awslabs#584, #780: patch versions of MySQL are withdrawn. tf-eks#824: nothing about images of EKS is built from accounts.
#[tokio::test(flavor = "multi_thread")]
async fn versions_are_asked_for_and_a_withdrawn_one_is_told() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let withdrawn = world(&aws, "old", region, |c| c.spec.data.database.engine_version = "8.0.30".into()).await;
        let all = verdicts(&withdrawn).await;
        let (word, seen) = told(&all, "MySQL 8.0.30");
        assert!(word == "fail" && seen.contains(&format!("RDS offers no MySQL 8.0.30 in {region}")), "{seen}");
        let current = world(&aws, "new", region, |_| ()).await;
        let all = verdicts(&current).await;
        assert_eq!(told(&all, "RDS offers MySQL 8.0"), ("pass", "8.0.43"));
        for addon in ["vpc-cni", "kube-proxy", "coredns", "aws-ebs-csi-driver"] {
            let (word, seen) = told(&all, &format!("the add-on {addon}"));
            assert!(word == "pass" && seen.starts_with('v'), "{addon}: {seen}");
        }
    }
}

/// A network that is to be connected one day must not overlap another.
#[tokio::test(flavor = "multi_thread")]
async fn ranges_that_overlap_are_told() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let world = world(&aws, "range", region, |config| config.spec.network.vpc_cidr = "172.17.0.0/16".into()).await;
        let made = world.clients.ec2.create_vpc().cidr_block("172.17.128.0/20").send().await.unwrap();
        let id = made.vpc().and_then(|vpc| vpc.vpc_id()).unwrap().to_owned();
        world.proxy.take_writes();
        let all = verdicts(&world).await;
        let (word, seen) = told(&all, "172.17.0.0/16 is of no other network");
        assert!(word == "warn" && seen.contains(&format!("{id} (172.17.128.0/20)")), "{seen}");
        assert!(seen.contains("Docker"), "{seen}");
    }
}

/// With an endpoint of one's own nothing else is tried; the clock there is the clock here.
#[tokio::test(flavor = "multi_thread")]
async fn the_connection_is_looked_at_where_calls_go() {
    let aws = Aws::empty().await;
    let world = world(&aws, "wire", Region::CnNorth1, |_| ()).await;
    let all = verdicts(&world).await;
    let connections: Vec<_> = all.keys().filter(|what| what.starts_with("AWS takes connections")).collect();
    assert_eq!(connections.len(), 1, "{connections:?}");
    assert_eq!(told(&all, &world.proxy.url).0, "pass");
    assert_eq!(told(&all, "the API server of wire"), ("pass", "there is none yet"));
    assert_eq!(told(&all, "the clock here").0, "pass");
    // awslabs#44, manifests#2061: said beforehand, because IRSA alone never works here.
    let (word, seen) = told(&all, "Pipelines 1.8.2 reach the bucket");
    assert!(word == "pass" && seen.contains("static keys of the IAM user wire-s3"), "{seen}");
    let account = told(&all, "partition aws-cn").1;
    assert!(account.contains(ACCOUNT) && account.starts_with("arn:aws-cn:"), "{account}");
}
