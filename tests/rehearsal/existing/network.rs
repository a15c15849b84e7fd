//! A VPC that was there before.

use kfctl_cn::checks::{self, Verdict};
use kfctl_cn::config::{Config, ExistingNetwork};
use kfctl_cn::model::{Action, Addr, Region};

use super::vpc::{self, Vpc};
use crate::census::census;
use crate::world::{Aws, World, actions, clients_of, configuration};

pub fn inside(name: &str, region: Region, vpc: &str) -> Config {
    let mut config = configuration(name, region);
    config.spec.network.existing = Some(ExistingNetwork {
        vpc_id: vpc.into(),
        private_subnet_ids: Vec::new(),
        public_subnet_ids: Vec::new(),
        tag_subnets: false,
    });
    config
}

pub async fn with_vpc(region: Region) -> (Aws, Vpc) {
    let aws = Aws::empty().await;
    let vpc = vpc::make(&clients_of(&aws.url, region, "AKIAREHEARSALCHINA01").await).await;
    (aws, vpc)
}

async fn preflight(world: &World) -> Vec<(String, Verdict)> {
    let checkers = checks::preflight::checkers(&world.config, &world.clients);
    checks::run(&checkers, |_| {}).await.into_iter().map(|c| (c.what, c.verdict)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_in_an_existing_vpc_makes_no_network_and_leaves_it_as_it_was() {
    for region in Region::ALL {
        let (aws, vpc) = with_vpc(region).await;
        let world = World::new(&aws, inside("guest", region, &vpc.id)).await;
        let (before, held) = (vpc::portrait(&world.clients, &vpc.id).await, census(&world.clients).await);
        let planned = world.plan().await;
        let network = |addr: &str| {
            ["subnet-", "routes-", "nat-", "internet-"].iter().any(|p| addr.contains(&format!("cluster/{p}")))
        };
        let made: Vec<_> = planned.plan.steps.iter().map(|s| s.addr.as_str()).filter(|a| network(a)).collect();
        assert!(made.is_empty(), "{made:?}");
        let checks = preflight(&world).await;
        assert!(
            checks.iter().any(|(what, v)| what.contains("a cluster can live in") && matches!(v, Verdict::Pass(_))),
            "{checks:#?}"
        );
        let untagged = |v: &Verdict| matches!(v, Verdict::Warn { seen, .. } if seen.contains("kubernetes.io/role/elb"));
        assert!(checks.iter().any(|(what, v)| what.contains("load balancers") && untagged(v)), "{checks:#?}");
        assert!(!checks.iter().any(|(what, _)| what.contains("elastic IP")), "an address is counted that isn't made");
        world.up().await;
        let now = census(&world.clients).await;
        for kind in ["vpcs", "subnets", "route tables", "internet gateways", "nat gateways", "elastic ips"] {
            assert_eq!(now[kind], held[kind], "{kind}");
        }
        let cluster = world.clients.eks.describe_cluster().name("guest").send().await.unwrap().cluster.unwrap();
        let mut subnets = cluster.resources_vpc_config().unwrap().subnet_ids().to_vec();
        subnets.sort();
        let mut wanted = vpc.private.clone();
        wanted.sort();
        assert_eq!(subnets, wanted, "by route table, not by name");
        let again = world.plan().await;
        assert!(!again.plan.has_changes(), "{:#?}", actions(&again));
        world.down(true).await;
        assert_eq!(vpc::portrait(&world.clients, &vpc.id).await, before);
        assert_eq!(census(&world.clients).await, held);
        assert!(!world.outputs().contains_key(&Addr::new("cluster/vpc")), "the state still has it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vpc_that_cant_be_used_is_refused_with_every_reason_before_anything_is_made() {
    let aws = Aws::empty().await;
    let setup = clients_of(&aws.url, Region::CnNorth1, "AKIAREHEARSALCHINA01").await;
    let id = vpc::bare(&setup).await;
    vpc::hostnames(&setup, &id, false).await;
    for (zone, block) in [(0, "10.50.0.0/26"), (0, "10.50.1.0/26")] {
        let subnet = vpc::subnet(&setup, &id, zone, block).await;
        vpc::own_table(&setup, &id, &subnet).await;
    }
    let world = World::new(&aws, inside("narrow", Region::CnNorth1, &id)).await;
    let error = world.engine().plan().await.err().expect("a plan in a VPC that can't be used").to_string();
    for part in ["enableDnsHostnames off", "EKS and RDS need two zones", "nothing leads out of", "256 are needed"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    let world = World::new(&aws, inside("nowhere", Region::CnNorth1, "vpc-0123456789abcdef0")).await;
    let error = world.engine().plan().await.err().expect("a plan without a VPC").to_string();
    assert!(error.contains("no VPC vpc-0123456789abcdef0 in cn-north-1"), "{error}");
    assert_eq!(world.proxy.take_writes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_in_full_subnets_are_no_reason_to_stop_a_second_run() {
    let (aws, vpc) = with_vpc(Region::CnNorthwest1).await;
    let mut config = inside("named", Region::CnNorthwest1, &vpc.id);
    if let Some(existing) = &mut config.spec.network.existing {
        existing.private_subnet_ids = vpc.private.clone();
    }
    let world = World::new(&aws, config).await;
    world.up().await;
    // A public one among the private ones.
    let mut wrong = inside("named", Region::CnNorthwest1, &vpc.id);
    if let Some(existing) = &mut wrong.spec.network.existing {
        existing.private_subnet_ids = vec![vpc.private[0].clone(), vpc.public[1].clone()];
    }
    let other = World::new(&aws, wrong).await;
    let error = other.engine().plan().await.err().expect("a plan with nodes in a public subnet").to_string();
    assert!(error.contains(&format!("{} isn't private", vpc.public[1])), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_for_load_balancers_are_put_on_only_if_asked_for_and_taken_off_with_the_last_deployment() {
    let (aws, vpc) = with_vpc(Region::CnNorth1).await;
    let asking = |name: &str| {
        let mut config = inside(name, Region::CnNorth1, &vpc.id);
        config.spec.gpu.enabled = false;
        config.spec.network.existing.as_mut().unwrap().tag_subnets = true;
        config
    };
    let before = vpc::portrait(&clients_of(&aws.url, Region::CnNorth1, "AKIAREHEARSALCHINA01").await, &vpc.id).await;
    let (one, two) = (World::new(&aws, asking("one")).await, World::new(&aws, asking("two")).await);
    let planned = one.plan().await;
    let step = planned.plan.steps.iter().find(|s| s.addr.as_str() == "cluster/subnet-tags").expect("tags in the plan");
    assert!(step.action == Action::Create && step.title.contains("kubernetes.io/role/elb"), "{step:?}");
    for world in [&one, &two] {
        tags(world, Way::Up).await;
    }
    let tagged = async || {
        let subnets = one.clients.ec2.describe_subnets().send().await.unwrap();
        let of = |key: &str| {
            let with = |s: &&aws_sdk_ec2::types::Subnet| s.tags().iter().any(|t| t.key() == Some(key));
            subnets.subnets().iter().filter(with).count()
        };
        (of("kubernetes.io/role/elb"), of("kubernetes.io/role/internal-elb"))
    };
    assert_eq!(tagged().await, (2, 2));
    tags(&one, Way::Down).await;
    assert_eq!(tagged().await, (2, 2), "the other deployment still counts on them");
    tags(&two, Way::Down).await;
    assert_eq!(vpc::portrait(&one.clients, &vpc.id).await, before);
}

enum Way {
    Up,
    Down,
}

/// Only the network of a deployment: the rehearsal has room for one cluster.
async fn tags(world: &World, way: Way) {
    let network = ["cluster/vpc", "cluster/subnet-tags"];
    let mut resources = world.resources();
    resources.retain(|r| network.contains(&r.addr().as_str()));
    let engine = world.engine_of(resources);
    match way {
        Way::Up => {
            let planned = engine.plan().await.unwrap();
            engine.execute(&planned).await.result().unwrap();
            assert!(!engine.plan().await.unwrap().plan.has_changes());
        }
        Way::Down => {
            let planned = engine.plan_destroy(true).await.unwrap();
            engine.destroy(&planned).await.result().unwrap();
        }
    }
}
