//! A run that is killed with -9 at random moments goes on to the same end.

use std::time::{Duration, Instant};

use rand::RngExt;

use super::environment::{Parts, World};
use crate::support;

/// How many times the run is killed; `KFCTL_CN_KILLS` asks for another number.
fn kills() -> u32 {
    std::env::var("KFCTL_CN_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

#[test]
fn a_killed_run_goes_on_to_the_same_end() {
    let whole = World::start("cn-northwest-1", 0.0, support::sample_bundle(), Parts::All);
    let start = Instant::now();
    whole.succeeds(&["up", "--yes"]);
    let took = start.elapsed();
    let (wanted, applied) = (whole.inventory(), whole.applied());
    drop(whole);

    let killed = World::start("cn-northwest-1", 0.0, support::sample_bundle(), Parts::All);
    let mut random = rand::rng();
    let count = kills();
    let mut moments = Vec::new();
    for _ in 0..count {
        // Each run gets, on average, twice its share of the way: most are killed before the end, a few near it.
        let share = took.as_secs_f64() * 2.0 / f64::from(count);
        let moment = Duration::from_secs_f64(0.3 + random.random_range(0.0..1.0) * share);
        moments.push(moment.as_millis());
        let mut child = killed.spawn(&["up", "--yes"], &killed.work().join("up.log"));
        std::thread::sleep(moment);
        child.kill().expect("SIGKILL");
        child.wait().expect("the killed run");
    }
    killed.succeeds(&["up", "--yes"]);
    assert_eq!(killed.inventory(), wanted, "killed after {moments:?} ms");
    assert_eq!(killed.applied(), applied, "killed after {moments:?} ms");
    killed.succeeds(&["plan", "--detailed-exitcode"]);
    killed.assert_no_secret_in_files();
}
