//! What is planned, and what is refused.

use std::sync::atomic::Ordering::SeqCst;

use kfctl_cn::engine::Store;
use kfctl_cn::model::{Action, ChangeKind, ErrorClass};

use crate::world::{Bench, Plug, Spec, deployment, spec};

fn actions(plan: &kfctl_cn::engine::Plan) -> Vec<(String, Action)> {
    plan.steps.iter().map(|step| (step.addr.to_string(), step.action)).collect()
}

#[tokio::test]
async fn a_fresh_deployment_is_created_in_order_and_timed_by_its_critical_path() {
    let bench = Bench::new(deployment());
    let plan = bench.plan().await.unwrap();
    assert!(plan.steps.iter().all(|step| step.action == Action::Create));
    // vpc 1 + eks 600 + crds 1 + workloads 30, not the sum.
    assert_eq!(plan.estimate_seconds, 632);
    let path: Vec<_> = plan.critical_path.iter().map(|addr| addr.as_str()).collect();
    assert_eq!(path, ["cluster/vpc", "cluster/eks", "kubeflow/crds", "kubeflow/workloads"]);
    for (i, step) in plan.steps.iter().enumerate() {
        for need in &step.needs {
            assert!(plan.steps[..i].iter().any(|before| before.addr == *need), "{need} before {}", step.addr);
        }
    }
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<kfctl_cn::engine::Plan>(&text).unwrap(), plan);
}

#[tokio::test]
async fn slow_things_overlap() {
    let bench = Bench::new(deployment());
    bench.up().await.unwrap();
    use kfctl_cn::engine::Clock;
    let took = bench.clock.now().as_secs();
    assert!((630..760).contains(&took), "took {took} s; one after the other it would be 1130 s and more");
}

#[tokio::test]
async fn a_second_run_does_nothing() {
    let bench = Bench::new(deployment());
    bench.up().await.unwrap();
    let writes = bench.world.writes.load(SeqCst);
    let journal = bench.folder.path().join("journal.jsonl");
    let plan = bench.plan().await.unwrap();
    assert!(!plan.has_changes() && !plan.has_work(), "{plan:?}");
    bench.events.lock().unwrap().clear();
    bench.up().await.unwrap();
    assert_eq!(bench.world.writes.load(SeqCst), writes);
    assert_eq!(std::fs::read(journal).unwrap(), b"");
    let steps = bench.events.lock().unwrap().iter().filter(|e| matches!(e, kfctl_cn::model::Event::Step(_))).count();
    assert_eq!(steps, 0, "a run without work shows no steps");
}

#[tokio::test]
async fn a_lost_state_is_adopted_and_nothing_is_created() {
    let bench = Bench::new(deployment());
    bench.up().await.unwrap();
    let (writes, shape) = (bench.world.writes.load(SeqCst), bench.world.shape());
    for entry in std::fs::read_dir(bench.folder.path()).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let plan = bench.plan().await.unwrap();
    assert!(plan.steps.iter().all(|step| step.action == Action::Adopt), "{:?}", actions(&plan));
    bench.up().await.unwrap();
    assert_eq!((bench.world.writes.load(SeqCst), bench.world.shape()), (writes, shape));
    assert!(!bench.plan().await.unwrap().has_changes());
}

#[tokio::test]
async fn drift_is_updated_and_what_is_gone_is_made_again() {
    let mut bench = Bench::new(deployment());
    bench.up().await.unwrap();
    bench.specs[2].value = "v2".into();
    bench.world.things.lock().unwrap().remove("data/secret");
    let plan = bench.plan().await.unwrap();
    let changed: Vec<_> = actions(&plan).into_iter().filter(|(_, action)| *action != Action::NoOp).collect();
    let wanted = [
        ("cluster/eks".into(), Action::Update),
        ("data/secret".into(), Action::Create),
        // It needs the secret to be looked at: planned as if it weren't there, and left alone when it is looked at.
        ("kubeflow/workloads".into(), Action::Create),
    ];
    assert_eq!(changed, wanted);
    bench.world.log.lock().unwrap().clear();
    let update = plan.steps.iter().find(|step| step.action == Action::Update).unwrap();
    assert_eq!((update.changes[0].from.as_str(), update.changes[0].to.as_str()), ("v1", "v2"));
    bench.up().await.unwrap();
    let log = bench.world.log.lock().unwrap().join(", ");
    assert!(
        log.contains("apply cluster/eks") && log.contains("apply data/secret") && !log.contains("workloads"),
        "{log}"
    );
    assert!(!bench.plan().await.unwrap().has_changes());
    assert!(bench.world.shape().iter().all(|(_, things)| things.len() == 1));
}

