//! Tests of the lock and of what a folder is held to.

use std::path::Path;

use super::cache::cache_dir_from;
use super::lock::is_plain;
use super::*;
use crate::model::ErrorClass;

#[test]
fn the_upstream_lock_pins_what_it_says() {
    let lock = Lock::upstream().unwrap();
    let kubeflow = lock.component(Component::Kubeflow, None).unwrap();
    assert_eq!(kubeflow.files.len(), 526);
    assert_eq!(kubeflow.version, "1.5.1-aws-b1.0.2");
    for (component, default) in [(Component::Karpenter, "1.14.1"), (Component::DevicePlugin, "0.20.0")] {
        assert_eq!(lock.component(component, None).unwrap().version, default);
    }
    assert_eq!(lock.component(Component::Karpenter, Some("v0.12.1")).unwrap().version, "0.12.1");
    assert!(lock.component(Component::Karpenter, Some("0.12")).is_none());
}

#[test]
fn every_file_is_in_an_archive_or_said_to_be_rendered() {
    for component in Lock::upstream().unwrap().components() {
        for pin in component.pins() {
            assert_eq!(component.locate(pin.path).is_none(), pin.rendered(), "{}", pin.full());
        }
    }
}

#[test]
fn the_deepest_folder_of_an_archive_counts() {
    let lock = Lock::upstream().unwrap();
    let kubeflow = lock.component(Component::Kubeflow, None).unwrap();
    let at = |path| kubeflow.locate(path).unwrap();
    assert_eq!(at("deployments/rds-s3/kustomization.yaml"), (0, "deployments/rds-s3/kustomization.yaml".into()));
    assert_eq!(at("upstream/common/dex/base/kustomization.yaml"), (1, "common/dex/base/kustomization.yaml".into()));
    let karpenter = lock.component(Component::Karpenter, None).unwrap();
    assert_eq!(
        karpenter.locate("crds/karpenter.sh_nodepools.yaml").unwrap().1,
        "pkg/apis/crds/karpenter.sh_nodepools.yaml"
    );
}

#[test]
fn a_lock_that_leaves_its_folder_or_says_something_unknown_is_refused() {
    let lock = |files: &str| {
        format!(
            "apiVersion: kfctl-cn/v1alpha1\nkind: BundleLock\nname: x\ncomponents:\n- name: kubeflow\n  version: '1'\n  folder: a\n  {files}\n"
        )
    };
    let zeros = "0".repeat(64);
    assert!(Lock::parse(&lock(&format!("files: {{a/b: {zeros}}}")), "x").is_ok());
    for bad in [
        format!("files: {{../b: {zeros}}}"),
        format!("files: {{/etc/b: {zeros}}}"),
        "files: {a: 123}".to_string(),
        format!("files: {{a: {}}}", "g".repeat(64)),
        "files: {}\n  colour: red".to_string(),
    ] {
        let error = Lock::parse(&lock(&bad), "x").expect_err(&bad);
        assert_eq!(error.class, ErrorClass::Bug);
    }
}

#[test]
fn plain_paths() {
    for good in ["a", "a/b.c", "a/..b", "..."] {
        assert!(is_plain(good), "{good}");
    }
    for bad in ["", "/a", "a//b", "a/", "./a", "a/./b", "a/../b", "..", "a\\b", "a\0"] {
        assert!(!is_plain(bad), "{bad:?}");
    }
}

#[test]
fn the_cache_follows_the_environment() {
    let dir = |set: &[(&str, &str)]| {
        cache_dir_from(|name| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).into()))
    };
    let all = [("KFCTL_CN_CACHE", "/k"), ("XDG_CACHE_HOME", "/x"), ("HOME", "/h")];
    assert_eq!(dir(&all).unwrap(), Path::new("/k"));
    assert_eq!(dir(&all[1..]).unwrap(), Path::new("/x/kfctl-cn"));
    assert_eq!(dir(&all[2..]).unwrap(), Path::new("/h/.cache/kfctl-cn"));
    assert_eq!(dir(&[]).unwrap_err().class, ErrorClass::StateIo);
}

#[test]
fn nothing_fetched_yet_says_what_to_run() {
    let cache = tempfile::tempdir().unwrap();
    let error =
        Bundle::find_in(&FindOptions::default(), None, || Ok(cache.path().to_path_buf())).expect_err("empty cache");
    assert_eq!(error.class, ErrorClass::Config);
    assert!(error.hints[0].contains("kfctl-cn bundle fetch"), "{error:?}");
    let wrong = FindOptions { dir: Some("/no/such/folder".into()), allow: Vec::new() };
    let error = Bundle::find_in(&wrong, None, || Ok(cache.path().to_path_buf())).expect_err("no folder");
    assert!(error.to_string().contains("/no/such/folder"));
}
