//! The adaptations as a whole, on small objects of our own. The real tree is in `tests/adapt`.

use serde_json::{Value, json};

use super::*;
use crate::model::{Region, Secret};

pub(super) fn values(region: Region) -> Values {
    Values {
        region,
        account: "123456789012".into(),
        deployment: "kf".into(),
        cluster: "kf".into(),
        cluster_endpoint: "https://ABC.yl4.cn-north-1.eks.amazonaws.com.cn".into(),
        kubernetes: KubernetesVersion { major: 1, minor: 35 },
        registry: format!("{}/kubeflow", region.ecr_host("123456789012")),
        bucket: "kf-123456789012".into(),
        db_host: format!("kf-db.abc.rds.{region}.amazonaws.com.cn"),
        db_port: "3306".into(),
        rds_secret: "kf-rds-secret".into(),
        s3_secret: "kf-s3-secret".into(),
        secrets_role_arn: "arn:aws-cn:iam::123456789012:role/kf-secrets".into(),
        admin_email: "admin@example.com".into(),
        admin_hash: Secret::new("$2b$12$abcdefghijklmnopqrstuuGX2Vq0r0nQkqkqkqkqkqkqkqkqkqkqk"),
        oidc_client_secret: Secret::new("a-client-secret-of-this-deployment"),
        karpenter_role_arn: "arn:aws-cn:iam::123456789012:role/kf-karpenter".into(),
        karpenter_node_role: "kf-karpenter-node".into(),
        karpenter_queue: "kf-karpenter".into(),
        karpenter_version: "1.14.1".into(),
        device_plugin_version: "0.20.0".into(),
        karpenter_subnets: Vec::new(),
        karpenter_security_groups: Vec::new(),
        node_user_data: None,
        disk_key: None,
        gpu_families: vec!["g4dn".into(), "g5".into()],
        gpu_capacity_types: vec!["on-demand".into()],
        gpu_max: 8,
        gpu_consolidate_after: "300s".into(),
    }
}

fn config_map(name: &str, data: Value) -> Object {
    Object(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "kubeflow"}, "data": data}),
    )
}

fn adapted(objects: Vec<Object>) -> Adapted {
    adapt(Set::Kubeflow, objects, &values(Region::CnNorthwest1)).expect("adapts")
}

const REGISTRY: &str = "123456789012.dkr.ecr.cn-northwest-1.amazonaws.com.cn/kubeflow";

#[test]
fn every_embedded_adaptation_is_readable_and_explained() {
    let all = table::all().as_ref().expect("every file is readable");
    let mut ids: Vec<&str> = all.iter().map(|adaptation| adaptation.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all.len(), "an id stands twice");
    for adaptation in all {
        assert!(["china/", "kubernetes/", "fixes/"].iter().any(|group| adaptation.id.starts_with(group)));
        assert!(!adaptation.sets.is_empty() && !adaptation.changes.is_empty(), "{}", adaptation.id);
        assert!(adaptation.reason.len() > 15 && adaptation.source.len() > 5, "{}", adaptation.id);
    }
}

/// What the code does is attributed to entries that say why.
#[test]
fn what_the_code_does_is_explained_too() {
    let old = |version: &str, kind: &str| {
        Object(json!({"apiVersion": version, "kind": kind, "metadata": {"name": "o"}, "spec": {}, "webhooks": []}))
    };
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "a/b:1"}]}});
    let out = adapted(vec![
        old("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"),
        old("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration"),
        old("rbac.authorization.k8s.io/v1beta1", "Role"),
        old("policy/v1beta1", "PodDisruptionBudget"),
        old("batch/v1beta1", "CronJob"),
        old("autoscaling/v2beta2", "HorizontalPodAutoscaler"),
        old("cert-manager.io/v1alpha2", "Issuer"),
        old("secrets-store.csi.x-k8s.io/v1alpha1", "SecretProviderClass"),
        Object(pod),
    ]);
    assert_eq!(out.applied.len(), 9, "{:#?}", out.applied);
    for applied in &out.applied {
        let entry = adaptations().iter().find(|adaptation| adaptation.id == applied.id);
        let entry = entry.unwrap_or_else(|| panic!("no entry for {}", applied.id));
        assert!(entry.sets.contains(&Set::Kubeflow));
    }
}