#[tokio::test]
async fn a_change_that_would_lose_something_is_refused_with_field_values_reason_and_a_way() {
    let mut bench = Bench::new(deployment());
    bench.up().await.unwrap();
    bench.specs[0] = Spec { value: "10.1.0.0/16".into(), fixed: true, ..spec("cluster/vpc", &[]) };
    let error = bench.up().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    let why = "`value` is v1 and isn't changed to 10.1.0.0/16: it would be lost";
    assert_eq!(error.to_string(), format!("cluster/vpc: {why}"));
    assert_eq!(error.hints, ["put v1 back for `value`", "or move it yourself"]);
    // Who only looks sees it beside the rest.
    let plug = Plug::at(None);
    let planned = bench.engine(bench.store(&plug).unwrap(), &plug).unwrap().draft().await.unwrap();
    assert_eq!(planned.refusal(), Some(error));
    let refused = &planned.plan.refused;
    assert_eq!((refused.len(), refused[0].addr.as_str(), refused[0].why.as_str()), (1, "cluster/vpc", why));
    assert_eq!(refused[0].changes[0].kind, ChangeKind::Refused);
    assert_eq!(planned.plan.steps.len(), bench.specs.len() - 1);
}

#[tokio::test]
async fn what_is_cheap_is_replaced_in_sight_and_what_is_kept_never() {
    let mut bench = Bench::new(deployment());
    bench.up().await.unwrap();
    let id = |bench: &Bench| bench.world.things.lock().unwrap()["cluster/nat"][0].id.clone();
    let before = id(&bench);
    bench.specs[1] = Spec { value: "v2".into(), anew: true, ..bench.specs[1].clone() };
    let plan = bench.plan().await.unwrap();
    let step = plan.steps.iter().find(|step| step.action != Action::NoOp).unwrap();
    assert_eq!((step.addr.as_str(), step.action), ("cluster/nat", Action::Replace));
    assert_eq!(step.why, "differs in value: it is cheap");
    bench.world.log.lock().unwrap().clear();
    bench.up().await.unwrap();
    assert_eq!(bench.world.log.lock().unwrap()[..2], ["delete cluster/nat", "apply cluster/nat"]);
    assert_ne!(id(&bench), before);
    assert!(!bench.plan().await.unwrap().has_changes());
    bench.specs[1].value = "v3".into();
    bench.specs[1].kept = true;
    let error = bench.plan().await.unwrap_err().to_string();
    assert_eq!(error, "cluster/nat: `value` is v2 and isn't changed to v3: it holds data");
}

#[tokio::test]
async fn another_one_doesnt_take_the_place_of_what_holds_something() {
    let mut bench = Bench::new(vec![Spec { named: true, ..spec("data/bucket", &[]) }]);
    bench.up().await.unwrap();
    bench.specs[0].value = "other".into();
    // Whether the other is there or not.
    for owner in [None, Some("us"), Some("before")] {
        bench.world.things.lock().unwrap().remove("data/bucket");
        if let Some(owner) = owner {
            bench.world.put("data/bucket", owner, "other");
        }
        let error = bench.plan().await.unwrap_err();
        let wanted = "data/bucket: `name` is v1 and isn't changed to other: the data wouldn't come along";
        assert_eq!(error.to_string(), wanted, "{owner:?}");
        assert!(error.hints[1].ends_with("`kfctl-cn state rm data/bucket`"), "{:?}", error.hints);
    }
    let plug = Plug::at(None);
    let store = bench.store(&plug).unwrap();
    Store::forget(&*store, &"data/bucket".into()).await.unwrap();
    drop(store);
    assert_eq!(bench.plan().await.unwrap().steps[0].action, Action::Adopt);
}

#[tokio::test]
async fn what_is_not_ours_is_never_touched() {
    let bench = Bench::new(deployment());
    bench.world.put("data/database", "somebody", "v1");
    let error = bench.up().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(error.to_string().contains("data/database: exists and isn't ours: owner somebody"), "{error}");
    assert!(error.hints[0].contains("metadata.name"));
    assert_eq!(bench.world.writes.load(SeqCst), 0, "it is found before anything is made");
}

