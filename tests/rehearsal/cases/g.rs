//! Section G: runs that go on, and removals that come to their end.

use kfctl_cn::model::{ErrorClass, Region};

use super::{stopped_at, whole};
use crate::census::{census, whole as everything};
use crate::faults::{Fault, Rule};
use crate::world::{Aws, World, actions, configuration};

async fn nothing_is_left(world: &World) {
    let left = census(&world.clients).await;
    assert!(left.values().all(|count| *count == 0), "{left:?}");
}

/// kubeflow#4254, #3810: the second run was refused, because the first one had been there.
#[tokio::test(flavor = "multi_thread")]
async fn g1_a_second_run_reads_what_is_there_and_writes_nothing() {
    whole("g1", async |world, _| {
        world.proxy.take_writes();
        world.up().await;
        assert_eq!(world.proxy.take_writes(), 0);
    })
    .await;
}

/// kfctl#119: a removal that was stopped couldn't be begun again, because things were gone already.
#[tokio::test(flavor = "multi_thread")]
async fn g2_what_is_gone_already_is_success() {
    for (region, lands) in [(Region::CnNorth1, true), (Region::CnNorthwest1, false)] {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration("g2", region)).await;
        world.up().await;
        assert!(!world.cut_off_down(12, lands).await, "it was to be stopped");
        world.down(true).await;
        nothing_is_left(&world).await;
        world.down(true).await;
    }
}

/// eksctl#253, #4932: the exit code was 0 though something stayed, or there was no end. Ids of what is left are named.
#[tokio::test(flavor = "multi_thread")]
async fn g8_a_removal_that_fails_says_so_and_what_is_left_has_its_id() {
    whole("g8", async |world, _| {
        let call = "ec2:DeleteVpc".to_owned();
        world.proxy.faults.set(vec![Rule { call: call.clone(), fault: Fault::Denied, skip: 0, times: usize::MAX }]);
        let error = world.try_down(true).await.expect_err("a VPC that can't be removed");
        assert!(error.to_string().contains("cluster/vpc") && error.to_string().contains(&call), "{error}");
        let vpcs = world.clients.ec2.describe_vpcs().send().await.unwrap().vpcs.unwrap();
        let vpc = vpcs.iter().find(|v| v.is_default() != Some(true)).and_then(|v| v.vpc_id()).unwrap();
        let sweep = world.sweep().await;
        assert!(sweep.unexpected.iter().any(|remnant| remnant.id == vpc), "{vpc}: {sweep:?}");
        world.proxy.faults.set(Vec::new());
        world.down(true).await;
        nothing_is_left(world).await;
        assert_eq!(world.sweep().await.unexpected, []);
    })
    .await;
}

/// The script wrote what it had made at its very end: whoever stopped it before had nothing to remove with.
#[tokio::test(flavor = "multi_thread")]
async fn g10_what_is_begun_is_written_down_before_the_call() {
    for (region, call) in [(Region::CnNorth1, "rds:CreateDBInstance"), (Region::CnNorthwest1, "eks:POST /clusters")] {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration("g10", region)).await;
        let world = world.impatient().await;
        stopped_at(&world, call, Fault::CutAfter).await;
        let addr = if call.starts_with("rds") { "data/database" } else { "cluster/eks" };
        let begun = format!("\"event\":\"intended\",\"addr\":\"{addr}\"");
        assert!(world.state_text().contains(&begun), "{addr} isn't in the journal:\n{}", world.state_text());
        world.down(true).await;
        nothing_is_left(&world).await;
    }
}

