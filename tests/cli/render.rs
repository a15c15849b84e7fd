//! Rendering without an account: the objects, what was changed in them, the images; and the renderer alone.

use std::path::Path;

use crate::support::{bin, bundle_dir, real_bundle, sample_bundle};

const REGIONS: [&str; 2] = ["cn-north-1", "cn-northwest-1"];
/// A file of the real bundle that a copy may hold in another wording.
const MAY_DIFFER: &str = "sync.py";

/// What `render` prints for a region, and says on stderr; in a folder without a configuration.
fn render(bundle: &Path, region: &str, args: &[&str]) -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    let mut command = bin();
    command.current_dir(dir.path()).args(["render", "--region", region]).arg("--bundle").arg(bundle).args(args);
    if bundle != sample_bundle() {
        command.args(["--allow-different", MAY_DIFFER]);
    }
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    (String::from_utf8(output.stdout).unwrap(), stderr)
}

fn nothing_foreign(bundle: &Path) {
    let image = regex::Regex::new(r"(?m)^ +(?:- )?image: ([^\s{].*)$").unwrap();
    for region in REGIONS {
        let (yaml, said) = render(bundle, region, &[]);
        assert_eq!(said.matches(", 0 findings").count(), 7, "{said}");
        let other = REGIONS.into_iter().find(|r| *r != region).unwrap();
        for foreign in ["arn:aws:", "amazonaws.com\n", "us-east-1", "gcr.io/ml-pipeline/api", other] {
            let lines: Vec<&str> =
                yaml.lines().filter(|line| line.contains(foreign) && !line.contains("dkr.ecr")).collect();
            assert!(lines.is_empty(), "{region}: {foreign}: {lines:#?}");
        }
        let registry = format!("000000000000.dkr.ecr.{region}.amazonaws.com.cn/kfctl-cn/");
        let images: Vec<&str> = image.captures_iter(&yaml).map(|c| c.get(1).unwrap().as_str()).collect();
        assert!(images.len() > 10, "only {} images were found", images.len());
        let strange: Vec<_> =
            images.iter().filter(|i| i.contains('/') && !i.contains("{{") && !i.contains(&registry)).collect();
        assert!(strange.is_empty(), "{strange:#?}");
        assert!(yaml.contains(&format!("s3.{region}.amazonaws.com.cn")));
    }
}

#[test]
fn the_sample_has_nothing_foreign_in_either_region() {
    nothing_foreign(&sample_bundle());
}

#[test]
fn kubeflow_has_nothing_foreign_in_either_region() {
    if let Some(bundle) = real_bundle() {
        nothing_foreign(&bundle);
    }
}

#[test]
fn the_published_password_is_in_no_object() {
    // The bcrypt hash that the upstream manifests carry begins so.
    let (yaml, _) = render(&bundle_dir(), "cn-north-1", &["--set", "kubeflow"]);
    assert!(yaml.contains("staticPasswords"));
    assert!(!yaml.contains("$2y$12$"), "the published hash survives");
}

#[test]
fn formats_sets_versions_and_explanations() {
    let bundle = sample_bundle();
    let (json, _) = render(&bundle, "cn-north-1", &["--set", "storage-class", "-o", "json"]);
    let list: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(list["items"][0]["kind"], "StorageClass");
    let (explained, _) = render(&bundle, "cn-north-1", &["--set", "kubeflow", "--explain", "-o", "json"]);
    let changes: Vec<serde_json::Value> = serde_json::from_str(&explained).unwrap();
    assert!(changes.iter().any(|c| c["adaptation"] == "kubernetes/emissary-executor"), "{changes:#?}");
    let old = |text: &str| text.contains("apiextensions.k8s.io/v1beta1") || text.contains("batch/v1beta1");
    for version in ["1.32", "1.36"] {
        let (yaml, _) = render(&bundle, "cn-north-1", &["--kubernetes-version", version]);
        assert!(!old(&yaml), "{version}");
    }
}

#[test]
fn wrong_flags_are_told_as_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let said = |args: &[&str], code: i32| {
        let output = bin().current_dir(dir.path()).arg("render").args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said(&["--region", "us-east-1"], 64).contains("is not an AWS China region"));
    assert!(said(&["--region", "cn-north-1", "--set", "x"], 64).contains("storage-class"));
    assert!(said(&["--region", "cn-north-1", "--kubernetes-version", "1.21"], 65).contains("spec.cluster.version"));
    assert!(said(&[], 65).contains("kfctl-cn init"));
    let missing = said(&["--region", "cn-north-1"], 65);
    assert!(missing.contains("kfctl-cn bundle fetch"), "{missing}");
}

#[test]
fn images_have_a_source_and_a_target() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["images", "list", "--plain", "--region", "cn-northwest-1", "--bundle"];
    let output = bin().current_dir(dir.path()).args(args).arg(sample_bundle()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().count() > 10);
    for line in text.lines() {
        let (source, target) = line.split_once('\t').unwrap();
        assert!(target.starts_with("000000000000.dkr.ecr.cn-northwest-1.amazonaws.com.cn/kfctl-cn/"), "{line}");
        assert!(target.ends_with(source), "{line}");
    }
}

#[test]
fn the_renderer_alone_names_file_and_fault() {
    let dir = tempfile::tempdir().unwrap();
    let build = |text: Option<&str>| {
        if let Some(text) = text {
            std::fs::write(dir.path().join("kustomization.yaml"), text).unwrap();
        }
        let output = bin().args(["kustomize", "build"]).arg(dir.path()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let place = dir.path().display().to_string();
    for (text, expected) in [
        (None, "kustomization"),
        (Some("resources: [missing.yaml]"), "missing.yaml"),
        (Some("resources: ["), "kustomization.yaml"),
        (Some("resourcez: [a.yaml]"), "resourcez"),
    ] {
        let (code, stdout, stderr) = build(text);
        assert_eq!((code, stdout.as_str()), (Some(65), ""), "{text:?}: {stderr}");
        assert!(stderr.contains(expected) && stderr.contains(&place), "{text:?}: {stderr}");
    }
    std::fs::write(
        dir.path().join("a.yaml"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: 'yes'}\n",
    )
    .unwrap();
    let (code, stdout, _) = build(Some("namePrefix: x-\nresources: [a.yaml]\n"));
    assert_eq!(code, Some(0));
    assert_eq!(stdout, "apiVersion: v1\ndata:\n  k: \"yes\"\nkind: ConfigMap\nmetadata:\n  name: x-a\n");
}
