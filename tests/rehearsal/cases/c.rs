//! Section C: the database, its password, its version and who reaches it; the secrets.

use std::time::Duration;

use aws_sdk_rds::types::DbInstance;
use kfctl_cn::checks::{self, Verdict, verify};
use kfctl_cn::model::Region;
use serde_json::json;

use super::{documents, stopped_at, whole};
use crate::census::census;
use crate::faults::Fault;
use crate::nodes::template;
use crate::world::{ACCOUNT, Aws, World, configuration};

async fn database(world: &World) -> DbInstance {
    let id = format!("{}-db", world.config.name());
    let found = world.clients.rds.describe_db_instances().db_instance_identifier(id).send().await.unwrap();
    found.db_instances.unwrap().remove(0)
}

async fn password(world: &World) -> String {
    let secret = format!("{}-rds-secret", world.config.name());
    world.clients.secret_json(&secret).await.unwrap().unwrap()["password"].expose().to_owned()
}

/// awslabs#297: the script waits 900 seconds, a database with a standby takes longer, and nothing after it runs.
#[tokio::test(flavor = "multi_thread")]
async fn c8_a_database_is_waited_for_longer_than_half_an_hour() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let mut config = configuration("c8", region);
        config.spec.data.database.multi_az = true;
        let world = World::new(&aws, config).await;
        let all = world.resources();
        let database = all.iter().find(|r| r.addr() == "data/database".into()).unwrap();
        assert!(database.deadline() >= Duration::from_secs(30 * 60), "{:?}", database.deadline());
        // And longer than it is said to take.
        assert!(database.deadline() > database.typical() * 2);
    }
}

/// The script made the password, waited, and then stored it: who stopped it in between had a database that nobody can open.
#[tokio::test(flavor = "multi_thread")]
async fn c9_the_password_is_kept_before_the_database_is_made_and_a_stopped_run_goes_on_with_it() {
    for (region, lands) in [(Region::CnNorth1, true), (Region::CnNorthwest1, false)] {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration("c9", region)).await.impatient().await;
        let fault = if lands { Fault::CutAfter } else { Fault::CutBefore };
        stopped_at(&world, "rds:CreateDBInstance", fault).await;
        let before = password(&world).await;
        assert_eq!(before.len(), 32);
        world.proxy.faults.take_calls();
        world.up().await;
        assert_eq!(password(&world).await, before);
        assert_eq!(census(&world.clients).await["databases"], 1);
        let calls = world.proxy.faults.take_calls();
        let changed: Vec<_> = calls.iter().filter(|(call, _)| call.name() == "rds:ModifyDBInstance").collect();
        assert!(changed.is_empty(), "the password was set again: {changed:?}");
        assert!(!world.plan().await.plan.has_work());
    }
}

/// awslabs#137: all groups of the cluster are attached, RDS takes five.
#[tokio::test(flavor = "multi_thread")]
async fn c10_one_security_group_is_attached_whatever_others_the_network_has() {
    whole("c10", async |world, _| {
        let vpc = world.outputs()[&"cluster/vpc".into()]["vpc_id"].clone();
        for number in 0..6 {
            let call = world.clients.ec2.create_security_group().group_name(format!("more-{number}")).vpc_id(&vpc);
            call.description("one more").send().await.unwrap();
        }
        world.up().await;
        let groups = database(world).await.vpc_security_groups.unwrap();
        let ids: Vec<_> = groups.iter().filter_map(|g| g.vpc_security_group_id()).collect();
        assert_eq!(ids, [world.outputs()[&"data/db-security-group".into()]["id"].as_str()]);
    })
    .await;
}

/// awslabs#509: nodes that don't carry the cluster's group can't reach the database. Here all carry it: managed ones because their
/// launch template names none, and Karpenter's by the tag that EKS puts on it (see `f8` and `c11` of the manifests).
#[tokio::test(flavor = "multi_thread")]
async fn c11_the_group_that_nodes_carry_is_let_in_at_the_databases_port() {
    whole("c11", async |world, _| {
        let (ec2, outputs) = (&world.clients.ec2, world.outputs());
        let cluster = &outputs[&"cluster/eks".into()]["security_group_id"];
        let rules = ec2.describe_security_group_rules().send().await.unwrap().security_group_rules.unwrap();
        let of_database = &outputs[&"data/db-security-group".into()]["id"];
        let open: Vec<_> = rules
            .iter()
            .filter(|r| r.group_id() == Some(of_database) && r.is_egress() != Some(true))
            .map(|r| (r.from_port(), r.to_port(), r.referenced_group_info().and_then(|g| g.group_id())))
            .collect();
        assert_eq!(open, [(Some(3306), Some(3306), Some(cluster.as_str()))]);
        let groups = ec2.describe_security_groups().group_ids(cluster).send().await.unwrap();
        let tags = groups.security_groups()[0].tags();
        assert!(tags.iter().any(|t| t.key() == Some("aws:eks:cluster-name") && t.value() == Some("c11")), "{tags:?}");
        // EKS gives the cluster's group to nodes whose template names none.
        let template = template(&world.clients, "c11").await;
        assert!(template.security_group_ids().is_empty() && template.network_interfaces().is_empty(), "{template:?}");
    })
    .await;
}

