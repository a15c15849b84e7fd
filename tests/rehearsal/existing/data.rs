//! Database, bucket and secrets that were there before.

use kfctl_cn::config::ExistingDatabase;
use kfctl_cn::model::Region;

use super::network::{inside, with_vpc};
use super::{team, vpc};
use crate::census::census;
use crate::world::{Aws, World, actions, clients_of, configuration};

#[tokio::test(flavor = "multi_thread")]
async fn data_of_others_is_used_and_left_as_it_was_but_for_one_rule_that_goes_with_the_cluster() {
    for region in Region::ALL {
        let (aws, vpc) = with_vpc(region).await;
        let mut config = inside("reader", region, &vpc.id);
        team::use_all(&mut config);
        let world = World::new(&aws, config).await;
        let (host, group) = team::make(&world.clients, &vpc).await;
        let before = (vpc::portrait(&world.clients, &vpc.id).await, team::portrait(&world.clients).await);
        let held = census(&world.clients).await;
        world.up().await;
        let now = census(&world.clients).await;
        for kind in ["databases", "buckets", "users", "access keys"] {
            assert_eq!(now[kind], held[kind], "{kind}");
        }
        assert_eq!(now["secrets"], held["secrets"] + 1, "the first user's login is ours");
        let outputs = world.outputs();
        let of = |addr: &str, key: &str| outputs[&addr.into()].get(key).cloned().unwrap_or_default();
        assert_eq!((of("data/database", "host"), of("data/database", "port")), (host, "3307".into()));
        assert_eq!(of("data/bucket", "name"), "team-artifacts");
        let rules = world.clients.ec2.describe_security_group_rules().send().await.unwrap();
        let ours: Vec<_> = rules
            .security_group_rules()
            .iter()
            .filter(|r| r.group_id() == Some(&group) && r.is_egress() != Some(true))
            .map(|r| (r.from_port(), r.referenced_group_info().and_then(|g| g.group_id()).map(str::to_owned)))
            .collect();
        assert_eq!(ours, [(Some(3307), Some(of("cluster/eks", "security_group_id")))]);
        let role = world.clients.iam.get_role_policy().role_name("reader-secrets-manager-sa").policy_name("secrets");
        let document = role.send().await.unwrap().policy_document;
        assert!(document.contains("team/mysql") || document.contains("team%2Fmysql"), "{document}");
        let again = world.plan().await;
        assert!(!again.plan.has_changes(), "{:#?}", actions(&again));
        assert!(!world.state_text().contains(team::PASSWORD));
        world.down(true).await;
        let after = (vpc::portrait(&world.clients, &vpc.id).await, team::portrait(&world.clients).await);
        assert_eq!(after, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_cant_be_used_is_refused_with_every_reason_and_no_value_of_a_secret() {
    let (aws, vpc) = with_vpc(Region::CnNorth1).await;
    let setup = clients_of(&aws.url, Region::CnNorth1, "AKIAREHEARSALCHINA01").await;
    team::instance(&setup, &vpc, "postgres", "15.4").await;
    let login = serde_json::json!({
        "username": "team", "password": team::PASSWORD, "host": "elsewhere.example.com", "port": 3307, "database": "x",
    });
    team::secret(&setup, "team/mysql", login).await;
    team::secret(&setup, "team/s3", serde_json::json!({"accesskey": "", "secretkey": team::PASSWORD})).await;
    team::bucket(&clients_of(&aws.url, Region::CnNorthwest1, "AKIAREHEARSALCHINA01").await, "team-artifacts").await;
    // A VPC of its own: the database is in another.
    let mut config = configuration("picky", Region::CnNorth1);
    team::use_all(&mut config);
    let world = World::new(&aws, config).await;
    let error = world.engine().plan().await.err().expect("a plan over data that can't be used").to_string();
    for part in [
        "team-mysql is postgres: it must be MySQL",
        &format!("team-mysql is in {}, the cluster in a new one", vpc.id),
        "the secret team/mysql isn't a JSON object of strings",
        "the secret team/s3 has no accesskey",
        "the bucket team-artifacts is in",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert!(!error.contains(team::PASSWORD), "{error}");
    assert_eq!(world.proxy.take_writes(), 0);
    let mut config = configuration("lost", Region::CnNorth1);
    config.spec.data.existing_bucket = Some("nobody-has-this".into());
    let cluster = Some("team-aurora".to_owned());
    let (instance, secret) = (None, "none".into());
    config.spec.data.database.existing = Some(ExistingDatabase { secret, instance, cluster, ..team::database() });
    let call = setup.rds.create_db_cluster().db_cluster_identifier("team-aurora").engine("aurora-mysql");
    let call = call.engine_version("5.7.mysql_aurora.2.11.2").master_username("team").db_subnet_group_name("team");
    call.master_user_password(team::PASSWORD).send().await.unwrap();
    let world = World::new(&aws, config).await;
    let error = world.engine().plan().await.err().expect("a plan over nothing").to_string();
    assert!(error.contains("there is no bucket nobody-has-this"), "{error}");
    assert!(error.contains("there is no secret none in cn-north-1"), "{error}");
    assert!(error.contains("team-aurora is MySQL 5.7.mysql_aurora.2.11.2: it must be 8.0"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_of_its_own_needs_nothing_of_rds_and_a_key_of_the_buckets_own_may_be_used() {
    let aws = Aws::empty().await;
    let mut config = configuration("hosted", Region::CnNorthwest1);
    config.spec.data.existing_bucket = Some("team-artifacts".into());
    let host = Some("mysql.team.internal".to_owned());
    config.spec.data.database.existing = Some(ExistingDatabase { instance: None, host, ..team::database() });
    let world = World::new(&aws, config).await;
    let key = "arn:aws-cn:kms:cn-northwest-1:123456789012:key/0a1b2c3d";
    team::bucket(&world.clients, "team-artifacts").await;
    team::encrypt(&world.clients, "team-artifacts", key).await;
    let login = serde_json::json!({
        "username": "u", "password": team::PASSWORD, "host": "mysql.team.internal", "port": "3306", "database": "d",
    });
    team::secret(&world.clients, "team/mysql", login).await;
    world.up().await;
    assert_eq!(census(&world.clients).await["databases"], 0);
    let policy = world.clients.iam.get_user_policy().user_name("hosted-s3").policy_name("bucket").send().await.unwrap();
    assert!(policy.policy_document().contains("GenerateDataKey"), "{}", policy.policy_document());
    let again = world.plan().await;
    assert!(!again.plan.has_changes(), "{:#?}", actions(&again));
    // The secret is turned to another database: told before anything is done.
    let other = serde_json::json!({
        "username": "u", "password": team::PASSWORD, "host": "old.team.internal", "port": "3306", "database": "d",
    });
    world
        .clients
        .secrets
        .put_secret_value()
        .secret_id("team/mysql")
        .secret_string(other.to_string())
        .send()
        .await
        .unwrap();
    let error = world.engine().plan().await.err().expect("a plan over two databases").to_string();
    assert!(error.contains("`host` in the secret team/mysql isn't the database's, mysql.team.internal"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_and_user_is_bounded_by_the_policy_that_is_asked_for() {
    let aws = Aws::empty().await;
    let mut config = configuration("bounded", Region::CnNorth1);
    let boundary = "arn:aws-cn:iam::123456789012:policy/team/boundary";
    config.spec.cluster.permissions_boundary_arn = Some(boundary.into());
    let world = World::new(&aws, config).await;
    world.up().await;
    let iam = &world.clients.iam;
    for role in iam.list_roles().send().await.unwrap().roles() {
        let role = iam.get_role().role_name(role.role_name()).send().await.unwrap().role.unwrap();
        let seen = role.permissions_boundary().and_then(|b| b.permissions_boundary_arn());
        assert_eq!(seen, Some(boundary), "{}", role.role_name());
    }
    let user = iam.get_user().user_name("bounded-s3").send().await.unwrap().user.unwrap();
    assert_eq!(user.permissions_boundary().and_then(|b| b.permissions_boundary_arn()), Some(boundary));
    let again = world.plan().await;
    assert!(!again.plan.has_changes(), "{:#?}", actions(&again));
    let call = iam.put_role_permissions_boundary().role_name("bounded-nodes");
    call.permissions_boundary("arn:aws-cn:iam::123456789012:policy/other").send().await.unwrap();
    iam.put_user_permissions_boundary()
        .user_name("bounded-s3")
        .permissions_boundary("arn:aws-cn:iam::123456789012:policy/other")
        .send()
        .await
        .unwrap();
    world.up().await;
    let role = iam.get_role().role_name("bounded-nodes").send().await.unwrap().role.unwrap();
    assert_eq!(role.permissions_boundary().and_then(|b| b.permissions_boundary_arn()), Some(boundary));
    assert!(!world.plan().await.plan.has_changes());
}
