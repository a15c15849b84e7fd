//! API versions: what the deployments of the bundle were made for, and that nothing of it is left for the versions that
//! EKS creates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kfctl_cn::adapt::{KubernetesVersion, Set, adapt};
use kfctl_cn::model::{Object, Region};

use crate::support;
use crate::support::render::{self, objects, values};

/// The minor versions that EKS creates.
const MINORS: std::ops::RangeInclusive<u32> = 32..=36;

/// What a deployment has objects of but doesn't bring: the driver of the secrets, which `up` installs before it; and for the add-on
/// cert-manager, which the deployment that it is added to has.
fn before(bundle: &Path, deployment: &str) -> BTreeSet<String> {
    let mut brought = objects(bundle, Set::CsiDriver, &values(Region::CnNorth1));
    if deployment == "add-ons/load-balancer" {
        brought.extend(render::deployment(bundle, "vanilla"));
    }
    defined(&brought)
}

/// `apiVersion Kind` of every kind that the CRDs among the objects serve.
fn defined(objects: &[Object]) -> BTreeSet<String> {
    let text = |object: &Object, pointer| object.0.pointer(pointer).and_then(|v| v.as_str()).unwrap_or("").to_owned();
    let mut defined = BTreeSet::new();
    for crd in objects.iter().filter(|object| object.kind() == "CustomResourceDefinition") {
        let versions = crd.0.pointer("/spec/versions").and_then(|v| v.as_array()).into_iter().flatten();
        for version in versions.filter(|version| version["served"] == true) {
            let name = version["name"].as_str().expect("a name");
            defined.insert(format!("{}/{name} {}", text(crd, "/spec/group"), text(crd, "/spec/names/kind")));
        }
    }
    defined
}

/// What a cluster of 1.32 or newer has no place for.
fn unserved(objects: &[Object], before: &BTreeSet<String>) -> Vec<String> {
    let mut defined = defined(objects);
    defined.extend(before.iter().cloned());
    let known = |object: &&Object| {
        support::SERVED.iter().any(|(version, _)| *version == object.api_version())
            || defined.contains(&format!("{} {}", object.api_version(), object.kind()))
    };
    let told = |object: &Object| format!("{} {}", object.api_version(), object.id());
    objects.iter().filter(|object| !known(object)).map(told).collect()
}

/// Each version takes every object of any deployment; and each deployment brings the CRDs of all that it has.
#[test]
fn every_deployment_has_only_apis_that_each_version_serves() {
    let Some(bundle) = support::real_bundle() else { return };
    let mut all: Vec<Object> = Vec::new();
    for deployment in support::DEPLOYMENTS {
        let raw = render::deployment(&bundle, deployment);
        let before = before(&bundle, deployment);
        assert!(
            !unserved(&raw, &before).is_empty(),
            "{deployment}: upstream can't be applied as it is, or this test is blind"
        );
        assert_eq!(unserved(&adapted(raw.clone(), *MINORS.start()), &before), Vec::<String>::new(), "{deployment}");
        all.extend(raw);
    }
    let mut once = BTreeSet::new();
    all.retain(|object| once.insert(object.0.to_string()));
    for minor in MINORS {
        assert_eq!(
            unserved(&adapted(all.clone(), minor), &before(&bundle, "rds-s3")),
            Vec::<String>::new(),
            "1.{minor}"
        );
    }
}

/// The objects as a version takes them, of which the audit must not say otherwise.
fn adapted(raw: Vec<Object>, minor: u32) -> Vec<Object> {
    let mut values = values(Region::CnNorth1);
    values.kubernetes = KubernetesVersion { major: 1, minor };
    let out = adapt(Set::Kubeflow, raw, &values).expect("adapts");
    let gone: Vec<_> = out.findings.iter().filter(|finding| finding.rule == "removed-api").collect();
    assert!(gone.is_empty(), "1.{minor}: {gone:#?}");
    out.objects
}

