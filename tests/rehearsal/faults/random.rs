//! Schedules drawn by chance: several faults at any calls, and runs that are killed, on the way up and on the way down.
//! `KFCTL_CN_SCHEDULES` asks for more of them.

use kfctl_cn::model::Region;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::sweep::{Way, possible, rule};
use super::{Call, Rule};
use crate::world::{Aws, World};

/// What happens to a deployment: which call (as a share of all), which fault (likewise), where; and after how many writes it is killed.
#[derive(Debug, Clone)]
struct Schedule {
    down: bool,
    beijing: bool,
    faults: Vec<(f64, f64, usize)>,
    kills: Vec<(usize, bool)>,
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let faults = prop::collection::vec((0.0..1.0, 0.0..1.0, 0..3usize), 1..12);
    let kills = prop::collection::vec((0..40usize, any::<bool>()), 0..3);
    let all = (any::<bool>(), any::<bool>(), faults, kills);
    all.prop_map(|(down, beijing, faults, kills)| Schedule { down, beijing, faults, kills })
}

fn rules(schedule: &Schedule, way: Way, calls: &[(Call, usize)]) -> Vec<Rule> {
    let pick = |share: f64, of: usize| ((share * of as f64) as usize).min(of - 1);
    let chosen = schedule.faults.iter().map(|(at, which, place)| {
        let (call, count) = &calls[pick(*at, calls.len())];
        let faults = possible(call, way);
        rule(call, *count, faults[pick(*which, faults.len())], *place)
    });
    chosen.collect()
}

/// Lives through a schedule; what is wrong at the end.
async fn live(world: &World, way: Way, rules: Vec<Rule>, kills: &[(usize, bool)]) -> Result<(), String> {
    world.proxy.faults.set(rules.clone());
    for (calls, lands) in kills {
        // A fault may end a run before it is killed; what a run may end with is asserted below.
        let _ = world.killed(*calls, *lands, way.run(world)).await;
    }
    way.comes_through(world, rules).await
}

#[test]
fn schedules_of_faults_and_kills_come_to_the_same_end() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let aws = runtime.block_on(Aws::empty());
    let region = |schedule: &Schedule| if schedule.beijing { Region::CnNorth1 } else { Region::CnNorthwest1 };
    let ways = [Way::Up, Way::Down];
    let calls = ways.map(|way| runtime.block_on(way.calls(&aws, Region::CnNorth1)));
    let cases = std::env::var("KFCTL_CN_SCHEDULES").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 6, ..Config::default() };
    let result = TestRunner::new(config).run(&schedules(), |schedule| {
        let (way, calls) = (ways[usize::from(schedule.down)], &calls[usize::from(schedule.down)]);
        let rules = rules(&schedule, way, calls);
        let lived = runtime.block_on(async {
            let world = way.begin(&aws, region(&schedule)).await;
            let lived = live(&world, way, rules, &schedule.kills).await;
            println!("{way:?} with {:?}, kills {:?}: {lived:?}", world.proxy.faults.take_fired(), schedule.kills);
            lived
        });
        lived.map_err(TestCaseError::fail)
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
