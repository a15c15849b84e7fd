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

/// What the sample's lock and its table of embedded files must say, from the folder.
fn sample_texts() -> (String, String) {
    let root = sample_dir();
    let mut lock = String::from(
        "# The files of the sample; see README.md beside it.\napiVersion: kfctl-cn/v1alpha1\nkind: BundleLock\nname: sample\ncomponents:\n",
    );
    let mut table = String::from(SAMPLE_TABLE);
    for of in Lock::upstream().unwrap().components() {
        lock += &format!("- name: {}\n  version: {}\n  folder: {}\n  files:\n", of.name, of.version, of.folder);
        for path in files_below(&root.join(&of.folder)) {
            let digest = Digest::of(&std::fs::read(root.join(&of.folder).join(&path)).unwrap());
            lock += &format!("    {path}: {digest}\n");
            table += &format!("        \"{}/{path}\",\n", of.folder);
        }
    }
    (lock, table + "    }\n};\n")
}

const SAMPLE_TABLE: &str = r#"//! The files of the sample. Written by the test that compares it with the folder: run it with `KFCTL_CN_UPDATE=1`.

/// Path below the bundle's root, and content.
pub(super) const FILES: &[(&str, &str)] = {
    macro_rules! embed {
        ($($path:literal,)*) => { &[$(($path, include_str!(concat!("../../manifests/sample-bundle/", $path)))),*] };
    }
    embed! {
"#;

#[test]
fn what_stands_in_for_an_upstream_file_is_embedded() {
    let own: Vec<Pin<'_>> = Lock::upstream().unwrap().pins().filter(|pin| pin.own().is_some()).collect();
    assert_eq!(own.iter().map(Pin::full).collect::<Vec<_>>(), ["karpenter-1.14.1/rendered.yaml"]);
    for pin in own {
        assert!(pin.rendered());
        let text = super::sample::own(&pin).unwrap();
        assert_eq!(Some(Digest::of(text.as_bytes())), pin.own(), "put the new digest into bundle.lock.yaml");
    }
}

fn sample_dir() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/sample-bundle")
}

fn files_below(dir: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&entry.path()).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            files.push(name);
        }
    }
    files.sort();
    files
}

#[test]
fn the_sample_is_what_its_lock_and_the_program_say() {
    let (lock, table) = sample_texts();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bundle/sample_files.rs");
    if std::env::var_os("KFCTL_CN_UPDATE").is_some() {
        std::fs::write(sample_dir().join("bundle.lock.yaml"), lock).unwrap();
        std::fs::write(source, table).unwrap();
        return;
    }
    let hint = "run this test with KFCTL_CN_UPDATE=1";
    assert!(std::fs::read_to_string(sample_dir().join("bundle.lock.yaml")).unwrap() == lock, "{hint}");
    assert!(std::fs::read_to_string(source).unwrap() == table, "{hint}");
}

#[test]
fn the_sample_comes_out_of_the_program_whole() {
    let cache = tempfile::tempdir().unwrap();
    let find = || {
        let options = FindOptions { dir: Some(SAMPLE.into()), allow: Vec::new() };
        Bundle::find_in(&options, None, || Ok(cache.path().to_path_buf())).unwrap()
    };
    let bundle = find();
    assert!(bundle.is_sample());
    for component in bundle.lock().components() {
        let path = bundle.path(component.name, Some(&component.version)).unwrap();
        for file in files_below(&sample_dir().join(&component.folder)) {
            let same = std::fs::read(path.join(&file)).unwrap()
                == std::fs::read(sample_dir().join(&component.folder).join(&file)).unwrap();
            assert!(same, "{file}");
        }
    }
    // What was damaged since is put right, and the folder of the sample in a checkout is known as the sample.
    let damaged = bundle.root().join("nvidia-device-plugin-0.20.0/nvidia-device-plugin.yml");
    std::fs::write(&damaged, "kind: Nothing\n").unwrap();
    assert!(find().report().different.is_empty());
    assert!(std::fs::read_to_string(&damaged).unwrap().contains("DaemonSet"));
    assert!(Bundle::open(&sample_dir(), &[]).unwrap().is_sample());
}
