//! Another field manager wants the same fields, and doesn't give in; objects of others have the names of ours.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Run, world};
use crate::whole::environment::{World, said};

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/kubeflow/deployments";

/// A GitOps controller applies a field of ours and a label of its own.
fn gitops_applies(world: &World) -> Result<Value, kube::Error> {
    let mut wanted = deployment();
    wanted["metadata"]["labels"] = json!({"company.example/team": "ml"});
    wanted["spec"] = json!({"replicas": 3});
    world.send("PATCH", &format!("{DEPLOYMENTS}/ml-pipeline?fieldManager=gitops&force=true"), wanted)
}

fn deployment() -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "ml-pipeline"}})
}

#[test]
fn fields_of_another_manager_are_shown_and_taken_and_the_rest_is_left() {
    let world = world("cn-northwest-1");
    made_by_others_before(&world);
    world.succeeds(&["up", "--yes"]);
    gitops_applies(&world).expect("it is taken");
    let differs = said(&world.run(&["diff"]));
    assert!(differs.contains("taken from another manager: conflict with \"gitops\": .spec.replicas"), "{differs}");
    world.succeeds(&["up", "--yes"]);
    world.is_whole();
    let live = world.get(&format!("{DEPLOYMENTS}/ml-pipeline"));
    assert_eq!(live["spec"]["replicas"], 1, "ours");
    assert_eq!(live["metadata"]["labels"]["company.example/team"], "ml", "the label of others");

    // One that never gives in: runs end all the same, and say which field it is.
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                // While the object is being deleted or is gone it is refused.
                let _ = gitops_applies(&world);
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        let up = world.run(&["up", "--yes"]);
        let plan = world.run(&["plan", "--detailed-exitcode"]);
        let mut down = Run::begin(&world, &["down", "--yes", "--delete-data"]);
        let ended = down.ends();
        stop.store(true, Ordering::Relaxed);
        assert!(up.status.success(), "{}", said(&up));
        let plan_said = said(&plan);
        assert_eq!(plan.status.code(), Some(2), "{plan_said}");
        assert!(plan_said.contains("Deployment/ml-pipeline in kubeflow spec.replicas: 3 → 1"), "{plan_said}");
        assert!(ended.success(), "{}", down.text());
    });
    world.is_empty();
}

/// Objects of the names of ours that nobody said are ours: nothing is taken over.
fn made_by_others_before(world: &World) {
    world
        .send("POST", "/api/v1/namespaces", json!({"metadata": {"name": "kubeflow", "labels": {"a": "b"}}}))
        .expect("a namespace");
    let mut theirs = deployment();
    let labels = json!({"app": "theirs"});
    theirs["spec"] = json!({"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
        "spec": {"containers": [{"name": "a", "image": "example.invalid/a:1"}]}}});
    world.send("POST", DEPLOYMENTS, theirs).expect("a deployment");
    let said = world.ends_with(&["up", "--yes"], 1);
    for words in ["kubeflow/workloads", "made by others, such as Deployment/ml-pipeline in kubeflow", "hint:"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let live = world.get(&format!("{DEPLOYMENTS}/ml-pipeline"));
    assert_eq!(live["spec"]["template"]["spec"]["containers"][0]["image"], "example.invalid/a:1");
    world.send("DELETE", &format!("{DEPLOYMENTS}/ml-pipeline"), Value::Null).expect("it goes");
}
