//! What people who did this by hand ran into, each with its right value in the adapted objects.

use std::collections::BTreeMap;

use kfctl_cn::adapt::{Adapted, Set};
use kfctl_cn::kustomize;
use kfctl_cn::model::Region;
use serde_json::{Value, json};

/// The field of an object; `text»path` leads into the data that a text holds.
pub fn field(all: &BTreeMap<Set, Adapted>, set: Set, object: &str, path: &str) -> Option<Value> {
    let (kind, rest) = object.split_once('/').expect("Kind/namespace/name");
    let (namespace, name) = rest.split_once('/').expect("Kind/namespace/name");
    let matches = |found: &str| found == name || name.strip_suffix('*').is_some_and(|start| found.starts_with(start));
    let object =
        all[&set].objects.iter().find(|o| o.kind() == kind && o.namespace() == namespace && matches(o.name()))?;
    match path.split_once('»') {
        None => object.0.pointer(path).cloned(),
        Some((text, inner)) => {
            let text = object.0.pointer(text)?.as_str()?;
            kustomize::parse_value(text, object.name()).expect("data").pointer(inner).cloned()
        }
    }
}

/// The value of a container's variable.
pub fn variable(all: &BTreeMap<Set, Adapted>, set: Set, object: &str, container: usize, name: &str) -> Option<Value> {
    let env = field(all, set, object, &format!("/spec/template/spec/containers/{container}/env"))?;
    env.as_array()?.iter().find(|entry| entry["name"] == name).map(|entry| entry["value"].clone())
}

/// Every case that adapted objects can show.
pub fn hold(all: &BTreeMap<Set, Adapted>, region: Region) {
    let region = region.as_str();
    let s3 = format!("s3.{region}.amazonaws.com.cn");
    let root = format!("s3://kf-123456789012/v2/artifacts?region={region}");
    let rds = format!("kf-db.abcdefghijkl.rds.{region}.amazonaws.com.cn");
    let registry = format!("123456789012.dkr.ecr.{region}.amazonaws.com.cn");
    let install = "ConfigMap/kubeflow/pipeline-install-config";
    let workflows = "ConfigMap/kubeflow/workflow-controller-configmap";
    let spot = |case: &str, set: Set, object: &str, path: &str, expected: Value| {
        assert_eq!(field(all, set, object, path), Some(expected), "{case}: {object} {path}");
    };
    let kubeflow =
        |case: &str, object: &str, path: &str, expected: Value| spot(case, Set::Kubeflow, object, path, expected);
    for (case, object, path, expected) in [
        ("C2", install, "/data/minioServiceHost", json!(s3)),
        ("C2", workflows, "/data/config»/artifactRepository/s3/endpoint", json!(s3)),
        ("C2", workflows, "/data/config»/artifactRepository/s3/bucket", json!("kf-123456789012")),
        ("C5", install, "/data/minioServiceRegion", json!(region)),
        ("C5", workflows, "/data/config»/artifactRepository/s3/region", json!(region)),
        ("D14", workflows, "/data/config»/containerRuntimeExecutor", json!("emissary")),
        ("database", install, "/data/dbHost", json!(rds)),
        ("database", install, "/data/mlmdDb", json!("metadb")),
        ("launcher", "ConfigMap/kubeflow/kfp-launcher", "/data/defaultPipelineRoot", json!(root)),
        ("launcher", install, "/data/defaultPipelineRoot", json!(root)),
        ("C7", "ConfigMap/kserve/inferenceservice-config", "/data/credentials»/s3/s3Endpoint", json!(s3)),
        ("C7", "ConfigMap/kubeflow/inferenceservice-config", "/data/credentials»/s3/s3UseHttps", json!("1")),
        (
            "C15",
            "SecretProviderClass/kubeflow/rds-secret",
            "/spec/parameters/objects»/0/objectName",
            json!("kf-rds-secret"),
        ),
        (
            "C15",
            "SecretProviderClass/kubeflow/s3-secret",
            "/spec/parameters/objects»/0/objectName",
            json!("kf-s3-secret"),
        ),
        ("D4", "PodDisruptionBudget/knative-serving/activator-pdb", "/apiVersion", json!("policy/v1")),
        ("login", "Profile//kubeflow-user-example-com", "/spec/owner/name", json!("admin@kubeflow.example")),
    ] {
        kubeflow(case, object, path, expected);
    }
    let role = "/metadata/annotations/eks.amazonaws.com~1role-arn";
    let account = "ServiceAccount/kubeflow/kubeflow-secrets-manager-sa";
    kubeflow("C15", account, role, json!("arn:aws-cn:iam::123456789012:role/kf-secrets"));
    let audiences = json!([{"audience": "sts.amazonaws.com"}, {"audience": "pods.eks.amazonaws.com"}]);
    spot("C16", Set::CsiDriver, "CSIDriver//secrets-store.csi.k8s.io", "/spec/tokenRequests", audiences);
    let default = "/metadata/annotations/storageclass.kubernetes.io~1is-default-class";
    spot("F2", Set::StorageClass, "StorageClass//gp3", default, json!("true"));
    spot("F2", Set::StorageClass, "StorageClass//gp3", "/provisioner", json!("ebs.csi.aws.com"));
    variables(all, region, &s3, &registry);
    gone(all);
}

