use serde_json::json;

use super::*;

#[test]
fn what_the_server_keeps_for_itself_is_no_difference() {
    let object = |version: &str, generation: u32, ready: bool| {
        Object(json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "a", "labels": {"x": "y"}, "resourceVersion": version, "generation": generation, "uid": version,
                "creationTimestamp": version, "managedFields": [{"manager": version}]},
            "spec": {"replicas": 2}, "status": {"ready": ready}}))
    };
    let quieted = quiet(object("1", 1, false));
    assert_eq!(quieted, quiet(object("2", 7, true)));
    assert_eq!(quieted.0["metadata"], json!({"name": "a", "labels": {"x": "y"}}));
    assert_eq!(quieted.0["spec"], json!({"replicas": 2}));
}

#[test]
fn a_conflict_names_manager_and_fields() {
    let one = "Apply failed with 1 conflict: conflict with \"hpa\" using apps/v1: .spec.replicas";
    assert_eq!(conflict(one).as_deref(), Some("conflict with \"hpa\" using apps/v1: .spec.replicas"));
    let two = "Apply failed with 2 conflicts: conflicts with \"me\" using v1:\n- .data.a\n- .data.b";
    assert_eq!(conflict(two).as_deref(), Some("conflicts with \"me\" using v1: - .data.a - .data.b"));
    assert_eq!(conflict("Operation cannot be fulfilled: the object has been modified"), None);
}

#[test]
fn kinds_and_namespaces_of_the_same_run_are_known() {
    let objects = [
        Object(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "auth"}})),
        Object(json!({"apiVersion": "kubeflow.org/v1", "kind": "Profile", "metadata": {"name": "me"}})),
        Object(json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "things.example.com"}, "spec": {"group": "example.com", "names": {"kind": "Thing"}}})),
    ];
    let coming = Coming::from(&objects);
    assert_eq!(coming.namespaces.into_iter().collect::<Vec<_>>(), ["auth", "me"]);
    assert!(coming.kinds.contains(&("example.com".into(), "Thing".into())));
}
