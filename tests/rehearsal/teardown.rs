//! `down` after a stop anywhere in `up`, and after a stop anywhere in `down`: nothing of ours is left.

use std::collections::BTreeMap;

use kfctl_cn::model::Region;

use crate::census::census;
use crate::world::{Aws, World, configuration};

/// At which calls a run is stopped: every one if `KFCTL_CN_EVERY_STOP` is set, else one in so many.
fn stride() -> usize {
    if std::env::var_os("KFCTL_CN_EVERY_STOP").is_some() { 1 } else { 41 }
}

async fn assert_nothing_left(world: &World, when: &str) {
    let left: BTreeMap<_, _> = census(&world.clients).await.into_iter().filter(|(_, count)| *count > 0).collect();
    assert!(left.is_empty(), "{when}: {left:?}");
}

/// Stops `up` at every so-manieth changing call, begins anew after the `down` that follows; returns how often.
async fn down_after_every_stop_of_up(region: Region, lands: bool) -> usize {
    let aws = Aws::empty().await;
    let mut stops = 0;
    for calls in (0..).step_by(stride()) {
        let world = World::new(&aws, configuration(&format!("up-{calls}"), region)).await;
        if world.cut_off(calls, lands).await {
            world.down(true).await;
            break;
        }
        stops += 1;
        world.down(true).await;
        assert_nothing_left(&world, &format!("up stopped after {calls} calls, landed: {lands}")).await;
    }
    stops
}

/// Stops `down` of a whole deployment at every so-manieth changing call; the next one goes on to the end.
async fn down_after_every_stop_of_down(region: Region, lands: bool) -> usize {
    let aws = Aws::empty().await;
    let mut stops = 0;
    for calls in (0..).step_by(stride()) {
        let world = World::new(&aws, configuration(&format!("down-{calls}"), region)).await;
        world.up().await;
        let ended = world.cut_off_down(calls, lands).await;
        if !ended {
            stops += 1;
            world.down(true).await;
        }
        assert_nothing_left(&world, &format!("down stopped after {calls} calls, landed: {lands}")).await;
        if ended {
            break;
        }
    }
    stops
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_up_is_taken_down_wholly() {
    for (region, lands) in [(Region::CnNorth1, true), (Region::CnNorthwest1, false)] {
        let stops = down_after_every_stop_of_up(region, lands).await;
        eprintln!("{region}: {stops} stops of up, landed: {lands}");
        assert!(stops > 1, "{stops}: the plug was hardly ever pulled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_down_goes_on_to_the_end() {
    for (region, lands) in [(Region::CnNorthwest1, true), (Region::CnNorth1, false)] {
        let stops = down_after_every_stop_of_down(region, lands).await;
        eprintln!("{region}: {stops} stops of down, landed: {lands}");
        assert!(stops > 1, "{stops}: the plug was hardly ever pulled");
    }
}

/// Each run of `down` is stopped again, a few calls further.
#[tokio::test(flavor = "multi_thread")]
async fn a_down_that_is_stopped_again_and_again_comes_to_its_end() {
    for (region, lands) in [(Region::CnNorth1, true), (Region::CnNorthwest1, false)] {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration("again", region)).await;
        world.up().await;
        let mut runs = 0;
        // A run that loses its very first call before it lands would never get on, nor one whose only call finds nothing to do.
        while !world.cut_off_down(runs % 4 + usize::from(!lands), lands).await {
            runs += 1;
            assert!(runs < 200, "it never comes to an end");
        }
        assert!(runs > 10, "{runs} runs: the plug was hardly ever pulled");
        assert_nothing_left(&world, &format!("after {runs} runs")).await;
    }
}