/// The script took any error for "it is gone": throttling, credentials that had run out.
#[tokio::test(flavor = "multi_thread")]
async fn g11_only_not_found_means_gone() {
    whole("g11", async |world, _| {
        for (fault, class) in [(Fault::Expired, ErrorClass::Credentials), (Fault::Denied, ErrorClass::Permanent)] {
            let rule = Rule { call: "rds:DescribeDBInstances".into(), fault, skip: 0, times: usize::MAX };
            world.proxy.faults.set(vec![rule]);
            let error = world.try_down(true).await.expect_err("it can't say whether the database is gone");
            assert_eq!(error.class, class, "{error}");
            world.proxy.faults.set(Vec::new());
            assert_eq!(census(&world.clients).await["databases"], 1);
        }
        let rule = Rule { call: "rds:DescribeDBInstances".into(), fault: Fault::Throttled, skip: 0, times: 5 };
        world.proxy.faults.set(vec![rule]);
        world.down(true).await;
        nothing_is_left(world).await;
    })
    .await;
}

/// ack#2436: a database that is protected from deletion can't be deleted; and what is deleted by mistake is wanted back.
#[tokio::test(flavor = "multi_thread")]
async fn g12_protection_is_taken_off_and_a_last_snapshot_made() {
    whole("g12", async |world, _| {
        let rds = &world.clients.rds;
        let made = rds.describe_db_instances().db_instance_identifier("g12-db").send().await.unwrap();
        assert_eq!(made.db_instances()[0].deletion_protection(), Some(true));
        world.down(true).await;
        nothing_is_left(world).await;
        let snapshots = rds.describe_db_snapshots().send().await.unwrap().db_snapshots.unwrap();
        let names: Vec<_> = snapshots.iter().filter_map(|s| s.db_snapshot_identifier()).collect();
        let last = names.iter().filter(|name| name.starts_with("g12-db-final-")).count();
        assert_eq!(last, 1, "{names:?}");
    })
    .await;
}

/// A client of S3 without a region asks the global host, which knows no key of China.
#[test]
fn g13_every_client_asks_a_host_of_its_region() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for region in Region::ALL {
            let base = aws_config::defaults(aws_config::BehaviorVersion::latest())
                .region(aws_config::Region::new(region.as_str()))
                .credentials_provider(aws_credential_types::Credentials::new("a", "b", None, None, "test"));
            let clients = kfctl_cn::aws::Clients::from_config(region, base.load().await);
            let urls: Vec<String> = clients.endpoints().into_iter().map(|endpoint| endpoint.url).collect();
            assert!(urls.len() > 8, "{urls:?}");
            for url in &urls {
                // The only control plane of IAM is in Beijing.
                let wanted = if url.starts_with("https://iam.") { "cn-north-1" } else { region.as_str() };
                assert!(url.ends_with(&format!(".{wanted}.amazonaws.com.cn")), "{region}: {url}");
            }
            let signed = clients.s3.config().region().map(|r| r.as_ref().to_owned());
            assert_eq!(signed.as_deref(), Some(region.as_str()));
        }
    });
}

/// awslabs#609: an installation that failed can't be removed by what made it. Every place is tried in `teardown`.
#[tokio::test(flavor = "multi_thread")]
async fn g15_a_half_made_deployment_is_removed() {
    for (region, calls) in [(Region::CnNorth1, 9), (Region::CnNorthwest1, 40)] {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration("g15", region)).await;
        assert!(!world.cut_off(calls, true).await, "it was to be stopped");
        let half = census(&world.clients).await;
        assert!(half != everything() && half.values().any(|count| *count > 0), "{half:?}");
        world.down(true).await;
        nothing_is_left(&world).await;
    }
}

/// kubeflow#3252: without the folder of the one who installed it nobody can remove it.
#[tokio::test(flavor = "multi_thread")]
async fn g16_a_removal_needs_no_state() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let mut world = World::new(&aws, configuration("g16", region)).await;
        world.up().await;
        world.lose_state();
        world.down(true).await;
        nothing_is_left(&world).await;
        let plan = world.plan().await;
        assert!(plan.plan.steps.iter().all(|step| step.action.symbol() == "+"), "{:#?}", actions(&plan));
    }
}
