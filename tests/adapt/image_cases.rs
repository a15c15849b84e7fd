//! What people ran into with images, each as one test on the real bundle, in both regions.

use std::collections::BTreeMap;

use kfctl_cn::adapt::{Adapted, Fate, Set, SourceState, adapt, source_fact};
use kfctl_cn::model::{Object, Region};
use serde_json::{Value, json};

use super::cases::{field, variable};
use super::{everywhere, support, values};

fn kubeflow(all: &BTreeMap<Set, Adapted>, object: &str, path: &str) -> Option<Value> {
    field(all, Set::Kubeflow, object, path)
}

/// The object without what only documents: descriptions of schemas, and the examples that Knative's ConfigMaps carry.
fn without_prose(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, child)| {
                let prose = ["description", "_example"].contains(&key.as_str());
                !(prose && child.is_string())
            });
            kept.map(|(key, child)| (key.clone(), without_prose(child))).collect()
        }
        Value::Array(items) => items.iter().map(without_prose).collect(),
        other => other.clone(),
    }
}

/// E1: the host counts wherever it stands, not only in fields that are called `image`.
#[test]
fn no_foreign_registry_host_is_left_in_any_object() {
    let hosts = ["docker.io", "gcr.io", "quay.io", "ghcr.io", "public.ecr.aws", "nvcr.io", "mcr.microsoft.com"];
    everywhere(|all, registry| {
        let mut ours = 0;
        for object in all.values().flat_map(|out| &out.objects) {
            let mut text = without_prose(&object.0).to_string();
            for host in hosts.into_iter().chain(["registry.k8s.io", "k8s.gcr.io"]) {
                let place = format!("{registry}/{host}/");
                ours += text.matches(&place).count();
                text = text.replace(&place, "");
                assert!(!text.contains(&format!("{host}/")), "{host} in {}", object.id());
            }
        }
        assert!(ours > 125, "{ours} names in the registry");
    });
}

/// E2, E3 and E22: what is gone is replaced, by name and tag.
#[test]
fn dead_sources_are_replaced_by_ones_that_are_maintained() {
    everywhere(|all, registry| {
        let at = |source: &str| Some(json!(format!("{registry}/{source}")));
        let first = "/spec/template/spec/containers/0/image";
        let authservice = kubeflow(all, "StatefulSet/istio-system/authservice", first);
        assert_eq!(authservice, at("docker.io/kubeflowmanifestswg/oidc-authservice:e236439"));
        let images: Vec<&str> = all[&Set::Kubeflow].images.iter().map(|image| image.source.as_str()).collect();
        let proxies: Vec<&&str> = images.iter().filter(|image| image.contains("kube-rbac-proxy")).collect();
        assert_eq!(proxies, [&"quay.io/brancz/kube-rbac-proxy:v0.8.0"]);
        let cached = kubeflow(all, "ConfigMap/kubeflow/pipeline-install-config", "/data/cacheImage");
        assert_eq!(cached, at("docker.io/library/busybox:1.36.1"));
    });
}

/// E4: no like-for-like substitute exists, so the tag is kept and people are told that the source is gone.
#[test]
fn images_of_pipelines_keep_their_tag_and_are_known_to_be_gone() {
    everywhere(|all, registry| {
        let pipelines: Vec<_> =
            all[&Set::Kubeflow].images.iter().filter(|i| i.source.starts_with("gcr.io/ml-pipeline/")).collect();
        assert_eq!(pipelines.len(), 11, "{pipelines:#?}");
        for image in pipelines {
            assert_eq!(image.target, format!("{registry}/{}", image.source));
            let fact = source_fact(&image.source).expect("readable").expect("known");
            assert_eq!(fact.state, SourceState::Gone);
            assert!(fact.note.contains("kept copy"), "{}", fact.note);
        }
    });
}

/// E6.
#[test]
fn nothing_comes_from_the_old_registry_of_kfserving() {
    everywhere(|all, _| {
        let upstream = &all[&Set::Kubeflow].upstream;
        assert!(upstream.iter().all(|image| !image.name.starts_with("gcr.io/kfserving/")));
        assert!(upstream.iter().any(|image| image.name.starts_with("docker.io/kfserving/")));
    });
}

/// E7 and E10: container fields are not half of it.
#[test]
fn fifty_five_images_stand_in_pods_and_sixty_elsewhere_only() {
    everywhere(|all, _| {
        let in_pod = |place: &str| {
            let path = place.rsplit(' ').next().unwrap_or_default();
            path.contains("ontainers/") && path.ends_with("/image") && !path.contains('»')
        };
        let upstream = &all[&Set::Kubeflow].upstream;
        let (pods, elsewhere): (Vec<_>, Vec<_>) =
            upstream.iter().partition(|image| image.places.iter().any(|place| in_pod(place)));
        assert_eq!((pods.len(), elsewhere.len()), (55, 60), "{elsewhere:#?}");
        assert!(elsewhere.iter().all(|image| !matches!(image.fate, Fate::Dropped { .. })));
    });
}

