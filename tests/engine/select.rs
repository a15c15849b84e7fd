//! A part of a deployment: what is named, with all that it needs or all that needs it, and nothing else.

use std::collections::BTreeSet;

use kfctl_cn::engine::{Direction, Engine, Plan, Selection};
use kfctl_cn::model::{ErrorClass, Phase};
use proptest::prelude::*;

use crate::random::NAMES;
use crate::world::{Bench, Plug, Spec, deployment, spec};

type Names = BTreeSet<&'static str>;

/// The engine of a bench, restricted.
fn engine(bench: &Bench, selection: &Selection, direction: Direction) -> kfctl_cn::model::Result<Engine> {
    let plug = Plug::at(None);
    bench.engine(bench.store(&plug)?, &plug)?.select(selection, direction)
}

fn there(bench: &Bench) -> Names {
    bench.world.shape().into_iter().map(|(addr, _)| addr).collect()
}

fn steps(plan: &Plan) -> BTreeSet<&str> {
    plan.steps.iter().map(|step| step.addr.as_str()).collect()
}

fn left_out(plan: &Plan) -> BTreeSet<&str> {
    plan.left_out.iter().map(|addr| addr.as_str()).collect()
}

/// What is named, with all that is reached from it; worked out without the engine, by repeating until nothing is added.
fn expected(specs: &[Spec], selection: &Selection, direction: Direction) -> Names {
    let named = |addr: &str| {
        let phase: Phase = addr.split('/').next().unwrap().parse().unwrap();
        selection.targets.iter().any(|t| t == addr || t.strip_suffix('*').is_some_and(|head| addr.starts_with(head)))
            || selection.phases.contains(&phase)
            || selection.from.is_some_and(|from| phase >= from)
    };
    let mut all: Names = specs.iter().map(|s| s.addr).filter(|addr| named(addr)).collect();
    loop {
        let before = all.len();
        for spec in specs {
            match direction {
                Direction::Up if all.contains(spec.addr) => all.extend(&spec.needs),
                Direction::Down if spec.needs.iter().any(|need| all.contains(need)) => drop(all.insert(spec.addr)),
                _ => {}
            }
        }
        if all.len() == before {
            return all;
        }
    }
}

prop_compose! {
    fn graph()(count in 3..=NAMES.len())(edges in prop::collection::vec(any::<u16>(), count)) -> Vec<Spec> {
        let needs = |i: usize| (0..i).filter(|j| edges[i] >> j & 1 == 1).map(|j| NAMES[j]).collect::<Vec<_>>();
        (0..edges.len()).map(|i| spec(NAMES[i], &needs(i))).collect()
    }
}

prop_compose! {
    fn part()(specs in graph())(
        targets in prop::collection::vec(0..specs.len(), 1..3),
        whole in prop::option::weighted(0.3, 0..specs.len()),
        phase in prop::option::weighted(0.3, 0..specs.len()),
        from in prop::option::weighted(0.2, 0..specs.len()),
        specs in Just(specs),
    ) -> (Vec<Spec>, Selection) {
        let phase_of = |i: usize| specs[i].addr.split('/').next().unwrap();
        let mut names: Vec<String> = targets.iter().map(|i| specs[*i].addr.to_owned()).collect();
        names.extend(whole.map(|i| format!("{}/*", phase_of(i))));
        let parse = |i: usize| phase_of(i).parse().unwrap();
        let selection = Selection { targets: names, phases: phase.map(parse).into_iter().collect(), from: from.map(parse) };
        (specs, selection)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_part_is_made_with_its_needs_and_removed_with_its_users((specs, selection) in part()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let all: Names = specs.iter().map(|s| s.addr).collect();
            let bench = Bench::new(specs.clone());

            let up = engine(&bench, &selection, Direction::Up).unwrap();
            let planned = up.plan().await.unwrap();
            let wanted = expected(&specs, &selection, Direction::Up);
            prop_assert_eq!(steps(&planned.plan), wanted.clone());
            prop_assert_eq!(left_out(&planned.plan), &all - &wanted);
            prop_assert!(up.execute(&planned).await.result().is_ok());
            prop_assert_eq!(there(&bench), wanted);
            drop(up);

            bench.up().await.unwrap();
            prop_assert_eq!(there(&bench), all.clone());
            let down = engine(&bench, &selection, Direction::Down).unwrap();
            let planned = down.plan_destroy(true).await.unwrap();
            let going = expected(&specs, &selection, Direction::Down);
            prop_assert_eq!(steps(&planned.plan), going.clone());
            prop_assert_eq!(left_out(&planned.plan), &all - &going);
            prop_assert!(down.destroy(&planned).await.result().is_ok());
            prop_assert_eq!(there(&bench), &all - &going);
            drop(down);

            // What stayed is still known: a whole run makes only what went.
            let plan = bench.plan().await.unwrap();
            let work: BTreeSet<&str> = plan.steps.iter().filter(|s| s.is_work()).map(|s| s.addr.as_str()).collect();
            prop_assert!(work.is_subset(&going.iter().copied().collect()), "{:?} beyond {:?}", work, going);
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn what_is_kept_stays_with_all_that_it_needs_in_a_part_too() {
    let bench = Bench::new(deployment());
    bench.up().await.unwrap();
    let selection = Selection { targets: vec!["cluster/vpc".into()], ..Selection::default() };
    let down = engine(&bench, &selection, Direction::Down).unwrap();
    let planned = down.plan_destroy(false).await.unwrap();
    down.destroy(&planned).await.result().unwrap();
    assert_eq!(there(&bench), Names::from(["cluster/vpc", "data/database"]));
}

#[tokio::test]
async fn what_is_left_out_is_not_taken_for_what_nobody_asks_for() {
    let bench = Bench::new(deployment());
    bench.up().await.unwrap();
    let selection = Selection { phases: vec![Phase::Data], ..Selection::default() };
    let plan = engine(&bench, &selection, Direction::Up).unwrap().plan().await.unwrap().plan;
    assert!(plan.unasked.is_empty() && !plan.left_out.is_empty(), "{plan:?}");
    // And drift outside of the part isn't mended.
    bench.world.things.lock().unwrap().remove("cluster/nat");
    assert!(!engine(&bench, &selection, Direction::Up).unwrap().plan().await.unwrap().plan.has_changes());
    assert!(bench.plan().await.unwrap().has_changes());
}

#[tokio::test]
async fn names_that_mean_nothing_are_told_with_the_nearest() {
    let bench = Bench::new(deployment());
    for (target, hint) in [
        ("cluster/esk", "did you mean cluster/eks?"),
        ("nat", "did you mean cluster/nat?"),
        ("clusterr/*", "`kfctl-cn plan -o json` lists all addresses"),
    ] {
        let selection = Selection { targets: vec![target.into()], ..Selection::default() };
        let error = engine(&bench, &selection, Direction::Up).err().unwrap();
        assert_eq!(error.class, ErrorClass::Usage);
        assert_eq!(error.to_string(), format!("there is no resource `{target}` in this deployment"));
        assert!(error.hints[0].starts_with(hint), "{:?}", error.hints);
    }
    for selection in [
        Selection { phases: vec![Phase::Gpu], ..Selection::default() },
        Selection { from: Some(Phase::Gpu), ..Selection::default() },
    ] {
        let error = engine(&bench, &selection, Direction::Down).err().unwrap();
        assert_eq!(error.class, ErrorClass::Usage);
        assert!(error.to_string().contains("the phase gpu has no resources"), "{error}");
    }
}