/// D2: 20 objects use APIs that are gone, by the version that removed them; and the telemetry of AWS, which isn't applied.
#[test]
fn the_removed_apis_of_upstream_are_counted_by_version() {
    let Some(bundle) = support::real_bundle() else { return };
    let raw = render::deployment(&bundle, "rds-s3");
    let mut counts: BTreeMap<u32, BTreeMap<&str, usize>> = BTreeMap::new();
    for object in raw.iter().filter(|object| !telemetry(object)) {
        let removed = match object.api_version() {
            "apiextensions.k8s.io/v1beta1"
            | "admissionregistration.k8s.io/v1beta1"
            | "rbac.authorization.k8s.io/v1beta1" => 22,
            "policy/v1beta1" | "batch/v1beta1" => 25,
            "autoscaling/v2beta2" => 26,
            _ => continue,
        };
        *counts.entry(removed).or_default().entry(object.kind()).or_default() += 1;
    }
    let expected = serde_json::json!({
        "22": {"CustomResourceDefinition": 6, "MutatingWebhookConfiguration": 2, "ValidatingWebhookConfiguration": 2,
            "ClusterRole": 1, "ClusterRoleBinding": 1},
        "25": {"PodDisruptionBudget": 3},
        "26": {"HorizontalPodAutoscaler": 5},
    });
    assert_eq!(serde_json::to_value(&counts).expect("JSON"), expected);
    // A cluster of 1.21, which it was made for, takes all of it: nothing is raised that needn't be.
    let mut values = values(Region::CnNorth1);
    values.kubernetes = KubernetesVersion { major: 1, minor: 21 };
    let out = adapt(Set::Kubeflow, raw, &values).expect("adapts");
    assert!(out.findings.iter().all(|finding| finding.rule != "removed-api"), "{:#?}", out.findings);
}

fn telemetry(object: &Object) -> bool {
    // Upstream misspells one of the two names.
    matches!(object.kind(), "Job" | "CronJob") && object.name().ends_with("-telemetry")
}

/// D3: the autoscalers keep what they scale, and by what.
#[test]
fn autoscalers_say_the_same_in_the_new_version() {
    let Some(bundle) = support::real_bundle() else { return };
    let values = values(Region::CnNorth1);
    let raw = objects(&bundle, Set::Kubeflow, &values);
    let out = adapt(Set::Kubeflow, raw.clone(), &values).expect("adapts");
    let of = |objects: &[Object]| -> Vec<_> {
        let all = objects.iter().filter(|object| object.kind() == "HorizontalPodAutoscaler");
        all.map(|object| (object.name().to_owned(), object.0["spec"].clone())).collect()
    };
    assert_eq!(of(&out.objects), of(&raw));
    assert_eq!(of(&raw).len(), 5);
    let version = |object: &&Object| object.is("autoscaling", "HorizontalPodAutoscaler") && object.version() != "v2";
    assert!(!out.objects.iter().any(|object| version(&object)));
}

/// D8: a webhook before the service that answers it refuses all that comes after it.
#[test]
fn webhook_configurations_are_the_last_of_upstream() {
    let Some(bundle) = support::real_bundle() else { return };
    let kinds: Vec<String> =
        render::deployment(&bundle, "rds-s3").iter().map(|object| object.kind().to_owned()).collect();
    let count = |kind: &str| kinds.iter().filter(|k| *k == kind).count();
    let (mutating, validating) = (count("MutatingWebhookConfiguration"), count("ValidatingWebhookConfiguration"));
    assert_eq!((mutating, validating), (11, 12));
    let start = kinds.len() - mutating - validating;
    assert!(kinds[start..start + mutating].iter().all(|kind| kind == "MutatingWebhookConfiguration"), "{kinds:?}");
    assert!(kinds[start + mutating..].iter().all(|kind| kind == "ValidatingWebhookConfiguration"), "{kinds:?}");
}

/// D10, D12, D14: nobody asks for certificates that EKS doesn't sign, nothing calls home, no pod needs docker's socket.
#[test]
fn what_eks_in_china_has_no_place_for_is_not_there() {
    let Some(bundle) = support::real_bundle() else { return };
    let values = values(Region::CnNorthwest1);
    let raw = objects(&bundle, Set::Kubeflow, &values);
    assert_eq!(raw.iter().filter(|object| telemetry(object)).count(), 2, "upstream has a Job and a CronJob");
    let out = adapt(Set::Kubeflow, raw, &values).expect("adapts");
    assert_eq!(out.objects.iter().filter(|object| telemetry(object)).count(), 0);
    for object in &out.objects {
        let text = object.0.to_string();
        assert!(!text.contains("cache-deployer"), "{}", object.id());
        assert!(!text.contains("docker.sock"), "{}", object.id());
        assert!(object.kind() != "CertificateSigningRequest", "{}", object.id());
        assert!(!text.contains("aws-kubeflow-telemetry"), "{}", object.id());
    }
    let config = out.objects.iter().find(|object| object.name() == "workflow-controller-configmap").expect("argo");
    assert!(config.0["data"].to_string().contains("containerRuntimeExecutor: emissary"), "{}", config.0["data"]);
}