#[test]
fn conditions_hold_by_version_and_region() {
    let holds = |text: &str, minor: u32, region: Region| {
        let when: When = serde_saphyr::from_str(text).expect("readable");
        let kubernetes = KubernetesVersion { major: 1, minor };
        when.holds(&Values { kubernetes, ..values(region) })
    };
    let (north, west) = (Region::CnNorth1, Region::CnNorthwest1);
    assert!(holds("kubernetes_from: \"1.24\"", 24, north) && holds("kubernetes_from: \"1.9\"", 35, north));
    assert!(!holds("kubernetes_from: \"1.24\"", 23, north));
    assert!(holds("regions: [cn-north-1]", 35, north) && !holds("regions: [cn-north-1]", 35, west));
    assert!(serde_saphyr::from_str::<When>("kubernetes: \"1.24\"").is_err(), "an unknown condition is no condition");
}

#[test]
fn own_manifests_are_filled() {
    for set in [Set::StorageClass, Set::ImageWebhook, Set::GpuPool] {
        let objects = own_objects(set, &values(Region::CnNorth1)).expect("readable");
        assert!(!objects.is_empty());
        let text = format!("{objects:?}");
        assert!(!text.contains("${"), "{text}");
    }
    let pool = own_objects(Set::GpuPool, &values(Region::CnNorth1)).expect("readable");
    let pool = &pool.iter().find(|object| object.kind() == "NodePool").expect("a pool").0;
    assert_eq!(pool["spec"]["limits"]["nvidia.com/gpu"], 8);
    assert_eq!(pool["spec"]["template"]["spec"]["requirements"][0]["values"], json!(["g4dn", "g5"]));
    let class = |user_data: Option<String>| {
        let values = Values { node_user_data: user_data, ..values(Region::CnNorth1) };
        let all = own_objects(Set::GpuPool, &values).expect("readable");
        all.into_iter().find(|object| object.kind() == "EC2NodeClass").expect("a class").0
    };
    assert_eq!(class(Some("told".into()))["spec"]["userData"], "told");
    assert!(class(None)["spec"].get("userData").is_none(), "a field without a value");
    assert_eq!(pool["spec"]["disruption"], json!({"consolidationPolicy": "WhenEmpty", "consolidateAfter": "300s"}));
}

