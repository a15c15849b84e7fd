//! Two runs at once: one holds the lock, the other says who it is.

use std::fs;
use std::time::{Duration, Instant};

use super::{UP, world};
use crate::whole::environment::said;

#[test]
fn a_second_run_is_told_who_has_the_lock_and_disturbs_nothing() {
    let world = world("cn-north-1", 0.5);
    let log = world.work().join("first.log");
    let mut first = world.spawn(&UP, &log);
    let began = Instant::now();
    while !fs::read_to_string(&log).expect("the log").contains("cluster/vpc: create") {
        assert!(began.elapsed() < Duration::from_secs(60) && first.try_wait().expect("a child").is_none());
        std::thread::sleep(Duration::from_millis(10));
    }
    for arguments in [&UP[..], &["down", "--yes", "--delete-data"], &["state", "rm", "cluster/vpc"]] {
        let done = world.run(arguments);
        let text = said(&done);
        assert_eq!(done.status.code(), Some(75), "{arguments:?}: {text}");
        assert!(text.contains(&format!("process {}", first.id())) && text.contains("hint:"), "{text}");
    }
    assert!(first.wait().expect("a child").success(), "{}", fs::read_to_string(&log).expect("the log"));
    world.is_made_once();
}

#[test]
fn of_runs_that_begin_together_one_works_at_a_time() {
    let world = world("cn-northwest-1", 0.5);
    let runs: Vec<_> = (0..4)
        .map(|i| {
            let log = world.work().join(format!("{i}.log"));
            (world.spawn(&UP, &log), log)
        })
        .collect();
    let mut codes = Vec::new();
    for (mut run, log) in runs {
        let text = || fs::read_to_string(&log).expect("the log");
        codes.push(run.wait().expect("a child").code());
        assert!(matches!(codes.last(), Some(Some(0 | 75))), "{codes:?}: {}", text());
    }
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    world.is_made_once();
}
