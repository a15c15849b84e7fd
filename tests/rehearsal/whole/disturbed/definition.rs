//! Somebody deleted a CRD of ours, and an object of it has a finalizer whose controller is gone.

use serde_json::{Value, json};

use super::{Run, world};
use crate::whole::environment::{World, said};

const CRD: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/notebooks.kubeflow.org";
const NOTEBOOKS: &str = "/apis/kubeflow.org/v1/namespaces/default/notebooks";
const HELD: &str = "Notebook/held in default is held by finalizer company.example/backup";
const FREES: &str =
    "`kubectl patch notebook.kubeflow.org held -n default --type merge -p '{\"metadata\":{\"finalizers\":null}}'`";

fn hold(world: &World) {
    let held = json!({"apiVersion": "kubeflow.org/v1", "kind": "Notebook", "spec": {},
        "metadata": {"name": "held", "finalizers": ["company.example/backup"]}});
    world.send("POST", NOTEBOOKS, held).expect("a Notebook");
}

fn let_go(world: &World) {
    let free = json!([{"op": "remove", "path": "/metadata/finalizers"}]);
    world.send("PATCH", &format!("{NOTEBOOKS}/held"), free).expect("it is let go");
}

#[test]
fn a_crd_that_is_being_deleted_is_told_and_waited_for() {
    let world = world("cn-northwest-1");
    world.succeeds(&["up", "--yes"]);
    let before = world.applied();
    hold(&world);
    world.send("DELETE", CRD, Value::Null).expect("it begins to go");
    let plan = said(&world.succeeds(&["plan"]));
    assert!(plan.contains("CustomResourceDefinition/notebooks.kubeflow.org: being deleted since 2"), "{plan}");
    let mut up = Run::begin(&world, &["up", "--yes"]);
    up.says(&["kubeflow/crds", "CustomResourceDefinition/notebooks.kubeflow.org", HELD]);
    up.says(&["CustomResourceDefinition/notebooks.kubeflow.org", FREES]);
    let_go(&world);
    up.succeeds();
    world.is_whole();
    assert_eq!(world.applied(), before, "nothing is missing, nothing more is there");

    hold(&world);
    world.send("DELETE", CRD, Value::Null).expect("it begins to go");
    let mut down = Run::begin(&world, &["down", "--yes", "--delete-data"]);
    down.says(&["Notebook/held in default", "held by finalizer company.example/backup"]);
    down.says(&["Notebook/held in default", FREES]);
    let_go(&world);
    down.succeeds();
    world.is_empty();
}