/// Names put together in every way: the object, then what the carrier holds afterwards.
#[test]
fn images_are_rewritten_wherever_they_are_named() {
    let katib = config_map("katib-config", json!({"suggestion": "{\"tpe\": {\"image\": \"docker.io/k/tpe:v1\"}}"}));
    let kserve = config_map(
        "inferenceservice-config",
        json!({
            "agent": "{\n  \"image\" : \"kserve/agent:v1\"\n}",
            "predictors": "{\"sk\": {\"v1\": {\"image\": \"kserve/sk\", \"defaultImageVersion\": \"1\", \"defaultGpuImageVersion\": \"1-gpu\"}}}",
            "credentials": "{\"s3\": {}}"
        }),
    );
    let spawner = config_map(
        "jupyter-web-app-config-abc",
        json!({"spawner_ui_config.yaml":
        "spawnerFormDefaults:\n  image:\n    # the default\n    value: public.ecr.aws/a/b:v1\n    options:\n    - public.ecr.aws/a/b:v1\n    - c/d:v2\n"}),
    );
    let injector = config_map(
        "istio-sidecar-injector",
        json!({
            "values": "{\"global\": {\"hub\": \"docker.io/istio\", \"tag\": \"1.2\", \"proxy\": {\"image\": \"proxyv2\"}, \"proxy_init\": {\"image\": \"proxyv2\"}}}",
            "config": "templates:\n  sidecar: |\n    {{ if x }}\n    image: busybox:1.28\n    {{ end }}\n"
        }),
    );
    let pod = Object(
        json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "t", "namespace": "n"}, "spec": {"x": {
            "initContainers": [{"name": "i", "image": "python:3.7"}],
            "containers": [{"name": "c", "image": "gcr.io/x/y@sha256:00", "args": ["--executor-image", "gcr.io/x/exec:v3", "--other", "a/b"],
                "env": [{"name": "DISPATCHER_IMAGE", "value": "quay.io/d:1"}, {"name": "AN_IMAGE", "value": "e/f"}, {"name": "AN_TAG", "value": "7"}]}]
        }}}),
    );
    let out = adapted(vec![katib, kserve, spawner, injector, pod]);
    assert_eq!(out.findings, []);
    let sources: Vec<&str> = out.images.iter().map(|image| image.source.as_str()).collect();
    assert_eq!(
        sources,
        [
            "docker.io/c/d:v2",
            "docker.io/e/f:7",
            "docker.io/istio/proxyv2:1.2",
            "docker.io/k/tpe:v1",
            "docker.io/kserve/agent:v1",
            "docker.io/kserve/sk:1",
            "docker.io/kserve/sk:1-gpu",
            "docker.io/library/busybox:1.28",
            "docker.io/library/python:3.7",
            "gcr.io/x/exec:v3",
            "gcr.io/x/y@sha256:00",
            "public.ecr.aws/a/b:v1",
            "quay.io/d:1",
        ]
    );
    assert!(out.images.iter().all(|image| image.target == format!("{REGISTRY}/{}", image.source)));
    let text = |index: usize, pointer: &str| {
        out.objects[index].0.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    assert_eq!(
        text(2, "/data/spawner_ui_config.yaml"),
        format!(
            "spawnerFormDefaults:\n  image:\n    # the default\n    value: {REGISTRY}/public.ecr.aws/a/b:v1\n    options:\n    - {REGISTRY}/public.ecr.aws/a/b:v1\n    - {REGISTRY}/docker.io/c/d:v2\n"
        ),
        "comments stay"
    );
    assert!(text(3, "/data/values").contains(&format!("\"hub\": \"{REGISTRY}/docker.io/istio\"")));
    assert_eq!(text(4, "/spec/x/containers/0/args/3"), "a/b");
    let again = adapted(out.objects.clone());
    assert_eq!((again.objects, again.images, again.applied), (out.objects, out.images, vec![]));
}

#[test]
fn gone_sources_are_replaced_and_named() {
    let pod = Object(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"},
        "spec": {"containers": [{"name": "c", "image": "gcr.io/kubebuilder/kube-rbac-proxy:v0.4.0"}]}}));
    let out = adapted(vec![pod]);
    assert_eq!(out.images[0].source, "quay.io/brancz/kube-rbac-proxy:v0.8.0");
    assert_eq!(
        out.objects[0].0["spec"]["containers"][0]["image"],
        format!("{REGISTRY}/quay.io/brancz/kube-rbac-proxy:v0.8.0")
    );
    assert_eq!(out.applied[0].id, "kubernetes/kube-rbac-proxy-image");
}

#[test]
fn workflows_get_executor_region_and_host_in_the_one_key() {
    let config = "{\nartifactRepository:\n{\n  s3: {\n    bucket: ,\n    endpoint: s3.amazonaws.com,\n    insecure: false\n  },\n  archiveLogs: true\n}\n}\n";
    let out = adapted(vec![config_map("workflow-controller-configmap", json!({"config": config}))]);
    assert_eq!(out.findings, []);
    let data = &out.objects[0].0["data"];
    assert_eq!(data.as_object().map(|map| map.len()), Some(1), "Argo allows no key beside `config`");
    assert_eq!(
        embedded::read(data["config"].as_str().expect("text")),
        Some(json!({
            "artifactRepository": {
                "s3": {"bucket": "kf-123456789012", "endpoint": "s3.cn-northwest-1.amazonaws.com.cn", "insecure": false, "region": "cn-northwest-1"},
                "archiveLogs": true
            },
            "containerRuntimeExecutor": "emissary"
        }))
    );
}