/// E12: the names in the program of profiles, and the variables that go over them.
#[test]
fn new_profiles_pull_from_the_registry() {
    everywhere(|all, registry| {
        let profiles = "Deployment/kubeflow/kubeflow-pipelines-profile-controller";
        for (name, expected) in [
            ("FRONTEND_IMAGE", format!("{registry}/gcr.io/ml-pipeline/frontend")),
            ("FRONTEND_TAG", "1.8.2".into()),
            ("VISUALIZATION_SERVER_IMAGE", format!("{registry}/gcr.io/ml-pipeline/visualization-server")),
            ("VISUALIZATION_SERVER_TAG", "1.8.2".into()),
        ] {
            assert_eq!(variable(all, Set::Kubeflow, profiles, 0, name), Some(json!(expected)), "{name}");
        }
        let code = kubeflow(all, "ConfigMap/kubeflow/kubeflow-pipelines-profile-controller-code*", "/data/sync.py");
        let code = code.expect("the program").to_string();
        assert_eq!(code.matches("gcr.io/").count(), code.matches(&format!("{registry}/gcr.io/")).count());
    });
}

/// E13.
#[test]
fn experiments_pull_one_version_of_katib_from_the_registry() {
    everywhere(|all, registry| {
        let mut names = 0;
        for map in ["katib-config", "trial-templates"] {
            let data = kubeflow(all, &format!("ConfigMap/kubeflow/{map}"), "/data").expect("the ConfigMap");
            for text in data.as_object().expect("texts").values().filter_map(Value::as_str) {
                for word in text.split(['"', ' ', '\n']).filter(|word| word.contains("kubeflowkatib/")) {
                    names += 1;
                    assert!(word.starts_with(&format!("{registry}/docker.io/kubeflowkatib/")), "{word}");
                    assert!(word.ends_with(":v0.13.0"), "{word}");
                }
            }
        }
        assert!(names >= 18, "{names} names");
    });
}

/// E5 and E14.
#[test]
fn steps_of_workflows_wait_with_an_executor_of_the_registry() {
    everywhere(|all, registry| {
        let args = "/spec/template/spec/containers/0/args";
        let args = kubeflow(all, "Deployment/kubeflow/workflow-controller", args).expect("arguments");
        let args: Vec<&str> = args.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        let at = args.iter().position(|arg| *arg == "--executor-image").expect("the flag");
        assert_eq!(args[at + 1], format!("{registry}/gcr.io/ml-pipeline/argoexec:v3.2.3-license-compliance"));
    });
}

/// E15: hub, image and tag stand apart; put together they are a name in the registry.
#[test]
fn injected_sidecars_come_from_the_registry() {
    everywhere(|all, registry| {
        let of = |path: &str| {
            let at = format!("/data/values»/global/{path}");
            kubeflow(all, "ConfigMap/istio-system/istio-sidecar-injector", &at).expect("a value")
        };
        assert_eq!(of("hub"), json!(format!("{registry}/docker.io/istio")));
        assert_eq!((of("proxy/image"), of("tag")), (json!("proxyv2"), json!("1.11.4")));
    });
}

/// E16: the controller has no login for ECR, so it must not ask there for digests.
#[test]
fn knative_asks_no_registry_of_ours_for_digests() {
    everywhere(|all, registry| {
        let path = "/data/registriesSkippingTagResolving";
        let hosts = kubeflow(all, "ConfigMap/knative-serving/config-deployment", path).expect("the key");
        let host = registry.split('/').next().expect("a host");
        assert_eq!(hosts, json!(format!("kind.local,ko.local,dev.local,{host}")));
    });
}

/// E18: names are rewritten by the render, not by a function with a runtime that AWS retires.
#[test]
fn images_need_no_function_and_no_stack_in_aws() {
    let manifest = std::fs::read_to_string(support::root().join("Cargo.toml")).expect("Cargo.toml");
    assert!(manifest.contains("aws-sdk-eks"));
    for service in ["lambda", "apigateway", "cloudformation"] {
        assert!(!manifest.contains(&format!("aws-sdk-{service}")), "{service}");
    }
}

/// E19: no registry and no kind of container is left out, and a host that only resembles one is no other.
#[test]
fn every_registry_and_every_kind_of_container_is_rewritten() {
    let images = [
        "public.ecr.aws/a/b:1",
        "nvcr.io/nvidia/c:2",
        "ghcr.io/d/e:3",
        "mcr.microsoft.com/f:4",
        "registry.k8s.io/g:5",
        "evil-gcr.io.example/h:6",
        "gcr.io.example:8443/gcr.io/i:7",
        "quay.io/j/k:8@sha256:00",
    ];
    let containers = |kind: &str| -> Value {
        let one =
            |(index, image): (usize, &&str)| json!({"name": format!("{kind}-{index}").to_lowercase(), "image": image});
        images.iter().enumerate().map(one).collect()
    };
    let spec: serde_json::Map<String, Value> = ["containers", "initContainers", "ephemeralContainers"]
        .into_iter()
        .map(|kind| (kind.to_owned(), containers(kind)))
        .collect();
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}, "spec": spec});
    let values = values(Region::CnNorth1);
    let out = adapt(Set::StorageClass, vec![Object(pod)], &values).expect("adapts");
    assert_eq!(out.findings, []);
    for kind in ["containers", "initContainers", "ephemeralContainers"] {
        for (index, image) in images.iter().enumerate() {
            let place = image.replacen(":8443/", "_8443/", 1);
            let found = &out.objects[0].0["spec"][kind][index]["image"];
            assert_eq!(*found, json!(format!("{}/{place}", values.registry)), "{kind}");
        }
    }
    let sources: Vec<&str> = out.images.iter().map(|image| image.source.as_str()).collect();
    assert_eq!(sources.len(), images.len());
    assert!(images.iter().all(|image| sources.contains(image)), "{sources:?}");
}