/// awslabs#584, #780: a pinned patch is withdrawn; and RDS moves to newer ones by itself, which nobody may take back.
#[tokio::test(flavor = "multi_thread")]
async fn c12_the_newest_patch_is_taken_and_a_newer_one_of_rds_stays() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration("c12", region)).await;
        world.up().await;
        let made = database(&world).await;
        assert_eq!(made.engine_version(), Some("8.0.43"));
        assert_eq!(made.auto_minor_version_upgrade(), Some(true));
        let mut pinned = configuration("c12", region);
        pinned.spec.data.database.engine_version = "8.0.41".into();
        let pinned = World::new(&aws, pinned).await;
        let planned = pinned.plan().await;
        let step = planned.plan.steps.iter().find(|s| s.addr == "data/database".into()).unwrap();
        assert!(step.changes.is_empty(), "{:?}", step.changes);
    }
}

/// google/ml-metadata#178, kubeflow/pipelines#9549: without a version RDS makes 8.4, to which ML Metadata 1.5.0 can't log in.
#[tokio::test(flavor = "multi_thread")]
async fn c13_the_line_is_8_0_and_its_parameters_are_of_that_line() {
    whole("c13", async |world, _| {
        let made = database(world).await;
        assert!(made.engine_version().is_some_and(|v| v.starts_with("8.0.")), "{:?}", made.engine_version());
        let call = world.clients.rds.describe_db_parameter_groups().db_parameter_group_name("c13-db");
        let group = call.send().await.unwrap().db_parameter_groups.unwrap().remove(0);
        assert_eq!(group.db_parameter_group_family(), Some("mysql8.0"));
        let call = world.clients.rds.describe_db_parameters().db_parameter_group_name("c13-db").source("user");
        let set = call.send().await.unwrap().parameters.unwrap();
        let secure = set.iter().find(|p| p.parameter_name() == Some("require_secure_transport")).unwrap();
        assert_eq!(secure.parameter_value(), Some("0"), "its clients have no setting for TLS");
    })
    .await;
}

/// provider#176: the provider's message hides whether the secret is missing or may not be read.
#[tokio::test(flavor = "multi_thread")]
async fn c19_the_pods_role_may_read_both_secrets_where_they_are_and_verify_tells_which_is_missing() {
    whole("c19", async |world, region| {
        let document = documents(&world.clients).await["secrets of c19-secrets-manager-sa"].clone();
        let mut arns = Vec::new();
        for name in ["c19-rds-secret", "c19-s3-secret"] {
            let secret = world.clients.secrets.describe_secret().secret_id(name).send().await.unwrap();
            arns.push(secret.arn.unwrap());
        }
        assert_eq!(document["Statement"][0]["Resource"], json!(arns));
        let actions = document["Statement"][0]["Action"].to_string();
        assert!(actions.contains("secretsmanager:GetSecretValue"), "{actions}");
        assert!(arns.iter().all(|arn| arn.contains(region.as_str())), "{arns:?}");
        let call = world.clients.secrets.delete_secret().secret_id("c19-s3-secret");
        call.force_delete_without_recovery(true).send().await.unwrap();
        let outputs = std::sync::Arc::new(world.outputs());
        let checkers = verify::aws::checkers(&world.config, &world.clients, ACCOUNT, &outputs, &[]);
        let all = checks::run(&checkers, |_| ()).await;
        let of = |name: &str| all.iter().find(|c| c.what.starts_with(name)).map(|c| c.verdict.clone()).unwrap();
        assert!(matches!(of("c19-rds-secret"), Verdict::Pass(_)));
        let told = of("c19-s3-secret");
        assert!(matches!(&told, Verdict::Fail { seen, .. } if seen == "there is no such secret"), "{told:?}");
    })
    .await;
}
