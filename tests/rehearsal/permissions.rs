//! What an operator may do: the policies of `iam-policy` are enough for everything, and the check names what is missing.

use std::sync::Arc;

use kfctl_cn::aws::Clients;
use kfctl_cn::checks::{self, Checker, Verdict, preflight};
use kfctl_cn::config::Proxy;
use kfctl_cn::model::Region;
use serde_json::{Value, json};

use crate::census::{census, whole};
use crate::existing::eks;
use crate::world::{ACCOUNT, Aws, World, actions, clients_of, configuration};

/// Makes a user with these policies, and calls with its key from now on.
async fn act_as_user(world: &mut World, documents: &[Value]) {
    let iam = &world.clients.iam;
    iam.create_user().user_name("operator").send().await.unwrap();
    for (index, document) in documents.iter().enumerate() {
        let call = iam.put_user_policy().user_name("operator").policy_name(format!("operator-{index}"));
        call.policy_document(document.to_string()).send().await.unwrap();
    }
    let key = iam.create_access_key().user_name("operator").send().await.unwrap();
    let key = key.access_key().unwrap().access_key_id().to_owned();
    world.clients = clients_of(&world.proxy.url, world.config.spec.region, &key).await;
}

/// Documents without one action, and with a statement more.
fn changed(mut documents: Vec<Value>, without: &str, more: Option<Value>) -> Vec<Value> {
    for statement in documents.iter_mut().flat_map(|d| d["Statement"].as_array_mut().unwrap()) {
        statement["Action"].as_array_mut().unwrap().retain(|action| action != without);
    }
    documents.iter_mut().for_each(|d| {
        let statements = d["Statement"].as_array_mut().unwrap();
        statements.retain(|s| !s["Action"].as_array().unwrap().is_empty());
    });
    documents[0]["Statement"].as_array_mut().unwrap().extend(more);
    documents
}

/// The checks of permissions: service to verdict.
async fn verdicts(world: &World) -> Vec<(String, Verdict)> {
    let all = preflight::checkers(&world.config, &world.clients);
    let mine: Vec<Arc<dyn Checker>> = all.into_iter().filter(|c| c.category() == "permissions").collect();
    assert!(mine.len() >= 8, "a check a service");
    let service =
        |what: &str| what.strip_prefix("the caller may do in ").unwrap().split(' ').next().unwrap().to_owned();
    checks::run(&mine, |_| ()).await.into_iter().map(|c| (service(&c.what), c.verdict)).collect()
}

fn documents(world: &World) -> Vec<Value> {
    preflight::operator(&world.config, ACCOUNT).documents(false).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_printed_policies_and_nothing_else_everything_is_made_and_removed() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let mut world = World::new(&aws, configuration("narrow", region)).await;
        let (admin, policies) = (world.clients.clone(), documents(&world));
        act_as_user(&mut world, &policies).await;
        for (service, verdict) in verdicts(&world).await {
            assert!(matches!(verdict, Verdict::Pass(_)), "{service}: {verdict:?}");
        }
        world.up().await;
        let mut made = census(&admin).await;
        // The operator is a user with a key too.
        for kind in ["users", "access keys"] {
            *made.get_mut(kind).unwrap() -= 1;
        }
        assert_eq!(made, whole());
        let again = world.plan().await;
        assert!(!again.plan.has_work(), "{:#?}", actions(&again));
        world.down(true).await;
    }
}

