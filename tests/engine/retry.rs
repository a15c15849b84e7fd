//! Passing errors are retried, what can't heal is not, and waits end.

use kfctl_cn::engine::Clock;
use kfctl_cn::model::{ErrorClass, Event, Outcome, StepEvent};

use crate::world::{Bench, Plug, Spec, spec};

fn retries(bench: &Bench) -> usize {
    bench.events.lock().unwrap().iter().filter(|e| matches!(e, Event::Step(StepEvent::Retrying { .. }))).count()
}

#[tokio::test]
async fn passing_errors_pass() {
    let bench = Bench::new(vec![Spec { flaky: 4, ..spec("cluster/vpc", &[]) }]);
    bench.up().await.unwrap();
    assert_eq!(retries(&bench), 4);
    assert_eq!(bench.world.shape()[0].1.len(), 1);
    let waited = bench.clock.now().as_secs();
    assert!((7..=15).contains(&waited), "1, 2, 4 and 8 seconds with jitter, not {waited}");
}

#[tokio::test]
async fn patience_ends_and_the_next_run_goes_on() {
    let mut bench = Bench::new(vec![Spec { flaky: 1000, ..spec("cluster/vpc", &[]) }]);
    let error = bench.up().await.unwrap_err();
    let said = error.to_string();
    assert_eq!(error.class, ErrorClass::Transient);
    assert!(said.starts_with("cluster/vpc: throttled (tried ") && said.contains(" times in "), "{said}");
    // Without numbers, so that several that wait for the same thing share one.
    assert_eq!(error.hints, ["run it again once this has passed"]);
    let waited = bench.clock.now().as_secs();
    assert!((240..=310).contains(&waited), "waited {waited} s");
    bench.world = Default::default();
    bench.specs[0].flaky = 0;
    bench.up().await.unwrap();
}

#[tokio::test]
async fn what_cannot_heal_is_not_retried_and_what_is_in_flight_is_finished() {
    let bench = Bench::new(vec![
        Spec { denied: true, ..spec("cluster/role", &[]) },
        Spec { slow: 40, ..spec("cluster/vpc", &[]) },
        spec("cluster/nat", &["cluster/vpc"]),
        spec("cluster/eks", &["cluster/role"]),
    ]);
    let error = bench.up().await.unwrap_err();
    assert_eq!((error.class, error.to_string().as_str()), (ErrorClass::Permanent, "cluster/role: denied"));
    assert_eq!(error.hints, ["ask for the permission"]);
    assert_eq!(retries(&bench), 0);
    let made: Vec<_> = bench.world.shape().into_iter().map(|(addr, _)| addr).collect();
    assert_eq!(made, ["cluster/vpc"], "what was begun is finished, nothing new begins");
    let view = kfctl_cn::state::View::open(bench.folder.path()).unwrap().unwrap();
    assert!(view.resources.values().all(|record| record.ready));
    assert!(view.intents.is_empty(), "a refusal closes the intent");
}

#[tokio::test]
async fn all_failures_are_reported() {
    let bench = Bench::new(vec![
        Spec { denied: true, ..spec("cluster/role-a", &[]) },
        Spec { denied: true, ..spec("cluster/role-b", &[]) },
    ]);
    let error = bench.up().await.unwrap_err();
    assert_eq!(error.to_string(), "2 resources failed: cluster/role-a: denied\ncluster/role-b: denied");
    let failed = bench
        .events
        .lock()
        .unwrap()
        .iter()
        .filter(|event| matches!(event, Event::Step(StepEvent::Finished { outcome: Outcome::Failed { .. }, .. })))
        .count();
    assert_eq!(failed, 2);
}

/// eksctl#1898: one thing that couldn't be removed kept all others.
#[tokio::test]
async fn a_removal_goes_on_beside_what_fails_unless_all_would_fail() {
    for (class, kept) in [(ErrorClass::Permanent, vec![]), (ErrorClass::Credentials, vec!["data/database"])] {
        let bench = Bench::new(vec![
            spec("cluster/vpc", &[]),
            Spec { stuck: Some(class), ..spec("cluster/eks", &["cluster/vpc"]) },
            spec("data/database", &[]),
            Spec { slow: 60, ..spec("data/secret", &["data/database"]) },
        ]);
        bench.up().await.unwrap();
        let error = bench.down_until(&Plug::at(None), true).await.unwrap_err();
        assert_eq!((error.class, error.to_string().as_str()), (class, "cluster/eks: denied"));
        let things = bench.world.things.lock().unwrap();
        let left: Vec<&str> = things.iter().filter(|(_, all)| !all.is_empty()).map(|(addr, _)| *addr).collect();
        assert_eq!(left, [vec!["cluster/eks", "cluster/vpc"], kept].concat());
    }
}

#[tokio::test]
async fn a_wait_has_an_end_and_says_what_is_not_yet_true() {
    let bench = Bench::new(vec![Spec { slow: 10_000, deadline: 900, ..spec("cluster/eks", &[]) }]);
    let error = bench.up().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Timeout);
    assert_eq!(error.to_string(), "cluster/eks: not there after 900 s: creating");
    let looks =
        bench.events.lock().unwrap().iter().filter(|e| matches!(e, Event::Step(StepEvent::Progress { .. }))).count();
    assert_eq!(looks, 1, "the same message is shown once");
    // It is there, only not ready: the next run waits and makes nothing.
    let plan = bench.plan().await.unwrap();
    assert_eq!(plan.count(kfctl_cn::model::Action::NoOp), 1);
    assert_eq!(plan.steps[0].waiting.as_deref(), Some("creating"));
}

#[tokio::test]
async fn a_wait_for_something_that_never_answers_ends_with_the_patience() {
    let bench = Bench::new(vec![Spec { deaf: true, deadline: 3600, ..spec("cluster/eks", &[]) }]);
    let error = bench.up().await.unwrap_err();
    assert_eq!((error.class, error.to_string().as_str()), (ErrorClass::Unreachable, "cluster/eks: connection refused"));
    let waited = bench.clock.now().as_secs();
    assert!((300..330).contains(&waited), "waited {waited} s");
}
