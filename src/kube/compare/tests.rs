use serde_json::{Value, json};

use super::*;

fn paths(wanted: Value, live: Value) -> Vec<String> {
    differences(&Object(wanted), &Object(live)).into_iter().map(|d| d.path).collect()
}

fn deployment(container: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
           "spec": {"template": {"spec": {"containers": [container]}}}})
}

#[test]
fn what_the_server_adds_is_no_difference() {
    let wanted = deployment(json!({"name": "c", "image": "i", "ports": [{"containerPort": 80}],
        "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}, "requests": {"cpu": 1}},
        "env": [{"name": "A", "value": ""}], "securityContext": {}}));
    let live = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "a", "uid": "1", "annotations": {"deployment.kubernetes.io/revision": "1"}},
        "spec": {"replicas": 1, "template": {"spec": {"dnsPolicy": "ClusterFirst", "containers": [
            {"name": "injected"},
            {"name": "c", "image": "i", "imagePullPolicy": "Always", "ports": [{"containerPort": 80, "protocol": "TCP"}],
             "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1"}}, "env": [{"name": "A"}]}]}}},
        "status": {"replicas": 1}});
    assert_eq!(paths(wanted, live), Vec::<String>::new());
}

#[test]
fn what_somebody_changed_is() {
    let wanted =
        deployment(json!({"name": "c", "image": "i:1", "args": ["a", "b"], "env": [{"name": "A", "value": "1"}]}));
    let live = deployment(json!({"name": "c", "image": "i:2", "args": ["a"], "env": [{"name": "A", "value": "2"}]}));
    let prefix = "spec.template.spec.containers.[c]";
    assert_eq!(
        paths(wanted.clone(), live.clone()),
        [format!("{prefix}.image"), format!("{prefix}.args"), format!("{prefix}.env.[A].value")]
    );
    let found = differences(&Object(wanted), &Object(live));
    assert_eq!((found[0].live.as_deref(), found[0].wanted.as_deref()), (Some("i:2"), Some("i:1")));
    assert_eq!(found[2].live, None, "a text that may be a secret isn't shown");
}

#[test]
fn ports_are_told_apart_by_protocol() {
    let service = |ports: Value| json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": ports}});
    let wanted = service(json!([{"port": 53, "protocol": "UDP", "targetPort": 1}, {"port": 53, "targetPort": 2}]));
    let live = service(
        json!([{"port": 53, "protocol": "TCP", "targetPort": 2}, {"port": 53, "protocol": "UDP", "targetPort": 1}]),
    );
    assert!(paths(wanted.clone(), live).is_empty());
    assert_eq!(paths(wanted, service(json!([]))).len(), 2);
}

#[test]
fn lists_of_custom_resources_are_whole() {
    let object = |list: Value| json!({"apiVersion": "a.example/v1", "kind": "A", "spec": {"env": list}});
    assert_eq!(paths(object(json!([{"name": "a"}])), object(json!([{"name": "a"}, {"name": "b"}]))), ["spec.env"]);
    assert!(paths(object(json!([{"name": "a"}])), object(json!([{"name": "a", "more": 1}]))).is_empty());
}

#[test]
fn a_live_ca_and_what_istiod_rewrites_are_no_difference() {
    let hook = |ca: Value, policy: &str| {
        json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
               "metadata": {"name": "istio-validator-istio-system"},
               "webhooks": [{"name": "v", "failurePolicy": policy, "clientConfig": ca}]})
    };
    let live = hook(json!({"caBundle": "TElWRQ=="}), "Fail");
    assert!(paths(hook(json!({}), "Ignore"), live.clone()).is_empty());
    assert!(paths(hook(json!({"caBundle": "T1VSUw=="}), "Ignore"), live.clone()).is_empty());
    let mut other = hook(json!({}), "Ignore");
    other["metadata"]["name"] = "katib".into();
    assert_eq!(paths(other, live), ["metadata.name", "webhooks.[v].failurePolicy"]);
}

#[test]
fn values_of_secrets_and_config_maps_are_never_shown() {
    for kind in ["Secret", "ConfigMap"] {
        let object = |value: Value| Object(json!({"apiVersion": "v1", "kind": kind, "data": {"image": value}}));
        let found = differences(&object(json!("hidden")), &object(json!("other")));
        assert_eq!(found, [Difference { path: "data.image".into(), live: None, wanted: None }]);
    }
}

#[test]
fn numbers_and_durations_are_compared_by_value() {
    let object = |spec: Value| json!({"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "spec": spec});
    assert!(
        paths(object(json!({"duration": "2160h", "n": 1})), object(json!({"duration": "2160h0m0s", "n": 1.0})))
            .is_empty()
    );
    assert_eq!(paths(object(json!({"isCA": true})), object(json!({}))), ["spec.isCA"]);
    assert!(paths(object(json!({"isCA": false, "x": {"y": []}})), object(json!({}))).is_empty());
}
