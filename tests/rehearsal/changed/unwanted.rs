//! What the configuration doesn't ask for any more is removed by the next run, and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use kfctl_cn::config::{Config, NatGateways};
use kfctl_cn::model::{Action, Region};

use crate::census::{census, whole};
use crate::world::{Aws, World, actions, configuration};

fn smaller(config: &Config) -> Config {
    let mut config = config.clone();
    config.spec.gpu.enabled = false;
    config.spec.network.nat_gateways = NatGateways::Single;
    config
}

/// What is there of the smaller deployment.
fn small() -> BTreeMap<&'static str, usize> {
    let mut all = whole();
    // Karpenter's role and that of its nodes go with it.
    all.extend([("nat gateways", 1), ("elastic ips", 1), ("queues", 0), ("rules", 0), ("roles", whole()["roles"] - 2)]);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_goes_in_sight_and_comes_back() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let mut world = World::new(&aws, configuration("less", region)).await;
        world.up().await;
        let big = world.config.clone();
        world.config = Arc::new(smaller(&big));
        // A part alone removes nothing: what uses it may be in another part.
        let part = kfctl_cn::engine::Selection { targets: vec!["cluster/*".into()], ..Default::default() };
        let part = world.engine().select(&part, kfctl_cn::engine::Direction::Up).unwrap().plan().await.unwrap();
        assert_eq!(part.plan.count(Action::Delete), 0, "{:#?}", actions(&part));
        let planned = world.plan().await;
        let gone: Vec<_> = planned.plan.steps.iter().filter(|s| s.action == Action::Delete).collect();
        assert_eq!(gone.len(), 4 + 4 + 5, "{:#?}", actions(&planned));
        assert!(gone.iter().all(|step| step.why == "the configuration doesn't ask for it any more"));
        world.up().await;
        assert_eq!(census(&world.clients).await, small());
        let known = world.outputs();
        assert!(!known.keys().any(|addr| addr.as_str().starts_with("karpenter/")), "{known:?}");
        let again = world.plan().await;
        assert!(!again.plan.has_work(), "{:#?}", actions(&again));
        world.config = big;
        world.up().await;
        assert_eq!(census(&world.clients).await, whole());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_anywhere_the_next_run_removes_the_rest() {
    for (region, lands) in [(Region::CnNorth1, true), (Region::CnNorthwest1, false)] {
        let aws = Aws::empty().await;
        let mut world = World::new(&aws, configuration("cut", region)).await;
        world.up().await;
        world.config = Arc::new(smaller(&world.config));
        let mut runs = 0;
        // A run that loses its very first call before it lands would never get on.
        while !world.cut_off(runs % 3 + usize::from(!lands), lands).await {
            runs += 1;
            assert!(runs < 200, "it never comes to an end");
        }
        assert!(runs > 5, "{runs} runs: the plug was hardly ever pulled");
        assert_eq!(census(&world.clients).await, small(), "after {runs} runs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_isnt_ours_stays_though_it_has_the_name() {
    let aws = Aws::empty().await;
    let mut config = configuration("kept", Region::CnNorth1);
    config.spec.gpu.enabled = false;
    let world = World::new(&aws, config).await;
    let queue = world.clients.sqs.create_queue().queue_name("kept-karpenter").send().await.unwrap();
    world.up().await;
    let url = queue.queue_url.unwrap();
    assert!(world.clients.sqs.get_queue_attributes().queue_url(url).send().await.is_ok(), "a queue of others is gone");
    assert!(!world.plan().await.plan.has_work());
}
