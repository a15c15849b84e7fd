//! A cluster that was there before.

use std::sync::Arc;

use aws_sdk_eks::types::AuthenticationMode;
use kfctl_cn::aws::Clients;
use kfctl_cn::checks::{self, Verdict};
use kfctl_cn::model::Region;

use super::eks::{self, Kind, Made};
use crate::census::census;
use crate::world::{Aws, World, actions, clients_of, configuration};

async fn with_cluster(region: Region, kind: Kind) -> (Aws, Made) {
    let aws = Aws::empty().await;
    let made = eks::make(&clients_of(&aws.url, region, "AKIAREHEARSALCHINA01").await, kind).await;
    (aws, made)
}

async fn guest(aws: &Aws, name: &str, region: Region) -> World {
    let mut config = configuration(name, region);
    eks::inside(&mut config);
    World::new(aws, config).await
}

/// The groups that the database lets in.
async fn let_in(aws: &Clients, group: &str) -> Vec<String> {
    let rules = aws.ec2.describe_security_group_rules().send().await.unwrap();
    let of = rules.security_group_rules().iter().filter(|r| r.group_id() == Some(group) && r.is_egress() != Some(true));
    let mut all: Vec<String> =
        of.filter_map(|r| r.referenced_group_info().and_then(|g| g.group_id()).map(str::to_owned)).collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_in_an_existing_cluster_makes_what_is_its_own_and_leaves_the_cluster_as_it_was() {
    for (region, creator) in [(Region::CnNorth1, true), (Region::CnNorthwest1, false)] {
        let (aws, made) = with_cluster(region, Kind { creator, ..Kind::default() }).await;
        let world = guest(&aws, "guest", region).await;
        let (before, held) = (eks::portrait(&world.clients, &made.vpc).await, census(&world.clients).await);
        world.up().await;
        let now = census(&world.clients).await;
        for kind in ["vpcs", "subnets", "route tables", "nat gateways", "clusters", "instances"] {
            assert_eq!(now[kind], held[kind], "{kind}");
        }
        // The storage driver's, the secrets', Karpenter's two: no control plane's, no nodes'.
        assert_eq!(now["roles"], held["roles"] + 4);
        assert_eq!(now["oidc providers"], held["oidc providers"] + 1, "it had none");
        let outputs = world.outputs();
        let of = |addr: &str, key: &str| outputs[&addr.into()].get(key).cloned().unwrap_or_default();
        assert_eq!(of("cluster/vpc", "vpc_id"), made.vpc.id);
        let mut wanted = vec![of("cluster/eks", "security_group_id"), made.group.clone()];
        wanted.sort();
        assert_eq!(
            let_in(&world.clients, &of("data/db-security-group", "id")).await,
            wanted,
            "what nodes really carry"
        );
        let mut private = made.vpc.private.clone();
        private.sort();
        assert_eq!(
            of("cluster/vpc", "private_subnets"),
            private.join(","),
            "of the cluster's, those that aren't public"
        );
        let again = world.plan().await;
        assert!(!again.plan.has_changes(), "{:#?}", actions(&again));
        world.down(true).await;
        assert_eq!(eks::portrait(&world.clients, &made.vpc).await, before);
        assert_eq!(census(&world.clients).await, held);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_with_another_group_are_let_into_the_database_by_the_next_run() {
    let (aws, made) = with_cluster(Region::CnNorth1, Kind::default()).await;
    let world = guest(&aws, "later", Region::CnNorth1).await;
    world.up().await;
    let group = world.clients.ec2.create_security_group().group_name("more").description("team").vpc_id(&made.vpc.id);
    let group = group.send().await.unwrap().group_id.unwrap();
    eks::nodes(&world.clients, &made.vpc, &group).await;
    let planned = world.plan().await;
    let changed: Vec<String> = actions(&planned);
    assert!(changed.len() == 1 && changed[0].contains("data/db-access"), "{changed:#?}");
    world.up().await;
    let database = world.outputs()[&"data/db-security-group".into()]["id"].clone();
    assert!(let_in(&world.clients, &database).await.contains(&group));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oidc_provider_that_is_there_is_used_and_stays() {
    let (aws, made) = with_cluster(Region::CnNorthwest1, Kind::default()).await;
    let world = guest(&aws, "shared", Region::CnNorthwest1).await;
    let cluster = world.clients.eks.describe_cluster().name("team").send().await.unwrap().cluster.unwrap();
    let issuer = cluster.identity().unwrap().oidc().unwrap().issuer().unwrap().to_owned();
    let call = world.clients.iam.create_open_id_connect_provider().url(&issuer);
    let provider = call.client_id_list("wrong").send().await.unwrap().open_id_connect_provider_arn.unwrap();
    let error = world.engine().plan().await.err().expect("a plan with a provider for others only").to_string();
    assert!(error.contains("has no audience sts.amazonaws.com"), "{error}");
    let call = world.clients.iam.delete_open_id_connect_provider().open_id_connect_provider_arn(&provider);
    call.send().await.unwrap();
    let call = world.clients.iam.create_open_id_connect_provider().url(&issuer).client_id_list("wrong");
    call.client_id_list("sts.amazonaws.com").send().await.unwrap();
    let before = eks::portrait(&world.clients, &made.vpc).await;
    world.up().await;
    assert!(!world.plan().await.plan.has_changes());
    let role = world.clients.iam.get_role().role_name("shared-secrets-manager-sa").send().await.unwrap().role.unwrap();
    let trust = role.assume_role_policy_document.unwrap_or_default();
    assert!(trust.contains("oidc-provider"), "{trust}");
    world.down(true).await;
    assert_eq!(eks::portrait(&world.clients, &made.vpc).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_cant_be_used_is_refused_with_every_reason_before_anything_is_made() {
    let kind = Kind { version: "1.34", mode: AuthenticationMode::ConfigMap, creator: false, ..Kind::default() };
    let (aws, made) = with_cluster(Region::CnNorth1, kind).await;
    let instances = clients_of(&aws.url, Region::CnNorth1, "AKIAREHEARSALCHINA01").await;
    let all = instances.ec2.describe_instances().send().await.unwrap();
    for instance in all.reservations().iter().flat_map(|r| r.instances()) {
        instances.ec2.terminate_instances().instance_ids(instance.instance_id().unwrap()).send().await.unwrap();
    }
    let world = guest(&aws, "picky", Region::CnNorth1).await;
    let error = world.engine().plan().await.err().expect("a plan in a cluster that can't be used").to_string();
    for part in [
        "team is on Kubernetes 1.34, and `spec.cluster.version` is 1.35",
        "team takes no access entries",
        "authenticationMode=API_AND_CONFIG_MAP",
        "no instance runs that is an x86-64 node of team",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    let checkers = checks::preflight::checkers(&world.config, &world.clients);
    let told = checks::run(&checkers, |_| {}).await;
    let failed = |what: &str, part: &str| {
        told.iter()
            .any(|c| c.what.contains(what) && matches!(&c.verdict, Verdict::Fail { seen, .. } if seen.contains(part)))
    };
    assert!(failed("Kubeflow can live in the cluster team", "takes no access entries"), "{told:#?}");
    assert!(failed("the API server of team takes connections from here", "Connection refused"), "{told:#?}");
    let mut config = configuration("elsewhere", Region::CnNorth1);
    eks::inside(&mut config);
    config.spec.cluster.existing.as_mut().unwrap().name = "nobody".into();
    let nowhere = World::new(&aws, config).await;
    let error = nowhere.engine().plan().await.err().expect("a plan in no cluster").to_string();
    assert!(error.contains("this account has no EKS cluster nobody in cn-north-1"), "{error}");
    assert_eq!((world.proxy.take_writes(), nowhere.proxy.take_writes()), (0, 0));
    drop(made);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_karpenter_made_for_the_deployment_goes_and_what_others_made_for_the_cluster_stays() {
    let (aws, made) = with_cluster(Region::CnNorth1, Kind::default()).await;
    let world = guest(&aws, "mine", Region::CnNorth1).await;
    world.up().await;
    let before = census(&world.clients).await;
    eks::of_karpenter(&world.clients, &made.vpc, "mine").await;
    eks::of_karpenter(&world.clients, &made.vpc, "theirs").await;
    world.down(true).await;
    let after = census(&world.clients).await;
    assert_eq!(after["instances"], before["instances"] + 1, "of the other deployment's");
    assert_eq!(after["launch templates"], before["launch templates"] + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_group_that_is_asked_for_is_made_in_it_and_not_removed_under_its_pods() {
    let (aws, made) = with_cluster(Region::CnNorthwest1, Kind::default()).await;
    let mut config = configuration("more", Region::CnNorthwest1);
    eks::inside(&mut config);
    let without = Arc::new(config.clone());
    config.spec.cluster.existing.as_mut().unwrap().node_group = true;
    let mut world = World::new(&aws, config).await;
    let before = eks::portrait(&world.clients, &made.vpc).await;
    world.up().await;
    let groups = async || {
        let call = world.clients.eks.list_nodegroups().cluster_name("team").send().await.unwrap();
        let mut all = call.nodegroups.unwrap_or_default();
        all.sort();
        all
    };
    assert_eq!(groups().await, ["more-nodes", "team"]);
    assert!(!world.plan().await.plan.has_changes());
    world.config = without;
    let error = world.engine().plan().await.err().expect("a plan that would leave nodes").to_string();
    assert!(error.contains("this deployment has made the node group more-nodes"), "{error}");
    world.down(true).await;
    assert_eq!(eks::portrait(&world.clients, &made.vpc).await, before);
}
