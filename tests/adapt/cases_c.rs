//! Section C of the public cases, as far as manifests show them: S3 and its keys, secrets, the metadata store.

use std::collections::BTreeMap;

use kfctl_cn::adapt::{Adapted, Set, adapt};
use kfctl_cn::model::{Object, Region};
use serde_json::{Value, json};

use super::cases::{field, variable};
use super::{everywhere, support::render::values};

const INSTALL: &str = "ConfigMap/kubeflow/pipeline-install-config";
const WORKFLOWS: &str = "ConfigMap/kubeflow/workflow-controller-configmap";

fn kubeflow(all: &BTreeMap<Set, Adapted>, object: &str, path: &str) -> Option<Value> {
    field(all, Set::Kubeflow, object, path)
}

/// `s3.<region>.amazonaws.com.cn`, from the registry's host: `<account>.dkr.ecr.<region>.…`.
fn s3_host(registry: &str) -> String {
    format!("s3.{}.amazonaws.com.cn", region(registry))
}

fn region(registry: &str) -> &str {
    registry.split('.').nth(3).expect("a host of ECR")
}

/// A variable of a container and where its value comes from.
fn source(all: &BTreeMap<Set, Adapted>, object: &str, name: &str) -> Option<Value> {
    let env = kubeflow(all, object, "/spec/template/spec/containers/0/env")?;
    env.as_array()?.iter().find(|entry| entry["name"] == name).cloned()
}

/// kubeflow/pipelines#7995: the user interface takes another host; 1.8.2 has it fixed and goes by the region alone, which it knows
/// for Beijing. Its name for the host is set for images that read it.
#[test]
fn c1_the_user_interface_is_given_region_and_host() {
    everywhere(|all, registry| {
        let of = |name| variable(all, Set::Kubeflow, "Deployment/kubeflow/ml-pipeline-ui", 0, name);
        assert_eq!(of("AWS_REGION"), Some(json!(region(registry))));
        assert_eq!(of("AWS_S3_ENDPOINT"), Some(json!(s3_host(registry))));
    });
}

/// awslabs#257: of two hosts one was changed.
#[test]
fn c2_the_host_is_right_in_both_places() {
    everywhere(|all, registry| {
        assert_eq!(kubeflow(all, INSTALL, "/data/minioServiceHost"), Some(json!(s3_host(registry))));
        assert_eq!(
            kubeflow(all, WORKFLOWS, "/data/config»/artifactRepository/s3/endpoint"),
            Some(json!(s3_host(registry)))
        );
    });
}

/// awslabs#336: a variable of kustomize that nobody replaced. The audit finds one.
#[test]
fn c3_no_variable_is_left_and_one_that_is_ends_the_run() {
    everywhere(|all, _| {
        for object in all[&Set::Kubeflow].objects.iter().filter(|o| o.kind() == "ConfigMap") {
            for (key, value) in object.0["data"].as_object().into_iter().flatten() {
                let text = value.as_str().unwrap_or_default();
                // What Istio's injector writes into containers is filled there.
                let injector = object.name().starts_with("istio-sidecar-injector");
                assert!(injector || !text.contains("$(kfp") && !text.contains("$(minio"), "{} {key}", object.id());
            }
        }
    });
    let map =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"host": "$(kfp-host)"}});
    let out = adapt(Set::StorageClass, vec![Object(map)], &values(Region::CnNorth1)).expect("adapts");
    assert!(out.findings.iter().any(|finding| finding.rule == "variable"), "{:?}", out.findings);
}

/// The guide's script writes its host over what was mended. Here nothing comes after the audit, which looks at all.
#[test]
fn c4_the_global_host_is_nowhere_and_is_found_wherever_it_comes_back() {
    everywhere(|all, _| {
        for object in all.values().flat_map(|out| &out.objects) {
            assert!(!object.0.to_string().contains("s3.amazonaws.com"), "{}", object.id());
        }
    });
    for region in Region::ALL {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "pipeline-install-config",
            "namespace": "kubeflow"}, "data": {"other": "s3.amazonaws.com"}});
        let out = adapt(Set::StorageClass, vec![Object(map)], &values(region)).expect("adapts");
        assert!(out.findings.iter().any(|finding| finding.rule == "endpoint"), "{:?}", out.findings);
    }
}

/// kubeflow/pipelines#2819, #8111: an empty region is us-east-1.
#[test]
fn c5_the_region_is_set_and_the_api_server_reads_it() {
    everywhere(|all, registry| {
        assert_eq!(kubeflow(all, INSTALL, "/data/minioServiceRegion"), Some(json!(region(registry))));
        let read = source(all, "Deployment/kubeflow/ml-pipeline", "OBJECTSTORECONFIG_REGION").expect("a variable");
        assert_eq!(
            read["valueFrom"]["configMapKeyRef"],
            json!({"name": "pipeline-install-config", "key": "minioServiceRegion"})
        );
        let workflows = kubeflow(all, WORKFLOWS, "/data/config»/artifactRepository/s3/region");
        assert_eq!(workflows, Some(json!(region(registry))));
    });
}