fn variables(all: &BTreeMap<Set, Adapted>, region: &str, s3: &str, registry: &str) {
    for (case, set, object, container, name, expected) in [
        ("C1", Set::Kubeflow, "Deployment/kubeflow/ml-pipeline-ui", 0, "AWS_REGION", region),
        ("C1", Set::Kubeflow, "Deployment/kubeflow/ml-pipeline-ui", 0, "AWS_S3_ENDPOINT", s3),
        ("D13", Set::Kubeflow, "Deployment/kubeflow/profiles-deployment", 1, "AWS_REGION", region),
        ("IRSA", Set::Kubeflow, "Deployment/kubeflow/aws-secrets-sync", 0, "AWS_STS_REGIONAL_ENDPOINTS", "regional"),
        ("B5", Set::Karpenter, "Deployment/kube-system/karpenter", 0, "AWS_REGION", region),
        ("B5", Set::Karpenter, "Deployment/kube-system/karpenter", 0, "AWS_STS_REGIONAL_ENDPOINTS", "regional"),
        ("B6", Set::Karpenter, "Deployment/kube-system/karpenter", 0, "INTERRUPTION_QUEUE", "kf-karpenter"),
    ] {
        assert_eq!(variable(all, set, object, container, name), Some(json!(expected)), "{case}: {object} {name}");
    }
    // B4: prices of both regions come from the API in Ningxia; the isolated table has Beijing only.
    assert_eq!(variable(all, Set::Karpenter, "Deployment/kube-system/karpenter", 0, "ISOLATED_VPC"), None);
    let image =
        field(all, Set::Karpenter, "Deployment/kube-system/karpenter", "/spec/template/spec/containers/0/image");
    assert_eq!(image, Some(json!(format!("{registry}/mirror/public.ecr.aws/karpenter/controller:1.14.1"))));
}

/// D2, D12 and the placeholders: what must not be there any more.
fn gone(all: &BTreeMap<Set, Adapted>) {
    let kubeflow = &all[&Set::Kubeflow];
    for object in &kubeflow.objects {
        let old = [
            "apiextensions.k8s.io/v1beta1",
            "policy/v1beta1",
            "autoscaling/v2beta2",
            "batch/v1beta1",
            "cert-manager.io/v1alpha2",
        ];
        assert!(!old.contains(&object.api_version()), "{}", object.id());
        let telemetry = object.name().starts_with("aws-kube") && object.name().contains("telemetry");
        assert!(!telemetry && !object.name().contains("minio"), "{}", object.id());
    }
    let raised = kubeflow.applied.iter().filter(|applied| {
        ["crd-v1", "webhook-v1", "rbac-v1", "disruption-budget-v1", "cron-job-v1", "autoscaler-v2"]
            .iter()
            .any(|kind| applied.id == format!("kubernetes/{kind}"))
    });
    assert_eq!(raised.count(), 21, "core APIs that are gone");
    let text = serde_json::to_string(&kubeflow.objects.iter().map(|o| &o.0).collect::<Vec<_>>()).expect("JSON");
    assert!(!text.contains("\"Cg==\""), "a placeholder for a CA bundle");
    let definitions = kubeflow.objects.iter().filter(|o| o.name().ends_with(".dex.coreos.com"));
    assert_eq!(definitions.count(), 10, "what dex keeps its state in");
}
