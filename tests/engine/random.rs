//! Random graphs: order and bound are respected, and every run converges.

use std::sync::atomic::Ordering::SeqCst;

use proptest::prelude::*;

use crate::world::{Bench, Plug, Spec, spec};

pub const NAMES: [&str; 12] = [
    "cluster/a",
    "data/b",
    "cluster/c",
    "kubeflow/d",
    "cluster/e",
    "data/f",
    "images/g",
    "platform/h",
    "kubeflow/i",
    "gpu/j",
    "karpenter/k",
    "kubeflow/l",
];

#[derive(Debug, Clone)]
struct Case {
    specs: Vec<Spec>,
    before: Vec<Option<&'static str>>,
    bound: usize,
    kill: usize,
}

prop_compose! {
    fn case()(count in 2..=NAMES.len())(
        edges in prop::collection::vec(any::<u16>(), count),
        slow in prop::collection::vec(0..50_u64, count),
        flaky in prop::collection::vec(0..3_usize, count),
        before in prop::collection::vec(prop::option::weighted(0.3, prop::sample::select(vec!["v0", "v1"])), count),
        bound in 1..5_usize,
        kill in 0..200_usize,
    ) -> Case {
        let specs = edges.iter().enumerate().map(|(i, bits)| {
            let needs: Vec<_> = (0..i).filter(|j| bits >> j & 1 == 1).map(|j| NAMES[j]).collect();
            Spec { slow: slow[i], flaky: flaky[i], ..spec(NAMES[i], &needs) }
        }).collect();
        Case { specs, before, bound, kill }
    }
}

fn check_order(bench: &Bench) -> Result<(), TestCaseError> {
    let log = bench.world.log.lock().unwrap();
    for spec in &bench.specs {
        let Some(applied) = log.iter().position(|line| *line == format!("apply {}", spec.addr)) else { continue };
        for need in &spec.needs {
            let made = log.iter().position(|line| *line == format!("apply {need}"));
            let ready = log.iter().position(|line| *line == format!("ready {need}"));
            prop_assert!(
                made.is_none() || ready.is_some_and(|at| at < applied),
                "{need} wasn't ready before {}",
                spec.addr
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_graph_converges(case in case()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut bench = Bench::new(case.specs.clone());
            bench.settings.concurrency = case.bound;
            for (spec, before) in case.specs.iter().zip(&case.before) {
                if let Some(value) = before {
                    bench.world.put(spec.addr, "us", value);
                }
            }
            let plug = Plug::at(Some(case.kill));
            tokio::select! {
                biased;
                () = plug.pulled() => {}
                result = bench.up_until(&plug) => prop_assert!(result.is_ok() || plug.is_dead()),
            }
            check_order(&bench)?;
            bench.world.log.lock().unwrap().clear();
            bench.world.calls.store(0, SeqCst);
            prop_assert!(bench.up().await.is_ok());
            check_order(&bench)?;
            prop_assert!(bench.world.most_calls.load(SeqCst) <= case.bound);
            for (addr, things) in bench.world.shape() {
                prop_assert_eq!(things, vec![("v1".to_owned(), 2)], "{}", addr);
            }
            prop_assert_eq!(bench.world.shape().len(), case.specs.len());
            prop_assert!(!bench.plan().await.unwrap().has_changes());
            bench.down_until(&Plug::at(None), true).await.unwrap();
            prop_assert!(bench.world.shape().is_empty());
            Ok(())
        })?;
    }
}
