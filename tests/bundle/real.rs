//! The real bundle, where there is one.

use std::collections::BTreeSet;
use std::path::Path;

use kfctl_cn::bundle::{Bundle, Component};
use kfctl_cn::model::ErrorClass;
use serde_json::Value;

use crate::support;

/// The real bundle; the sample, should the environment name it, is none.
pub fn bundle() -> Option<std::path::PathBuf> {
    support::real_bundle().filter(|dir| !dir.join("bundle.lock.yaml").exists())
}

/// In the data set that tests get, this one program text is a stand-in.
const STAND_IN: &str = "upstream/apps/pipeline/upstream/base/installs/multi-user/pipelines-profile-controller/sync.py";

#[test]
fn every_file_is_as_pinned() {
    let Some(dir) = bundle() else { return };
    let allow = vec![STAND_IN.to_string()];
    let bundle = Bundle::open(&dir, &allow).unwrap();
    assert!(!bundle.is_sample());
    assert!(bundle.report().missing.is_empty() && bundle.report().absent.is_empty(), "{:?}", bundle.report());
    for component in bundle.lock().components() {
        assert!(bundle.path(component.name, Some(&component.version)).unwrap().is_dir());
    }
    assert!(bundle.path(Component::Kubeflow, None).unwrap().join("deployments/rds-s3").is_dir());
}

#[test]
fn the_stand_in_is_named_unless_it_is_allowed() {
    let Some(dir) = bundle() else { return };
    match Bundle::open(&dir, &[]) {
        Ok(bundle) => assert!(bundle.report().allowed.is_empty(), "a bundle without the stand-in"),
        Err(error) => {
            assert_eq!(error.class, ErrorClass::Config);
            assert!(error.to_string().contains(STAND_IN), "{error}");
            assert!(error.hints.iter().any(|hint| hint.contains("--allow-different")), "{error:?}");
        }
    }
}

/// What the controller may do: one line a verb, a resource and a name.
fn permissions(file: &Path) -> BTreeSet<String> {
    let objects: Vec<Value> = serde_saphyr::from_multiple(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut all = BTreeSet::new();
    for object in objects.iter().filter(|o| matches!(o["kind"].as_str(), Some("Role" | "ClusterRole"))) {
        let list = |rule: &Value, key: &str| -> Vec<String> {
            let values = rule[key].as_array().cloned().unwrap_or_default();
            values.iter().map(|value| value.as_str().unwrap().to_string()).collect()
        };
        let for_people = object["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-admin"] == "true";
        for rule in object["rules"].as_array().unwrap() {
            let mut names = list(rule, "resourceNames");
            if names.is_empty() {
                names.push("any".into());
            }
            for group in list(rule, "apiGroups") {
                for resource in list(rule, "resources") {
                    for verb in list(rule, "verbs") {
                        let line = |name| format!("{for_people} {} {verb} {group}/{resource} {name}", object["kind"]);
                        all.extend(names.iter().map(line));
                    }
                }
            }
        }
    }
    all
}

#[test]
fn our_karpenter_may_do_what_the_release_asks_for_and_no_more() {
    let Some(dir) = bundle() else { return };
    let file = Path::new("karpenter-1.14.1/rendered.yaml");
    let real = permissions(&dir.join(file));
    assert!(real.len() > 50);
    assert_eq!(permissions(&support::sample_bundle().join(file)), real);
}
