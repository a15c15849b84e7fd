use serde_json::json;

use super::*;

fn deployment(spec: Value) -> Object {
    Object(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": "kubeflow", "name": "a"},
        "spec": {"template": {"spec": spec}}}))
}

fn text(needs: &[Need]) -> Vec<String> {
    needs.iter().map(|need| format!("{need}{}", keys(need))).collect()
}

#[test]
fn everything_that_a_pod_names_is_found_and_optional_things_are_not() {
    let found = needs(&deployment(json!({
        "serviceAccountName": "sa",
        "imagePullSecrets": [{"name": "pull"}],
        "volumes": [
            {"name": "1", "secret": {"secretName": "cert", "items": [{"key": "tls.crt", "path": "x"}]}},
            {"name": "2", "secret": {"secretName": "maybe", "optional": true}},
            {"name": "3", "configMap": {"name": "files"}},
            {"name": "4", "persistentVolumeClaim": {"claimName": "disk"}},
            {"name": "5", "projected": {"sources": [{"secret": {"name": "part"}}, {"serviceAccountToken": {"path": "t"}}]}},
            {"name": "6", "emptyDir": {}}],
        "initContainers": [{"envFrom": [{"configMapRef": {"name": "all"}}, {"secretRef": {"name": "no", "optional": true}}]}],
        "containers": [{"env": [
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "cert", "key": "tls.key"}}},
            {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "files", "key": "b", "optional": true}}},
            {"name": "C", "value": "plain"}]}],
    })));
    let expected = [
        "ServiceAccount/sa in kubeflow",
        "Secret/pull in kubeflow",
        "Secret/cert in kubeflow, with tls.crt, tls.key",
        "ConfigMap/files in kubeflow",
        "PersistentVolumeClaim/disk in kubeflow",
        "Secret/part in kubeflow",
        "ConfigMap/all in kubeflow",
    ];
    assert_eq!(text(&found), expected);
}

#[test]
fn what_no_manifest_brings_is_told_with_its_maker() {
    let pods = deployment(json!({
        "serviceAccountName": "default",
        "volumes": [{"secret": {"secretName": "brought"}}, {"secret": {"secretName": "cert"}},
                    {"configMap": {"name": "istio-ca-root-cert"}}, {"secret": {"secretName": "lost"}}],
        "containers": [{"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "mysql-secret", "key": "host"}}}]}]}));
    let object = |api_version: &str, kind: &str, name: &str, spec: Value| {
        Object(
            json!({"apiVersion": api_version, "kind": kind, "metadata": {"namespace": "kubeflow", "name": name}, "spec": spec}),
        )
    };
    let wanted = [
        pods,
        object("v1", "Secret", "brought", json!({})),
        object("cert-manager.io/v1", "Certificate", "c", json!({"secretName": "cert"})),
        object(
            "secrets-store.csi.x-k8s.io/v1",
            "SecretProviderClass",
            "rds-secret",
            json!({"secretObjects": [
            {"secretName": "mysql-secret", "data": [{"key": "host"}, {"key": "port"}]}]}),
        ),
    ];
    let found: Vec<_> =
        foreign(&wanted).into_iter().map(|(need, maker)| (format!("{need}{}", keys(&need)), maker)).collect();
    assert_eq!(
        found,
        [
            ("ConfigMap/istio-ca-root-cert in kubeflow, with root-cert.pem".into(), Maker::Istiod),
            ("Secret/cert in kubeflow, with tls.crt, tls.key".into(), Maker::Certificate("c".into())),
            ("Secret/lost in kubeflow".into(), Maker::Unknown),
            ("Secret/mysql-secret in kubeflow, with host, port".into(), Maker::SecretsStore("rds-secret".into())),
        ]
    );
}