/// The hash and the shared secret are this deployment's, and nothing that is reported repeats them.
#[test]
fn no_default_login_survives_and_none_is_shown() {
    let hash = ["$2y$12$4K/VkmDd1q1Orb3xAt82zu8gk7Ad", "6ReFR4LCP9UeYE90NLiN9Df72"].concat();
    let secret = ["cFVCbkJPWTgwU25YZ2ppYlRZTTlaV056", "WTJ4cmVOR1Fvaw=="].concat();
    let config = format!(
        "staticPasswords:\n- email: user@example.com\n  hash: {hash}\nstaticClients:\n- idEnv: A\n  redirectURIs: [\"/login/oidc\"]\n"
    );
    let mut dex = config_map("dex", json!({"config.yaml": config}));
    dex.0["metadata"]["namespace"] = json!("auth");
    let client = |name: &str, namespace: &str, key: &str| {
        Object(
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "data": {key: secret}}),
        )
    };
    let objects = vec![
        dex,
        client("dex-oidc-client", "auth", "OIDC_CLIENT_SECRET"),
        client("oidc-authservice-client", "istio-system", "CLIENT_SECRET"),
    ];
    let out = adapted(objects);
    assert_eq!(out.findings, []);
    let values = values(Region::CnNorthwest1);
    let config = embedded::read(out.objects[0].0["data"]["config.yaml"].as_str().expect("text")).expect("YAML");
    assert_eq!(config["staticPasswords"], json!([{"email": "admin@example.com", "hash": values.admin_hash.expose()}]));
    assert_eq!(config["staticClients"][0]["redirectURIs"], json!(["/authservice/oidc/callback"]));
    assert_eq!(out.objects[1].0["data"]["OIDC_CLIENT_SECRET"], out.objects[2].0["data"]["CLIENT_SECRET"]);
    let said = format!("{:?}{:?}{:?}", out.applied, out.unmatched, out.images);
    for secret in template::secrets(&values).iter().chain([&hash]) {
        assert!(!said.contains(secret.as_str()), "{said}");
    }
}

#[test]
fn profile_programs_get_their_images_and_the_storage_login() {
    let program = concat!(
        "image = os.environ.get(\"FRONTEND_IMAGE\", \"gcr.io/ml-pipeline/frontend\")\n",
        "pod = {\"env\": [\n    {\n        \"name\": \"MINIO_ACCESS_KEY\",\n    }]}\n"
    );
    let out = adapted(vec![config_map("kubeflow-pipelines-profile-controller-code-abc", json!({"sync.py": program}))]);
    assert_eq!(out.findings, []);
    assert_eq!(out.images[0].source, "gcr.io/ml-pipeline/frontend:1.8.2");
    let text = out.objects[0].0["data"]["sync.py"].as_str().expect("text");
    assert!(text.contains(&format!("\"{REGISTRY}/gcr.io/ml-pipeline/frontend\"")), "{text}");
    assert!(text.contains("{\"name\": \"AWS_REGION\", \"value\": \"cn-northwest-1\"}"), "{text}");
    assert_eq!(adapted(out.objects.clone()).objects, out.objects);
}

#[test]
fn what_is_missing_is_told() {
    let out = adapted(vec![config_map("unrelated", json!({"a": "b"}))]);
    assert!(out.unmatched.contains(&"china/pipelines-storage: no such object".to_owned()), "{:?}", out.unmatched);
    assert!(out.unmatched.contains(&"kubernetes/dex-image: no such image".to_owned()));
    let deployment = Object(
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "ml-pipeline-ui", "namespace": "kubeflow"},
        "spec": {"template": {"spec": {"containers": [{"name": "another"}]}}}}),
    );
    let out = adapted(vec![deployment]);
    assert!(
        out.unmatched
            .iter()
            .any(|text| text.contains("has no /spec/template/spec/containers/[name=ml-pipeline-ui]/env"))
    );
}
