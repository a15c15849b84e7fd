//! Stopping from outside.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use kfctl_cn::engine::{Cancel, Clock, Signal};
use kfctl_cn::model::ErrorClass;

use crate::world::{Bench, Spec, deployment, spec};

#[tokio::test]
async fn the_first_signal_saves_and_the_next_run_goes_on() {
    for (signal, class) in [(Signal::Interrupt, ErrorClass::Interrupted), (Signal::Terminate, ErrorClass::Terminated)] {
        let mut bench = Bench::new(deployment());
        let (clock, cancel) = (bench.clock.clone(), bench.cancel.clone());
        let stop = async {
            clock.sleep(Duration::from_secs(100)).await;
            cancel.signal(signal);
        };
        let (result, ()) = tokio::join!(bench.up(), stop);
        let error = result.unwrap_err();
        assert_eq!(error.class, class);
        assert!(error.to_string().contains("5 steps are left"), "{error}");
        assert!(bench.clock.now().as_secs() < 120, "waits are cut");
        assert!(bench.world.things.lock().unwrap().keys().all(|addr| !addr.starts_with("kubeflow/w")));
        let view = kfctl_cn::state::View::open(bench.folder.path()).unwrap().unwrap();
        let recorded: Vec<_> = view.resources.iter().map(|(addr, record)| (addr.as_str(), record.ready)).collect();
        let made = [("cluster/eks", false), ("cluster/nat", true), ("cluster/vpc", true), ("data/database", false)];
        assert_eq!(recorded, made, "what was made is acknowledged");
        bench.cancel = Cancel::default();
        bench.up().await.unwrap();
        assert!(bench.world.shape().iter().all(|(_, things)| things.len() == 1));
    }
}

#[tokio::test]
async fn the_second_signal_drops_what_is_in_flight() {
    let mut bench = Bench::new(vec![Spec { hangs: true, ..spec("cluster/vpc", &[]) }]);
    let (clock, cancel) = (bench.clock.clone(), bench.cancel.clone());
    let stop = async {
        clock.sleep(Duration::from_secs(5)).await;
        cancel.signal(Signal::Interrupt);
        clock.sleep(Duration::from_secs(5)).await;
        cancel.signal(Signal::Terminate);
    };
    let (result, ()) = tokio::join!(bench.up(), stop);
    assert_eq!(result.unwrap_err().class, ErrorClass::Interrupted);
    assert_eq!(bench.clock.now().as_secs(), 10, "after the first it still waited for the answer");
    bench.cancel = Cancel::default();
    bench.specs[0].hangs = false;
    bench.up().await.unwrap();
    assert_eq!(bench.world.shape()[0].1.len(), 1);
}

#[tokio::test]
async fn a_run_stopped_before_it_begins_touches_nothing() {
    let bench = Bench::new(deployment());
    bench.cancel.signal(Signal::Terminate);
    assert_eq!(bench.up().await.unwrap_err().class, ErrorClass::Terminated);
    assert_eq!(bench.world.writes.load(SeqCst), 0);
}

#[tokio::test]
async fn retrying_is_cut_by_a_signal() {
    let bench = Bench::new(vec![Spec { flaky: 1000, ..spec("cluster/vpc", &[]) }]);
    let (clock, cancel) = (bench.clock.clone(), bench.cancel.clone());
    let stop = async {
        clock.sleep(Duration::from_secs(10)).await;
        cancel.signal(Signal::Interrupt);
    };
    let (result, ()) = tokio::join!(bench.up(), stop);
    assert_eq!(result.unwrap_err().class, ErrorClass::Interrupted);
    assert!(bench.clock.now().as_secs() < 30);
}
