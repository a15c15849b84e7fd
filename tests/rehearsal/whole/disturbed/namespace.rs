//! Somebody deleted a namespace of ours, and a finalizer holds it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Run, world};
use crate::whole::environment::{World, said};

const MAPS: &str = "/api/v1/namespaces/kubeflow/configmaps";
const FREES: &str = "`kubectl patch configmap held -n kubeflow --type merge -p '{\"metadata\":{\"finalizers\":null}}'`";

/// Makes an object that only its controller lets go.
fn hold(world: &World) {
    let held = json!({"metadata": {"name": "held", "finalizers": ["company.example/backup"]}});
    world.send("POST", MAPS, held).expect("a ConfigMap");
}

/// Plays the controller.
fn let_go(world: &World) {
    let free = json!([{"op": "remove", "path": "/metadata/finalizers"}]);
    world.send("PATCH", &format!("{MAPS}/held"), free).expect("it is let go");
}

#[test]
fn a_namespace_that_stays_terminating_is_told_and_waited_for() {
    let world = world("cn-north-1");
    world.succeeds(&["up", "--yes"]);
    let before = world.applied();
    hold(&world);
    world.send("DELETE", "/api/v1/namespaces/kubeflow", Value::Null).expect("it begins to go");
    let plan = said(&world.succeeds(&["plan"]));
    assert!(plan.contains("Namespace/kubeflow: being deleted since 2"), "{plan}");
    let mut up = Run::begin(&world, &["up", "--yes"]);
    up.says(&["kubeflow/namespaces", "Namespace/kubeflow", "company.example/backup"]);
    up.says(&["Namespace/kubeflow", "if its controller can't be started again", FREES]);
    let_go(&world);
    up.succeeds();
    world.is_whole();
    assert_eq!(world.applied(), before, "nothing is missing, nothing more is there");

    hold(&world);
    let mut down = Run::begin(&world, &["down", "--yes", "--delete-data"]);
    down.says(&["kubeflow/namespaces", "Namespace/kubeflow", "company.example/backup"]);
    down.says(&["Namespace/kubeflow", FREES]);
    let_go(&world);
    down.succeeds();
    world.is_empty();
}

#[test]
fn a_namespace_that_is_deleted_in_the_middle_ends_the_run_and_the_next_makes_all() {
    let world = world("cn-northwest-1");
    let mut up = Run::begin(&world, &["up", "--yes"]);
    up.says(&["kubeflow/workloads: create"]);
    hold(&world);
    world.send("DELETE", "/api/v1/namespaces/kubeflow", Value::Null).expect("it begins to go");
    while world.get("/apis/apps/v1/namespaces/kubeflow/deployments")["items"] != json!([]) {
        std::thread::sleep(Duration::from_millis(100));
    }
    let_go(&world);
    let status = up.ends();
    let text = up.text();
    assert_eq!(status.code(), Some(1), "{text}");
    assert!(
        text.contains(" in kubeflow") && text.contains("hint:") && text.contains("go on with: kfctl-cn up"),
        "{text}"
    );
    world.succeeds(&["up", "--yes"]);
    world.is_whole();
    world.succeeds(&["down", "--yes", "--delete-data"]);
    world.is_empty();
}
