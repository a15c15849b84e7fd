//! What the audit must find, and what it must let pass.

use serde_json::{Value, json};

use super::super::tests::values;
use super::super::values::KubernetesVersion;
use super::{apis, audit, policy};
use crate::model::{Object, Region};

/// The rules that a text breaks in a ConfigMap.
fn rules(text: &str) -> Vec<&'static str> {
    check(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": text}}))
}

fn check(object: Value) -> Vec<&'static str> {
    let findings = audit(&[Object(object)], &values(Region::CnNorth1)).expect("the policies are readable");
    findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn texts() {
    for (text, expected) in [
        // ARNs and hosts of the partition.
        ("arn:aws:s3:::bucket", vec!["partition"]),
        ("arn:aws-cn:s3:::bucket", vec![]),
        ("s3.amazonaws.com", vec!["endpoint"]),
        ("https://s3.cn-north-1.amazonaws.com/x", vec!["endpoint"]),
        ("host: s3.cn-north-1.amazonaws.com.cn,", vec![]),
        ("s3.cn-north-1.amazonaws.com.cnx", vec!["endpoint"]),
        ("amazonaws.community", vec![]),
        // Names that stay global in China.
        ("sts.amazonaws.com", vec![]),
        ("pods.eks.amazonaws.com", vec![]),
        ("eks.amazonaws.com/role-arn", vec![]),
        ("sts.amazonaws.com/", vec!["endpoint"]),
        ("ec2.amazonaws.com", vec!["endpoint"]),
        // Regions.
        ("--region=us-east-1", vec!["region"]),
        ("us-gov-west-1", vec!["region"]),
        ("ap-southeast-2", vec!["region"]),
        ("cn-northwest-1", vec![]),
        ("my-north-1", vec![]),
        // Images of public registries, anywhere.
        ("image: gcr.io/ml-pipeline/x:1", vec!["image"]),
        ("--image=docker.io/library/busybox", vec!["image"]),
        ("us-docker.pkg.dev/a/b:c", vec!["image"]),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/kubeflow/gcr.io/a:b", vec![]),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/other/a:b", vec!["image"]),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/kubeflow2/a:b", vec!["image"]),
        ("see https://gcr.io for more", vec![]),
        ("notgcr.io/a/b", vec![]),
        // What looks like an image, of whatever registry; and what doesn't.
        ("pull evil-gcr.io.example/a/b:1 now", vec!["image"]),
        ("registry.internal:5000/a/b:1", vec!["image"]),
        ("org/name:v1.2", vec!["image"]),
        ("image: busybox:1.28", vec!["image"]),
        ("{\"sidecar\": {\"image\": \"busybox\"}}", vec!["image"]),
        ("imagePullPolicy: IfNotPresent\nimageVersion: v1.2", vec![]),
        ("image: {{ .Values.image }}", vec![]),
        ("nvidia.com/gpu:NoSchedule", vec![]),
        ("http://minio-service.kubeflow:9000/bucket", vec![]),
        // Variables of kustomize.
        ("bucket: $(kfp-artifact-bucket-name)", vec!["variable"]),
        ("$HOME ${HOME}", vec![]),
    ] {
        assert_eq!(rules(text), expected, "{text}");
    }
}

#[test]
fn a_pod_may_use_variables_that_it_has() {
    let pod = |args: &str, extra: Value| {
        let mut container = json!({"name": "c", "args": [args]});
        container.as_object_mut().expect("a map").extend(extra.as_object().expect("a map").clone());
        check(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}}),
        )
    };
    assert!(pod("--a=$(A)", json!({"env": [{"name": "A", "value": "1"}]})).is_empty());
    assert!(pod("--a=$(A)", json!({"envFrom": [{"configMapRef": {"name": "c"}}]})).is_empty());
    assert_eq!(pod("--a=$(A)", json!({"env": [{"name": "B", "value": "1"}]})), ["variable"]);
    assert_eq!(pod("--a=$(A)", json!({})), ["variable"]);
}

#[test]
fn every_container_pulls_from_the_registry() {
    let template = json!({"spec": {"containers": [{"name": "c", "image": "kserve/agent:v1"}]}});
    let custom = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "t"},
        "spec": {"tfReplicaSpecs": {"Worker": {"template": template}}}});
    assert_eq!(check(custom), ["image"]);
}

