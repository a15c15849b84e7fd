//! The real bundle, where there is one.

use kfctl_cn::bundle::{Bundle, Component};
use kfctl_cn::model::ErrorClass;

use crate::support;

fn real_bundle() -> Option<std::path::PathBuf> {
    support::real_bundle().filter(|dir| !dir.join("bundle.lock.yaml").exists())
}

/// In the data set that tests get, this one program text is a stand-in.
const STAND_IN: &str = "upstream/apps/pipeline/upstream/base/installs/multi-user/pipelines-profile-controller/sync.py";

#[test]
fn every_file_is_as_pinned() {
    let Some(dir) = real_bundle() else { return };
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
    let Some(dir) = real_bundle() else { return };
    match Bundle::open(&dir, &[]) {
        Ok(bundle) => assert!(bundle.report().allowed.is_empty(), "a bundle without the stand-in"),
        Err(error) => {
            assert_eq!(error.class, ErrorClass::Config);
            assert!(error.to_string().contains(STAND_IN), "{error}");
            assert!(error.hints.iter().any(|hint| hint.contains("--allow-different")), "{error:?}");
        }
    }
}
