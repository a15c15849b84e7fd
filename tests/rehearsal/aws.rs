//! Everything in AWS: made once, left alone, mended, adopted, removed.

use std::collections::BTreeSet;

use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use kfctl_cn::model::{Action, Region};

use crate::census::{census, whole};
use crate::world::{ACCOUNT, Aws, World, actions, configuration};

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_made_once_and_a_second_look_changes_nothing() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration("once", region)).await;
        world.up().await;
        assert!(world.proxy.take_writes() > 50);
        assert_eq!(census(&world.clients).await, whole());
        let again = world.plan().await;
        assert!(!again.plan.has_work(), "{:#?}", actions(&again));
        world.up().await;
        assert_eq!(world.proxy.take_writes(), 0, "a second run wrote");
        let state = world.state_text();
        assert!(state.contains("arn:aws-cn:") && !state.contains("arn:aws:"), "{state}");
        assert!(state.contains(&format!("rds.{region}.amazonaws.com.cn")), "{state}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_at_every_call_it_goes_on_and_nothing_is_there_twice() {
    for (region, lands) in [(Region::CnNorth1, true), (Region::CnNorthwest1, false)] {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration("sweep", region)).await;
        let mut runs = 0;
        // From every place, a few calls further: an access key and the secret that holds it need two calls in one run. A run that
        // loses its very first call before it lands would never get on.
        while !world.cut_off(runs % 4 + usize::from(!lands), lands).await {
            runs += 1;
            assert!(runs < 400, "it never comes to an end");
        }
        assert!(runs > 20, "{runs} runs: the plug was hardly ever pulled");
        assert_eq!(census(&world.clients).await, whole(), "after {runs} runs");
        let again = world.plan().await;
        assert!(!again.plan.has_work(), "{:#?}", actions(&again));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_state_is_adopted_without_a_write() {
    let aws = Aws::empty().await;
    let mut world = World::new(&aws, configuration("lost", Region::CnNorth1)).await;
    world.up().await;
    world.proxy.take_writes();
    world.lose_state();
    let planned = world.plan().await;
    // The kubeconfig lay beside the state.
    let others = planned.plan.steps.iter().filter(|s| s.addr.as_str() != "cluster/kubeconfig");
    assert!(others.clone().all(|s| s.action == Action::Adopt), "{:#?}", actions(&planned));
    world.up().await;
    assert_eq!(world.proxy.take_writes(), 0, "adopting wrote");
    assert_eq!(census(&world.clients).await, whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_have_changed_is_seen_and_mended() {
    let aws = Aws::empty().await;
    let world = World::new(&aws, configuration("mend", Region::CnNorthwest1)).await;
    world.up().await;
    let api = &world.clients;
    let arn = "arn:aws-cn:iam::aws:policy/AmazonEKS_CNI_Policy";
    api.iam.detach_role_policy().role_name("mend-nodes").policy_arn(arn).send().await.unwrap();
    let off = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
    let bucket = format!("mend-{ACCOUNT}-cn-northwest-1");
    api.s3.put_bucket_versioning().bucket(&bucket).versioning_configuration(off).send().await.unwrap();
    let keys = api.iam.list_access_keys().user_name("mend-s3").send().await.unwrap();
    let key = keys.access_key_metadata()[0].access_key_id().unwrap();
    api.iam.delete_access_key().user_name("mend-s3").access_key_id(key).send().await.unwrap();
    api.secrets.put_secret_value().secret_id("mend-admin").secret_string("{}").send().await.unwrap();
    let planned = world.plan().await;
    let updated: BTreeSet<_> =
        planned.plan.steps.iter().filter(|s| s.action == Action::Update).map(|s| s.addr.to_string()).collect();
    let wanted = ["cluster/role-nodes", "data/admin-secret", "data/bucket", "data/s3-secret"].map(String::from);
    assert_eq!(updated, BTreeSet::from(wanted), "{:#?}", actions(&planned));
    world.up().await;
    let again = world.plan().await;
    assert!(!again.plan.has_work(), "{:#?}", actions(&again));
    assert_eq!(census(api).await, whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn down_keeps_the_data_and_up_takes_it_back_and_down_with_data_leaves_nothing() {
    let aws = Aws::empty().await;
    let world = World::new(&aws, configuration("down", Region::CnNorth1)).await;
    world.up().await;
    let password = async || world.clients.secret_json("down-rds-secret").await.unwrap().unwrap()["password"].clone();
    let before = password().await;
    world.down(false).await;
    let left = census(&world.clients).await;
    for kind in ["databases", "buckets", "vpcs"] {
        assert_eq!(left[kind], 1, "{kind}: {left:?}");
    }
    for kind in ["clusters", "nat gateways", "elastic ips", "roles", "users", "queues", "rules", "oidc providers"] {
        assert_eq!(left[kind], 0, "{kind}: {left:?}");
    }
    world.up().await;
    assert_eq!(census(&world.clients).await, whole());
    assert_eq!(password().await, before, "the kept database has another password");
    world.down(true).await;
    let left = census(&world.clients).await;
    assert!(left.values().all(|n| *n == 0), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_isnt_ours_stops_the_run_before_it_writes() {
    let aws = Aws::empty().await;
    let world = World::new(&aws, configuration("taken", Region::CnNorth1)).await;
    let trust = r#"{"Version":"2012-10-17","Statement":[]}"#;
    world.clients.iam.create_role().role_name("taken-nodes").assume_role_policy_document(trust).send().await.unwrap();
    world.proxy.take_writes();
    let error = world.engine().plan().await.err().expect("a plan over a role that isn't ours");
    assert!(error.to_string().contains("cluster/role-nodes"), "{error}");
    assert!(!error.hints.is_empty());
    assert_eq!(world.proxy.take_writes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_generated_secret_is_in_the_state() {
    let aws = Aws::empty().await;
    let world = World::new(&aws, configuration("quiet", Region::CnNorth1)).await;
    world.up().await;
    let state = world.state_text();
    let hidden = [
        ("quiet-rds-secret", "password"),
        ("quiet-s3-secret", "secretkey"),
        ("quiet-admin", "password"),
        ("quiet-admin", "hash"),
        ("quiet-admin", "clientsecret"),
    ];
    for (secret, key) in hidden {
        let fields = world.clients.secret_json(secret).await.unwrap().unwrap();
        assert!(!state.contains(fields[key].expose()), "{key} of {secret} is in the state");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spot_nodes_get_the_role_of_the_account_that_they_need() {
    let aws = Aws::empty().await;
    let mut config = configuration("spot", Region::CnNorthwest1);
    config.spec.gpu.capacity_types = vec![kfctl_cn::config::CapacityType::Spot];
    let world = World::new(&aws, config).await;
    world.up().await;
    let role = world.clients.iam.get_role().role_name("AWSServiceRoleForEC2Spot").send().await.unwrap();
    assert!(role.role().unwrap().arn().starts_with("arn:aws-cn:iam::"));
    let again = world.plan().await;
    assert!(!again.plan.has_work(), "{:#?}", actions(&again));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_of_the_mirror_is_made_once_and_its_tags_stay() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration("mirror", region)).await;
        let (user, password) = world.clients.ecr_login().await.expect("a login");
        assert_eq!(user, "AWS");
        assert!(!format!("{password:?}").contains(password.expose()), "the password shows");
        let name = "kfctl-cn/docker.io/library/busybox";
        assert!(world.clients.ecr_repository(ACCOUNT, name).await.expect("made"));
        world.proxy.take_writes();
        assert!(!world.clients.ecr_repository(ACCOUNT, name).await.expect("there"), "made twice");
        let ecr = &world.clients.ecr;
        let all = ecr.describe_repositories().repository_names(name).send().await.expect("the repository");
        let made = &all.repositories()[0];
        let uri = format!("{}/{name}", region.ecr_host(ACCOUNT));
        assert_eq!(made.repository_uri(), Some(uri.as_str()));
        let arn = format!("arn:aws-cn:ecr:{region}:{ACCOUNT}:repository/{name}");
        assert_eq!(made.repository_arn(), Some(arn.as_str()));
        assert_eq!(made.image_tag_mutability().map(|m| m.as_str()), Some("IMMUTABLE"));
        assert!(made.image_scanning_configuration().is_some_and(|scan| scan.scan_on_push()));
        let policy = ecr.get_lifecycle_policy().repository_name(name).send().await.expect("a policy");
        assert!(policy.lifecycle_policy_text().is_some_and(|text| text.contains("untagged")));
    }
}