#[tokio::test]
async fn faults_of_the_graph_are_named() {
    for (specs, text) in [
        (vec![spec("cluster/a", &["cluster/b"])], "cluster/a needs cluster/b, which doesn't exist"),
        (vec![spec("cluster/a", &[]), spec("cluster/a", &[])], "two resources have the address cluster/a"),
        (
            vec![
                spec("cluster/c", &[]),
                spec("cluster/a", &["cluster/b", "cluster/c"]),
                spec("cluster/b", &["cluster/a"]),
            ],
            "resources need each other in a circle: cluster/a → cluster/b → cluster/a",
        ),
    ] {
        let error = Bench::new(specs).plan().await.unwrap_err();
        assert_eq!((error.class, error.to_string().as_str()), (ErrorClass::Bug, text));
    }
}

#[tokio::test]
async fn down_goes_backwards_and_keeps_what_holds_data_with_all_that_it_needs() {
    let bench = Bench::new(deployment());
    bench.up().await.unwrap();
    bench.world.log.lock().unwrap().clear();
    bench.down_until(&Plug::at(None), false).await.unwrap();
    let left: Vec<_> = bench.world.shape().into_iter().map(|(addr, _)| addr).collect();
    assert_eq!(left, ["cluster/vpc", "data/database"]);
    let log = bench.world.log.lock().unwrap().clone();
    let place = |addr: &str| log.iter().position(|line| *line == format!("delete {addr}")).unwrap();
    assert!(place("kubeflow/workloads") < place("kubeflow/crds"));
    assert!(place("kubeflow/crds") < place("cluster/eks"));
    // And with the data.
    bench.down_until(&Plug::at(None), true).await.unwrap();
    assert_eq!(bench.world.shape(), []);
    let plug = Plug::at(None);
    let engine = bench.engine(bench.store(&plug).unwrap(), &plug).unwrap();
    assert!(engine.plan_destroy(true).await.unwrap().plan.steps.is_empty());
}

#[tokio::test]
async fn down_leaves_what_is_not_ours() {
    let bench = Bench::new(vec![spec("cluster/vpc", &[]), spec("cluster/nat", &["cluster/vpc"])]);
    bench.world.put("cluster/vpc", "us", "v1");
    bench.world.put("cluster/nat", "somebody", "v1");
    bench.down_until(&Plug::at(None), true).await.unwrap();
    assert_eq!(bench.world.shape().len(), 2, "the VPC stays too: something that isn't ours is in it");
}

#[tokio::test]
async fn what_was_there_before_is_used_and_never_written_and_forgotten_at_the_end() {
    let bench =
        Bench::new(vec![spec("cluster/vpc", &[]), Spec { kept: true, ..spec("cluster/nat", &["cluster/vpc"]) }]);
    bench.world.put("cluster/vpc", "before", "v1");
    bench.up().await.unwrap();
    assert!(!bench.plan().await.unwrap().has_changes());
    assert_eq!(bench.world.shape().len(), 2);
    let plug = Plug::at(None);
    let engine = bench.engine(bench.store(&plug).unwrap(), &plug).unwrap();
    let left: Vec<_> = engine.plan_destroy(true).await.unwrap().plan.left.into_iter().map(|l| l.why).collect();
    assert_eq!(left, ["it was there before"]);
    drop(engine);
    bench.down_until(&Plug::at(None), true).await.unwrap();
    let shape = bench.world.shape();
    assert!(shape.len() == 1 && shape[0].0 == "cluster/vpc", "{shape:?}");
    let store = bench.store(&plug).unwrap();
    assert!(store.snapshot().unwrap().resources.is_empty(), "the state still has it");
}

#[tokio::test]
async fn what_went_by_itself_before_its_turn_ends_no_removal() {
    let bench = Bench::new(vec![spec("cluster/vpc", &[]), spec("cluster/nat", &["cluster/vpc"])]);
    // Of neither anything was ever written down.
    bench.world.put("cluster/vpc", "us", "v1");
    bench.world.put("cluster/nat", "us", "v1");
    let plug = Plug::at(None);
    let store = bench.store(&plug).unwrap();
    let engine = bench.engine(store.clone(), &plug).unwrap();
    let planned = engine.plan_destroy(true).await.unwrap();
    assert_eq!(planned.plan.steps.len(), 2);
    bench.world.things.lock().unwrap().remove("cluster/nat");
    engine.destroy(&planned).await.result().unwrap();
    store.save().unwrap();
    assert_eq!(bench.world.shape(), []);
    drop((engine, store));
    assert!(bench.store(&plug).unwrap().snapshot().unwrap().resources.is_empty());
}