/// kubeflow/pipelines#3405: the metadata writer tells S3 from MinIO by the host that it sees in workflows. That host has `s3` and
/// `amazonaws.com` in it, which later versions of the writer look for; which of them 1.8.2 is can't be seen in its manifests.
#[test]
fn c6_the_host_that_the_metadata_writer_sees_looks_like_s3() {
    everywhere(|all, _| {
        let host = kubeflow(all, WORKFLOWS, "/data/config»/artifactRepository/s3/endpoint").expect("a host");
        let host = host.as_str().expect("text");
        assert!(host.find("s3").is_some_and(|at| host[at..].contains("amazonaws.com")), "{host}");
        assert!(kubeflow(all, "Deployment/kubeflow/metadata-writer", "/spec").is_some());
    });
}

/// kserve#696, #849, #213: no model is loaded, because the host is empty.
#[test]
fn c7_models_are_loaded_from_s3_of_the_region_over_https() {
    everywhere(|all, registry| {
        for namespace in ["kserve", "kubeflow"] {
            let map = format!("ConfigMap/{namespace}/inferenceservice-config");
            let at = |key: &str| kubeflow(all, &map, &format!("/data/credentials»/s3/{key}"));
            assert_eq!(at("s3Endpoint"), Some(json!(s3_host(registry))), "{namespace}");
            assert_eq!(at("s3UseHttps"), Some(json!("1")), "{namespace}");
        }
    });
}

/// manifests#2875: two starters leave a half-filled database.
#[test]
fn c14_the_metadata_store_is_started_once() {
    everywhere(|all, _| {
        let store = "Deployment/kubeflow/metadata-grpc-deployment";
        assert_eq!(kubeflow(all, store, "/spec/replicas"), Some(json!(1)));
    });
}

/// secrets-store-csi-driver-provider-aws, pull request 561; provider#91; secrets-store-csi-driver#953.
#[test]
fn c16_c17_driver_and_provider_are_a_pair_on_every_node() {
    everywhere(|all, _| {
        let requests = field(all, Set::CsiDriver, "CSIDriver//secrets-store.csi.k8s.io", "/spec/tokenRequests");
        assert_eq!(requests, Some(json!([{"audience": "sts.amazonaws.com"}, {"audience": "pods.eks.amazonaws.com"}])));
        for set in [Set::CsiDriver, Set::CsiProvider] {
            let daemons = all[&set].objects.iter().find(|o| o.kind() == "DaemonSet").expect("a DaemonSet");
            let pods = &daemons.0["spec"]["template"]["spec"];
            assert_eq!(pods["tolerations"], json!([{"operator": "Exists"}]), "{}", daemons.id());
            let mut paths =
                pods["volumes"].as_array().into_iter().flatten().filter_map(|v| v["hostPath"]["path"].as_str());
            assert!(paths.any(|path| path == "/var/run/secrets-store-csi-providers"), "{}", daemons.id());
        }
    });
}

/// awslabs#44, #704, manifests#2061, deployKF pull request 79: the S3 client of Pipelines 1.8.2 knows no web identity, so that there are
/// keys; and keys that are given by default would hide those of a role.
#[test]
fn c23_c24_the_keys_come_from_the_secret_and_no_default_key_is_left() {
    everywhere(|all, _| {
        let server = "Deployment/kubeflow/ml-pipeline";
        for (name, key) in
            [("OBJECTSTORECONFIG_ACCESSKEY", "accesskey"), ("OBJECTSTORECONFIG_SECRETACCESSKEY", "secretkey")]
        {
            let read = source(all, server, name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(read["valueFrom"]["secretKeyRef"], json!({"name": "mlpipeline-minio-artifact", "key": key}));
        }
        for object in &all[&Set::Kubeflow].objects {
            let plain =
                |entry: &Value| entry["value"].as_str().is_some_and(|value| ["minio", "minio123"].contains(&value));
            let containers = object.0.pointer("/spec/template/spec/containers").and_then(Value::as_array);
            let env = containers.into_iter().flatten().filter_map(|c| c["env"].as_array()).flatten();
            assert!(env.into_iter().all(|entry| !plain(entry)), "{} has a default key", object.id());
            assert!(
                !(object.kind() == "Secret" && object.name() == "mlpipeline-minio-artifact"),
                "it comes from Secrets Manager"
            );
        }
    });
}
