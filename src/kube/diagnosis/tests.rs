//! What is told of pods as the API server shows them. Logs need a server: tests/rehearsal.

use serde_json::{Value, json};

use super::*;

const REGISTRY: &str = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/kfctl-cn";

/// A scene with one Ready node.
fn scene(objects: &[Value]) -> Scene {
    let node = json!({"kind": "Node", "metadata": {"name": "n1"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    with(&[objects, &[node]].concat())
}

fn with(objects: &[Value]) -> Scene {
    let mut scene = Scene::default();
    for kind in ["Pod", "Event", "PersistentVolumeClaim", "StorageClass", "Node"] {
        let of = objects.iter().filter(|object| object["kind"] == kind).cloned().map(Object);
        scene.objects.insert(kind, of.collect());
    }
    scene
}

fn unplaced(message: &str, spec: Value) -> Object {
    let conditions =
        json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]);
    let meta = json!({"name": "p", "namespace": "kubeflow"});
    Object(
        json!({"kind": "Pod", "metadata": meta, "spec": spec, "status": {"phase": "Pending", "conditions": conditions}}),
    )
}

fn warning(kind: &str, name: &str, reason: &str, message: &str, time: &str) -> Value {
    let object = json!({"kind": kind, "namespace": "kubeflow", "name": name});
    json!({"kind": "Event", "type": "Warning", "involvedObject": object, "reason": reason, "message": message, "lastTimestamp": time})
}

fn class(name: &str, default: bool) -> Value {
    let annotations = json!({"storageclass.kubernetes.io/is-default-class": default.to_string()});
    json!({"kind": "StorageClass", "metadata": {"name": name, "annotations": annotations}})
}

fn claim(name: &str, class: Option<&str>) -> Value {
    let spec = class.map_or(json!({}), |class| json!({"storageClassName": class}));
    json!({"kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "kubeflow"}, "spec": spec, "status": {"phase": "Pending"}})
}

fn mounting(claim: &str) -> Value {
    json!({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": claim}}]})
}

#[test]
fn a_pod_without_a_node_is_told_what_no_node_has() {
    let gpu = json!({"containers": [{"resources": {"limits": {"nvidia.com/gpu": "2"}}}]});
    let cpu = json!({"containers": [{"resources": {"requests": {"cpu": "64"}}}]});
    let selector = json!({"nodeSelector": {"disk": "ssd"}});
    for (message, spec, what, mend) in [
        (
            "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.",
            gpu,
            "no node has 2 × nvidia.com/gpu free",
            "logs karpenter",
        ),
        (
            "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1",
            cpu,
            "enough CPU (it asks for 64)",
            "nodeGroup",
        ),
        (
            "0/1 nodes are available: 1 node(s) had untolerated taint {dedicated: ml}. preemption: none",
            json!({}),
            "a taint that it doesn't tolerate: dedicated: ml",
            "toleration",
        ),
        (
            "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
            selector,
            r#"nodeSelector {"disk":"ssd"}"#,
            "label a node",
        ),
        ("0/1 nodes are available: 1 Too many pods.", json!({}), "as many pods as it may", "nodeGroup"),
        (
            "0/1 nodes are available: 1 node(s) were unschedulable. preemption: x",
            json!({}),
            "1 node(s) were unschedulable",
            "describe pod p",
        ),
    ] {
        let (told, does) = place::why(&scene(&[]), &unplaced(message, spec)).expect(message);
        assert!(told.contains(what) && does.contains(mend) && !told.contains("preemption"), "{told} / {does}");
    }
    let (told, _) = place::why(&with(&[]), &unplaced("no nodes available", json!({}))).expect("a cause");
    assert_eq!(told, "the cluster has no nodes");
    let node = json!({"kind": "Node", "metadata": {"name": "n1"}, "status": {"conditions": [{"type": "Ready", "status": "False", "message": "cni plugin not initialized"}]}});
    let (told, _) =
        place::why(&with(&[node]), &unplaced("1 node(s) had untolerated taint {x: }", json!({}))).expect("a cause");
    assert_eq!(told, "none of the 1 nodes is Ready; n1: cni plugin not initialized");
    let mut placed = unplaced("", json!({}));
    placed.0["spec"]["nodeName"] = json!("n1");
    assert_eq!(place::why(&scene(&[]), &placed), None);
}

#[test]
fn a_claim_without_a_volume_is_told_its_class() {
    let gp3 = class("gp3", true);
    let pod = unplaced("pod has unbound immediate PersistentVolumeClaims", mounting("data"));
    let why = |objects: &[Value]| place::why(&scene(objects), &pod).map(|(what, _)| what);
    assert_eq!(why(&[]).as_deref(), Some("its claim data is missing"));
    let told = why(&[claim("data", Some("gp2")), gp3.clone()]);
    assert_eq!(
        told.as_deref(),
        Some("its claim data asks for the storage class gp2, which doesn't exist; there is gp3")
    );
    let told = why(&[claim("data", None), class("gp3", false)]);
    assert_eq!(
        told.as_deref(),
        Some("its claim data names no storage class and no class is the default; there is gp3")
    );
    let refused =
        warning("PersistentVolumeClaim", "data", "ProvisioningFailed", "UnauthorizedOperation", "2026-01-01T00:00:00Z");
    let told = why(&[claim("data", None), gp3.clone(), refused]);
    assert_eq!(told.as_deref(), Some("its claim data gets no volume: UnauthorizedOperation"));
    // A claim that waits for its pod isn't what holds the pod back.
    let told = place::why(
        &scene(&[claim("data", None), gp3]),
        &unplaced("0/1 nodes are available: 1 Insufficient memory.", mounting("data")),
    );
    assert!(told.is_some_and(|(what, _)| what == "no node has enough memory"));
}

#[test]
fn an_image_is_told_with_its_registry() {
    let ours = format!("{REGISTRY}/docker.io/kubeflowkatib/katib-ui:v0.13.0");
    for (image, reason, message, what, mend) in [
        (
            ours.as_str(),
            "ErrImagePull",
            "rpc error: code = NotFound desc = not found",
            "isn't in the deployment's registry",
            "images mirror",
        ),
        (
            &ours,
            "ErrImagePull",
            "unexpected status: 403 Forbidden",
            "the registry refuses the node",
            "AmazonEC2ContainerRegistry",
        ),
        (
            &ours,
            "ImagePullBackOff",
            "Back-off pulling image",
            "can't be pulled from the deployment's registry",
            "images verify",
        ),
        (
            &ours,
            "ErrImagePull",
            "no match for platform in manifest",
            "isn't made for the node's processor",
            "every platform",
        ),
        (
            "gcr.io/ml/x:1",
            "ImagePullBackOff",
            "Back-off pulling image",
            "gcr.io isn't the deployment's registry",
            "spec.images.webhook",
        ),
        (
            "tensorflow/tensorflow",
            "ErrImagePull",
            "i/o timeout",
            "docker.io isn't the deployment's registry: i/o timeout",
            "spec.images.webhook",
        ),
        ("a b", "InvalidImageName", "", "`a b` is no name of an image", "REGISTRY/NAME:TAG"),
    ] {
        let status = json!({"image": image, "state": {"waiting": {"reason": reason, "message": message}}});
        let (told, does) = image::why(&status, REGISTRY).expect(image);
        assert!(told.contains(what) && does.contains(mend), "{told} / {does}");
    }
    let created = json!({"image": "x", "state": {"waiting": {"reason": "ContainerCreating"}}});
    assert_eq!(image::why(&created, REGISTRY), None);
}

#[test]
fn a_workload_without_pods_is_told_what_refuses_them() {
    let workload = |kind: &str| Object(json!({"kind": kind, "metadata": {"name": "w", "namespace": "kubeflow"}}));
    for (message, what) in [
        (
            r#"Internal error occurred: failed calling webhook "x.y.z": no endpoints"#,
            "the webhook x.y.z can't be called, and nothing is let in without it",
        ),
        (r#"admission webhook "deny.me" denied the request: no"#, "the webhook deny.me refuses its pods: no"),
        (
            "pods \"w-1\" is forbidden: exceeded quota: small, requested: pods=1",
            "the quota small of the namespace is used up",
        ),
        (
            r#"pods "w-1" is forbidden: error looking up service account kubeflow/s: serviceaccount "s" not found"#,
            "its service account s is missing",
        ),
        ("something new", "its pods can't be made: something new"),
    ] {
        let scene = scene(&[
            warning("ReplicaSet", "w-5d4f", "FailedCreate", message, "2026-01-01T00:00:02Z"),
            warning("ReplicaSet", "w-5d4f", "FailedCreate", "an older one", "2026-01-01T00:00:01Z"),
            warning("ReplicaSet", "w-x-5d4f", "FailedCreate", "another's", "2026-01-01T00:00:03Z"),
        ]);
        let causes = birth::causes(&scene, &workload("Deployment"));
        assert_eq!(causes.iter().map(|c| c.what.as_str()).collect::<Vec<_>>(), [what]);
        assert_eq!(causes[0].of, "kubeflow/w");
    }
    let mut later = workload("Deployment");
    later.0["status"] =
        json!({"conditions": [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: q, x"}]});
    assert_eq!(birth::causes(&scene(&[]), &later).len(), 1);
    assert_eq!(birth::causes(&scene(&[]), &workload("StatefulSet")), []);
}

#[test]
fn a_volume_that_cant_be_mounted_is_told() {
    let pod =
        Object(json!({"kind": "Pod", "metadata": {"name": "p", "namespace": "kubeflow"}, "spec": {"nodeName": "n1"}}));
    for (message, what) in [
        (
            r#"MountVolume.SetUp failed for volume "v": rpc error: provider not found: provider "aws""#,
            "the provider of the secrets-store CSI driver doesn't run on its node",
        ),
        (r#"MountVolume.SetUp failed for volume "v" : secret "tls" not found"#, "tls, which it mounts, is missing"),
        (
            "Failed to fetch secret from all regions. Verify secret exists and required permissions",
            "the secret can't be read from Secrets Manager",
        ),
        ("what nobody knows", "a volume can't be mounted: what nobody knows"),
    ] {
        let scene = scene(&[warning("Pod", "p", "FailedMount", message, "2026-01-01T00:00:00Z")]);
        assert_eq!(volume::why(&scene, &pod).map(|(what, _)| what).as_deref(), Some(what));
    }
}