#[test]
fn versions_that_are_gone() {
    let object = |version: &str, kind: &str| json!({"apiVersion": version, "kind": kind, "metadata": {"name": "o"}});
    assert_eq!(check(object("extensions/v1beta1", "Ingress")), ["removed-api"]);
    assert_eq!(check(object("autoscaling/v2beta1", "HorizontalPodAutoscaler")), ["removed-api"]);
    assert_eq!(check(object("networking.k8s.io/v1beta1", "IngressClass")), ["removed-api"]);
    assert!(check(object("networking.k8s.io/v1", "Ingress")).is_empty());
    let mut old = values(Region::CnNorth1);
    old.kubernetes.minor = 24;
    let budget = [Object(object("policy/v1beta1", "PodDisruptionBudget"))];
    assert!(audit(&budget, &old).expect("readable").is_empty(), "1.24 still serves it");
}

#[test]
fn custom_resources_need_a_version_that_their_definition_serves() {
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "books.example.com"}, "spec": {"group": "example.com", "names": {"kind": "Book"}, "versions": [
            {"name": "v1", "served": true}, {"name": "v1alpha1", "served": false}]}});
    let book = |version: &str| json!({"apiVersion": format!("example.com/{version}"), "kind": "Book", "metadata": {"name": "b"}});
    for (version, count) in [("v1", 0), ("v1alpha1", 1), ("v2", 1)] {
        let objects = [Object(definition.clone()), Object(book(version))];
        assert_eq!(audit(&objects, &values(Region::CnNorth1)).expect("readable").len(), count, "{version}");
    }
}

#[test]
fn placeholders_are_no_certificates() {
    let hook = |bundle: &str| {
        check(json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "h"}, "webhooks": [{"clientConfig": {"caBundle": bundle}}]}))
    };
    assert_eq!(hook("Cg=="), ["ca-bundle"]);
    assert_eq!(hook(""), ["ca-bundle"]);
    // "-----BEGIN CERTIFICATE-----" and a line.
    assert!(hook("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==").is_empty());
}

/// The two published logins, written so that no file of ours repeats them as they are.
#[test]
fn published_logins_are_found_and_not_repeated() {
    let hash = ["$2y$12$4K/VkmDd1q1Orb3xAt82zu8gk7Ad", "6ReFR4LCP9UeYE90NLiN9Df72"].concat();
    let secret = ["cFVCbkJPWTgwU25YZ2ppYlRZTTlaV056", "WTJ4cmVOR1Fvaw=="].concat();
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dex"},
        "data": {"config.yaml": format!("staticPasswords:\n- email: a\n  hash: {hash}\n")}});
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"CLIENT_SECRET": secret}});
    for object in [map, secret] {
        let findings = audit(&[Object(object)], &values(Region::CnNorth1)).expect("readable");
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].rule, "published-login");
        assert!(!findings[0].to_string().contains("$2y$"), "{}", findings[0]);
    }
}

/// Whatever Kubernetes stopped to serve is raised, or the data says why not; and what is raised is served.
#[test]
fn every_removed_version_is_raised_or_has_a_reason() {
    let policy = policy::get().expect("reads");
    let newest = KubernetesVersion { major: 1, minor: 35 };
    for removed in &policy.removed {
        let kinds = match (removed.group.as_str(), removed.kinds.is_empty()) {
            (_, false) => removed.kinds.clone(),
            ("apps", _) => ["Deployment", "StatefulSet", "ControllerRevision"].map(String::from).to_vec(),
            ("autoscaling", _) => vec!["HorizontalPodAutoscaler".into()],
            ("apiextensions.k8s.io", _) => vec!["CustomResourceDefinition".into()],
            ("flowcontrol.apiserver.k8s.io", _) => vec!["FlowSchema".into(), "PriorityLevelConfiguration".into()],
            _ => vec!["AnyKind".into()],
        };
        for kind in kinds {
            let api = format!("{}/{}", removed.group, removed.version);
            let mut object =
                Object(serde_json::json!({"apiVersion": api, "kind": kind, "metadata": {"name": "o"}, "spec": {}}));
            let raised = super::super::uplift::uplift(&mut object, newest).is_some();
            assert_eq!(raised, removed.by_hand.is_none(), "{api} {kind}");
            assert_eq!(apis::check(&[object], newest, policy).is_empty(), raised, "{api} {kind}");
        }
    }
}
