//! The plug is pulled at every I/O boundary in turn: the next run always ends where an uninterrupted one does.

use std::sync::Arc;

use crate::world::{Bench, Plug, Spec, deployment};

/// Runs until the plug is pulled or the run ends.
async fn until(plug: &Arc<Plug>, run: impl Future<Output = kfctl_cn::model::Result<()>>) {
    tokio::select! {
        biased;
        () = plug.pulled() => {}
        result = run => assert!(plug.is_dead() || result.is_ok(), "{result:?}"),
    }
}

fn assert_settled(bench: &Bench, what: &str) {
    let view = kfctl_cn::state::View::open(bench.folder.path()).unwrap().unwrap();
    assert!(view.intents.is_empty(), "{what}: an intent is left open: {:?}", view.intents);
    let recorded: Vec<_> = view.resources.keys().map(|addr| addr.as_str()).collect();
    let exists: Vec<_> = bench.world.shape().into_iter().map(|(addr, _)| addr).collect();
    assert_eq!(recorded, exists, "{what}: the state says something else than the world");
    assert!(view.resources.values().all(|record| record.ready), "{what}");
}

#[tokio::test]
async fn killed_anywhere_up_converges_without_duplicates() {
    let whole = Bench::new(deployment());
    let plug = Plug::at(None);
    whole.up_until(&plug).await.unwrap();
    let wanted = whole.world.shape();
    assert_settled(&whole, "uninterrupted");
    let boundaries = plug.passed();
    assert!(boundaries > 100, "only {boundaries} boundaries: the sweep would prove little");
    for k in 0..boundaries {
        let bench = Bench::new(deployment());
        let plug = Plug::at(Some(k));
        until(&plug, bench.up_until(&plug)).await;
        assert!(plug.is_dead(), "boundary {k} of {boundaries} was never reached");
        bench.up().await.unwrap_or_else(|error| panic!("boundary {k}: {error}"));
        assert_eq!(bench.world.shape(), wanted, "boundary {k}");
        assert_settled(&bench, &format!("boundary {k}"));
        assert!(!bench.plan().await.unwrap().has_changes(), "boundary {k}");
    }
}

#[tokio::test]
async fn killed_anywhere_twice_up_converges() {
    let wanted = {
        let bench = Bench::new(deployment());
        bench.up().await.unwrap();
        bench.world.shape()
    };
    for k in (0..150).step_by(7) {
        for second in [3, 17, 40, 71] {
            let bench = Bench::new(deployment());
            for at in [k, second] {
                let plug = Plug::at(Some(at));
                until(&plug, bench.up_until(&plug)).await;
            }
            bench.up().await.unwrap();
            assert_eq!(bench.world.shape(), wanted, "boundaries {k} and {second}");
        }
    }
}

#[tokio::test]
async fn killed_anywhere_a_replacement_is_finished() {
    let replacing = async || {
        let mut bench = Bench::new(deployment());
        bench.up().await.unwrap();
        bench.specs[1] = Spec { value: "v2".into(), anew: true, ..bench.specs[1].clone() };
        bench
    };
    let whole = replacing().await;
    let plug = Plug::at(None);
    whole.up_until(&plug).await.unwrap();
    let wanted = whole.world.shape();
    assert_eq!(wanted[1], ("cluster/nat", vec![("v2".to_owned(), 2)]));
    for k in 0..plug.passed() {
        let bench = replacing().await;
        let plug = Plug::at(Some(k));
        until(&plug, bench.up_until(&plug)).await;
        bench.up().await.unwrap_or_else(|error| panic!("boundary {k}: {error}"));
        assert_eq!(bench.world.shape(), wanted, "boundary {k}");
        assert_settled(&bench, &format!("boundary {k}"));
    }
}

#[tokio::test]
async fn killed_anywhere_down_goes_on() {
    let whole = Bench::new(deployment());
    whole.up().await.unwrap();
    let plug = Plug::at(None);
    whole.down_until(&plug, true).await.unwrap();
    for k in 0..plug.passed() {
        let bench = Bench::new(deployment());
        bench.up().await.unwrap();
        let plug = Plug::at(Some(k));
        until(&plug, bench.down_until(&plug, true)).await;
        bench.down_until(&Plug::at(None), true).await.unwrap_or_else(|error| panic!("boundary {k}: {error}"));
        assert_eq!(bench.world.shape(), [], "boundary {k}");
        assert_settled(&bench, &format!("boundary {k}"));
    }
}

#[tokio::test]
async fn a_half_removed_deployment_can_be_brought_up_again() {
    let whole = Bench::new(deployment());
    whole.up().await.unwrap();
    let wanted = whole.world.shape();
    for k in (0..120).step_by(3) {
        let bench = Bench::new(deployment());
        bench.up().await.unwrap();
        let plug = Plug::at(Some(k));
        until(&plug, bench.down_until(&plug, true)).await;
        // What is going needs its time to be gone.
        use kfctl_cn::engine::Clock;
        bench.clock.sleep(std::time::Duration::from_secs(3600)).await;
        bench.up().await.unwrap_or_else(|error| panic!("boundary {k}: {error}"));
        assert_eq!(bench.world.shape(), wanted, "boundary {k}");
    }
}