/// In a cluster of others too, and nothing there allows to change it.
#[tokio::test(flavor = "multi_thread")]
async fn with_the_policies_for_an_existing_cluster_everything_is_made_in_it_and_removed() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let made = eks::make(&clients_of(&aws.url, region, "AKIAREHEARSALCHINA01").await, eks::Kind::default()).await;
        let mut config = configuration("guest", region);
        eks::inside(&mut config);
        // With nodes of its own, made by way of a launch template.
        config.spec.cluster.existing.as_mut().unwrap().node_group = true;
        config.spec.network.proxy = Some(Proxy { url: "http://proxy:3128".into(), no_proxy: Vec::new() });
        let mut world = World::new(&aws, config).await;
        let (admin, policies) = (world.clients.clone(), documents(&world));
        let before = census(&admin).await;
        let text = format!("{policies:?}");
        for action in ["eks:CreateCluster", "eks:DeleteCluster", "eks:UpdateClusterConfig"] {
            assert!(!text.contains(action), "{action}");
        }
        act_as_user(&mut world, &policies).await;
        for (service, verdict) in verdicts(&world).await {
            assert!(matches!(verdict, Verdict::Pass(_)), "{service}: {verdict:?}");
        }
        world.up().await;
        let again = world.plan().await;
        assert!(!again.plan.has_work(), "{:#?}", actions(&again));
        eks::of_karpenter(&admin, &made.vpc, "guest").await;
        world.down(true).await;
        let left = census(&admin).await;
        for (kind, count) in &before {
            let mine = usize::from(matches!(*kind, "users" | "access keys"));
            assert_eq!(left[kind], count + mine, "{kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named_with_its_resource() {
    for (region, missing) in [(Region::CnNorth1, "iam:CreateRole"), (Region::CnNorthwest1, "ec2:CreateNatGateway")] {
        let aws = Aws::empty().await;
        let mut world = World::new(&aws, configuration("less", region)).await;
        let policies = changed(documents(&world), missing, None);
        act_as_user(&mut world, &policies).await;
        let found = verdicts(&world).await;
        let failed: Vec<_> = found.iter().filter(|(_, v)| !matches!(v, Verdict::Pass(_))).collect();
        let [(service, Verdict::Fail { seen, hint })] = failed.as_slice() else { panic!("{found:#?}") };
        assert!(missing.starts_with(&format!("{service}:")));
        assert!(
            seen.starts_with("1 not allowed:\n") && seen.contains(&format!("{missing} on arn:aws-cn:{service}:")),
            "{seen}"
        );
        assert!(hint.contains("iam-policy") && hint.contains(":user/operator"), "{hint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_apart_from_a_condition_that_nobody_can_know() {
    let aws = Aws::empty().await;
    let mut world = World::new(&aws, configuration("apart", Region::CnNorth1)).await;
    let deny = json!({"Effect": "Deny", "Action": "rds:CreateDBInstance", "Resource": "*"});
    let office = json!({"Effect": "Allow", "Action": "sqs:CreateQueue", "Resource": "*",
        "Condition": {"StringLike": {"aws:PrincipalTag/team": "ml*"}}});
    let mut policies = changed(documents(&world), "sqs:CreateQueue", Some(deny));
    policies[1]["Statement"].as_array_mut().unwrap().push(office);
    act_as_user(&mut world, &policies).await;
    for (service, verdict) in verdicts(&world).await {
        match (service.as_str(), verdict) {
            ("rds", Verdict::Fail { seen, .. }) => assert!(seen.ends_with("(denied explicitly)"), "{seen}"),
            ("sqs", Verdict::Warn { seen, .. }) => assert!(seen.contains("aws:PrincipalTag/team"), "{seen}"),
            (_, Verdict::Pass(_)) => {}
            (service, other) => panic!("{service}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_simulating_is_denied_nothing_is_said() {
    let aws = Aws::empty().await;
    let mut world = World::new(&aws, configuration("blind", Region::CnNorthwest1)).await;
    let policies = changed(documents(&world), "iam:SimulatePrincipalPolicy", None);
    act_as_user(&mut world, &policies).await;
    for (service, verdict) in verdicts(&world).await {
        let Verdict::Skip(why) = verdict else { panic!("{service}: {verdict:?}") };
        assert!(why.contains("iam:SimulatePrincipalPolicy"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_of_a_role_is_asked_about_as_the_role_with_its_path() {
    let aws = Aws::empty().await;
    let world = World::new(&aws, configuration("session", Region::CnNorth1)).await;
    let iam = &world.clients.iam;
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": format!("arn:aws-cn:iam::{ACCOUNT}:user/rehearsal")}}]});
    let role = iam.create_role().role_name("Ops").path("/teams/ml/").assume_role_policy_document(trust.to_string());
    let arn = role.send().await.unwrap().role().unwrap().arn().to_owned();
    let session = format!("arn:aws-cn:sts::{ACCOUNT}:assumed-role/Ops/me");
    assert_eq!(world.clients.principal_arn(&session).await.unwrap(), arn);
    assert!(arn.ends_with(":role/teams/ml/Ops"));
    let denied =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}]});
    iam.create_user().user_name("weak").send().await.unwrap();
    let put = iam.put_user_policy().user_name("weak").policy_name("sts").policy_document(denied.to_string());
    put.send().await.unwrap();
    let key = iam.create_access_key().user_name("weak").send().await.unwrap();
    let key = key.access_key().unwrap().access_key_id().to_owned();
    let weak: Clients = clients_of(&world.proxy.url, Region::CnNorth1, &key).await;
    let without_path = format!("arn:aws-cn:iam::{ACCOUNT}:role/Ops");
    assert_eq!(weak.principal_arn(&session).await.unwrap(), without_path, "a refusal is no reason to stop");
}
