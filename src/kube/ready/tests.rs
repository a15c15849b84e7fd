use serde_json::{Value, json};

use super::*;

fn of(api_version: &str, kind: &str, rest: Value) -> State {
    let mut object = json!({"apiVersion": api_version, "kind": kind});
    for (key, value) in rest.as_object().unwrap() {
        object[key] = value.clone();
    }
    state(&Object(object))
}

fn waits(state: &State, text: &str) -> bool {
    matches!(state, State::Waiting(why) if why.contains(text))
}

#[test]
fn a_deployment_waits_for_each_count() {
    let status = |updated: u32, ready: u32, available: u32, all: u32| {
        of(
            "apps/v1",
            "Deployment",
            json!({"metadata": {"generation": 2}, "spec": {"replicas": 2},
            "status": {"observedGeneration": 2, "updatedReplicas": updated, "readyReplicas": ready, "availableReplicas": available, "replicas": all}}),
        )
    };
    assert!(waits(&status(0, 0, 0, 0), "0 of 2 pods updated"));
    assert!(waits(&status(2, 1, 0, 2), "1 of 2 pods ready"));
    assert!(waits(&status(2, 2, 1, 2), "1 of 2 pods available"));
    assert!(waits(&status(2, 2, 2, 3), "old pods"));
    assert_eq!(status(2, 2, 2, 2), State::Ready);
}

#[test]
fn a_change_that_no_controller_has_seen_isnt_ready() {
    let stale = json!({"metadata": {"generation": 3}, "spec": {"replicas": 0}, "status": {"observedGeneration": 2}});
    for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
        assert!(waits(&of("apps/v1", kind, stale.clone()), "hasn't seen the change"));
        assert!(waits(&of("apps/v1", kind, json!({"spec": {"replicas": 0}})), "hasn't seen it"));
    }
}

#[test]
fn a_refused_pod_is_told() {
    let state = of(
        "apps/v1",
        "Deployment",
        json!({"status": {"observedGeneration": 1, "conditions": [
        {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "webhook says no"}]}}),
    );
    assert!(waits(&state, "FailedCreate: webhook says no"));
}

#[test]
fn stateful_sets_and_daemon_sets() {
    let set = |ready: u32, current: &str| {
        of(
            "apps/v1",
            "StatefulSet",
            json!({"status": {"observedGeneration": 1, "replicas": 1, "readyReplicas": ready,
            "currentRevision": current, "updateRevision": "b"}}),
        )
    };
    assert!(waits(&set(0, "b"), "0 of 1 pods ready"));
    assert!(waits(&set(1, "a"), "being updated"));
    assert_eq!(set(1, "b"), State::Ready);
    let daemon = |available: u32| {
        of(
            "apps/v1",
            "DaemonSet",
            json!({"status": {"observedGeneration": 1, "desiredNumberScheduled": 3,
            "updatedNumberScheduled": 3, "numberAvailable": available}}),
        )
    };
    assert!(waits(&daemon(2), "2 of 3 pods available"));
    assert_eq!(daemon(3), State::Ready);
}

#[test]
fn conditions_decide_for_these_kinds() {
    let table = [
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "Established"),
        ("apiregistration.k8s.io/v1", "APIService", "Available"),
        ("cert-manager.io/v1", "Certificate", "Ready"),
        ("cert-manager.io/v1", "ClusterIssuer", "Ready"),
        ("batch/v1", "Job", "Complete"),
        ("v1", "Pod", "Ready"),
        ("serving.knative.dev/v1", "Service", "Ready"),
    ];
    for (api_version, kind, name) in table {
        let with = |status: &str| {
            of(api_version, kind, json!({"status": {"conditions": [{"type": name, "status": status, "reason": "R"}]}}))
        };
        assert_eq!(with("True"), State::Ready, "{kind}");
        assert!(matches!(with("False"), State::Waiting(_)), "{kind}");
    }
    assert!(waits(&of("cert-manager.io/v1", "Certificate", json!({})), "Ready isn't set yet"));
    assert_eq!(of("networking.istio.io/v1beta1", "VirtualService", json!({})), State::Ready);
    assert_eq!(
        of("kubeflow.org/v1beta1", "Profile", json!({"status": {"conditions": [{"type": "Successful"}]}})),
        State::Ready
    );
    let failed = json!({"status": {"conditions": [{"type": "Failed", "message": "owner is missing"}]}});
    assert!(waits(&of("kubeflow.org/v1beta1", "Profile", failed), "owner is missing"));
    assert!(matches!(
        of("batch/v1", "Job", json!({"status": {"conditions": [{"type": "Failed", "status": "True"}]}})),
        State::Failed(_)
    ));
}

#[test]
fn a_crd_without_ca_is_not_waited_for() {
    let crd = |ca: Value| {
        of(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            json!({"spec": {"conversion": {"strategy": "Webhook",
            "webhook": {"clientConfig": ca}}}, "status": {"conditions": [{"type": "Established", "status": "False"}]}}),
        )
    };
    assert_eq!(crd(json!({})), State::Ready);
    assert_eq!(crd(json!({"caBundle": "Cg=="})), State::Ready);
    let pem = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==";
    assert!(matches!(crd(json!({"caBundle": pem})), State::Waiting(_)));
}

#[test]
fn phases_and_deletion() {
    assert_eq!(of("v1", "PersistentVolumeClaim", json!({"status": {"phase": "Bound"}})), State::Ready);
    assert!(waits(&of("v1", "PersistentVolumeClaim", json!({"status": {"phase": "Pending"}})), "Pending"));
    assert!(matches!(of("v1", "PersistentVolumeClaim", json!({"status": {"phase": "Lost"}})), State::Failed(_)));
    assert_eq!(of("v1", "Namespace", json!({"status": {"phase": "Active"}})), State::Ready);
    assert!(waits(
        &of("v1", "ConfigMap", json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})),
        "being deleted"
    ));
    assert!(waits(&of("v1", "Service", json!({"spec": {"type": "LoadBalancer"}})), "no address"));
    assert_eq!(of("v1", "Service", json!({"spec": {"type": "ClusterIP"}})), State::Ready);
}
