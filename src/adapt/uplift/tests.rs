//! Each kind raised once, with what it gives and what it says: the snapshots are the expected objects.

use serde_json::{Value, json};

use super::super::table::adaptations;
use super::super::values::KubernetesVersion;
use super::{Uplifted, uplift};
use crate::model::Object;

fn raise(value: Value, minor: u32) -> (Value, Option<Uplifted>) {
    let mut object = Object(value);
    let done = uplift(&mut object, KubernetesVersion { major: 1, minor });
    if let Some(Uplifted { id, .. }) = &done {
        assert!(adaptations().iter().any(|adaptation| adaptation.id == *id), "nothing says why {id} is done");
    }
    (object.0, done)
}

/// The raised object and what was said, as one text.
fn shown(value: Value) -> String {
    let (after, done) = raise(value, 35);
    let done = done.expect("the version is old");
    let object = serde_json::to_string_pretty(&after).expect("JSON");
    format!("{}\n{}\n\n{object}\n", done.id, done.changes.join("\n"))
}

#[test]
fn crd_with_one_schema_that_keeps_unknown_fields() {
    let text = shown(json!({
        "apiVersion": "apiextensions.k8s.io/v1beta1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "books.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Book", "plural": "books"},
            "scope": "Namespaced",
            "subresources": {"status": {}},
            "additionalPrinterColumns": [{"JSONPath": ".spec.title", "name": "Title", "type": "string"}],
            "validation": {"openAPIV3Schema": {"properties": {
                "metadata": {"type": "object"},
                "spec": {"properties": {
                    "title": {"type": "string"},
                    "raw": {"type": "object"},
                    "pages": {"items": {"properties": {"text": {"type": "string"}}}},
                    "labels": {"additionalProperties": {"type": "string"}},
                    "anything": {"description": "says nothing of its type"},
                    "port": {"x-kubernetes-int-or-string": true}
                }}
            }}},
            "versions": [{"name": "v1", "served": true, "storage": true}, {"name": "v1alpha1", "served": true, "storage": false}]
        }
    }));
    insta::assert_snapshot!(text);
}

#[test]
fn crd_without_schema_and_versions() {
    let text = shown(json!({
        "apiVersion": "apiextensions.k8s.io/v1beta1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "codes.example.com"},
        "spec": {"group": "example.com", "names": {"kind": "Code", "plural": "codes"}, "scope": "Namespaced", "version": "v1"}
    }));
    insta::assert_snapshot!(text);
}

#[test]
fn crd_with_conversion_that_prunes() {
    let text = shown(json!({
        "apiVersion": "apiextensions.k8s.io/v1beta1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "services.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Service", "plural": "services"},
            "preserveUnknownFields": false,
            "conversion": {
                "strategy": "Webhook",
                "conversionReviewVersions": ["v1alpha2", "v1beta1"],
                "webhookClientConfig": {"service": {"name": "convert", "namespace": "example"}}
            },
            "version": "v1",
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object"}}}}
            }]
        }
    }));
    insta::assert_snapshot!(text);
}

#[test]
fn webhook_keeps_the_defaults_of_its_time() {
    let text = shown(json!({
        "apiVersion": "admissionregistration.k8s.io/v1beta1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "hook"},
        "webhooks": [
            {"name": "a.example.com", "clientConfig": {"service": {"name": "hook", "namespace": "example"}}},
            {"name": "b.example.com", "failurePolicy": "Fail", "matchPolicy": "Equivalent", "timeoutSeconds": 5,
             "sideEffects": "Some", "admissionReviewVersions": ["v1", "v1beta1"], "clientConfig": {}}
        ]
    }));
    insta::assert_snapshot!(text);
}

#[test]
fn certificate_fields_move() {
    let text = shown(json!({
        "apiVersion": "cert-manager.io/v1alpha2",
        "kind": "Certificate",
        "metadata": {"name": "cert", "namespace": "example"},
        "spec": {"commonName": "a", "keyAlgorithm": "ecdsa", "keySize": 256, "organization": ["o"], "uriSANs": ["spiffe://a"]}
    }));
    insta::assert_snapshot!(text);
}

/// In v1beta1 `{}` selected no pod; v1 would select all of them.
#[test]
fn disruption_budget_selects_what_it_did() {
    let budget = |selector: Value| {
        let object = json!({"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget",
            "metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": selector}});
        raise(object, 35).0
    };
    for empty in [json!({}), json!({"matchLabels": {}}), json!({"matchExpressions": []})] {
        assert_eq!(budget(empty)["spec"], json!({"minAvailable": 1}));
    }
    let labels = json!({"matchLabels": {"app": "a"}});
    assert_eq!(
        budget(labels.clone()),
        json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": labels}})
    );
}

/// What v1 renamed and demands is written, and only where the cluster serves v1.
#[test]
fn ingress_leads_where_it_did() {
    let path = |port: Value| json!({"path": "/*", "backend": {"serviceName": "gateway", "servicePort": port}});
    let ingress = |group: &str| {
        json!({"apiVersion": format!("{group}/v1beta1"), "kind": "Ingress", "metadata": {"name": "a"},
            "spec": {"backend": {"serviceName": "rest", "servicePort": 1},
                "rules": [{"http": {"paths": [path(json!(80)), path(json!("http"))]}}]}})
    };
    for group in ["extensions", "networking.k8s.io"] {
        let (after, done) = raise(ingress(group), 35);
        assert_eq!(done.map(|done| done.id), Some("kubernetes/ingress-v1"));
        assert_eq!(after["apiVersion"], "networking.k8s.io/v1");
        let service = |name: &str, port: Value| json!({"service": {"name": name, "port": port}});
        let path =
            |port| json!({"path": "/*", "pathType": "ImplementationSpecific", "backend": service("gateway", port)});
        let paths = json!([path(json!({"number": 80})), path(json!({"name": "http"}))]);
        let spec =
            json!({"defaultBackend": service("rest", json!({"number": 1})), "rules": [{"http": {"paths": paths}}]});
        assert_eq!(after["spec"], spec);
    }
    assert_eq!(raise(ingress("networking.k8s.io"), 18).1, None, "1.18 has no v1");
}

/// The version alone changes, and only where the cluster serves the new one.
#[test]
fn kinds_of_the_same_shape() {
    for (old, kind, new, since) in [
        ("rbac.authorization.k8s.io/v1beta1", "ClusterRole", "rbac.authorization.k8s.io/v1", 8),
        ("batch/v1beta1", "CronJob", "batch/v1", 21),
        ("policy/v1beta1", "PodDisruptionBudget", "policy/v1", 21),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "autoscaling/v2", 23),
        ("secrets-store.csi.x-k8s.io/v1alpha1", "SecretProviderClass", "secrets-store.csi.x-k8s.io/v1", 0),
        ("cert-manager.io/v1alpha2", "Issuer", "cert-manager.io/v1", 0),
    ] {
        let object = |version: &str| json!({"apiVersion": version, "kind": kind, "spec": {"a": [1, {"b": 2}]}});
        assert_eq!(raise(object(old), 35).0, object(new));
        assert_eq!(raise(object(new), 35), (object(new), None), "twice changes nothing");
        if since > 8 {
            assert_eq!(raise(object(old), since - 1), (object(old), None), "{new} isn't served by 1.{}", since - 1);
        }
    }
}

#[test]
fn what_is_current_stays() {
    for version in ["apps/v1", "v1", "networking.istio.io/v1alpha3", "kubeflow.org/v1beta1"] {
        let object = json!({"apiVersion": version, "kind": "Deployment", "spec": {}});
        assert_eq!(raise(object.clone(), 35), (object, None));
    }
}
