//! Overlays of the user's own: what they change, and what is refused.

use std::path::Path;

use tempfile::TempDir;

use crate::support::{bin, bundle_dir, sample_bundle};

const REGIONS: [&str; 2] = ["cn-north-1", "cn-northwest-1"];
const PATCH: &str = "patches:
- patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: ml-pipeline, namespace: kubeflow}
    spec: {replicas: 2}
";
const BANNER: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: banner, namespace: kubeflow}
spec:
  selector: {matchLabels: {app: banner}}
  template:
    metadata: {labels: {app: banner}}
    spec: {containers: [{name: c, image: 'nginx:1.25'}]}
---
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: banner, namespace: kubeflow}
spec: {minAvailable: 1, selector: {matchLabels: {app: banner}}}
";

/// A folder with a configuration that names the overlay `mine`, and the overlay's files.
fn folder(region: &str, kustomization: &str, files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let config = format!(
        "apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nmetadata: {{name: demo}}\n\
         spec:\n  region: {region}\n  kubeflow:\n    overlays: [./mine]\n"
    );
    std::fs::create_dir(dir.path().join("mine")).unwrap();
    std::fs::write(dir.path().join("kfctl-cn.yaml"), config).unwrap();
    std::fs::write(dir.path().join("mine/kustomization.yaml"), kustomization).unwrap();
    files.iter().for_each(|(name, text)| std::fs::write(dir.path().join("mine").join(name), text).unwrap());
    dir
}

/// Exit code, stdout and stderr of `render` for Kubeflow.
fn render(bundle: &Path, dir: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = bin();
    command.current_dir(dir).args(["render", "--set", "kubeflow", "--bundle"]).arg(bundle).args(args);
    if bundle != sample_bundle() {
        command.args(["--allow-different", "sync.py"]);
    }
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// What is said of an overlay that is refused.
fn refused(kustomization: &str, files: &[(&str, &str)]) -> String {
    let dir = folder("cn-north-1", kustomization, files);
    let (code, stdout, stderr) = render(&sample_bundle(), dir.path(), &[]);
    assert_eq!((code, stdout.as_str()), (Some(65), ""), "{stderr}");
    stderr
}

#[test]
fn an_overlay_patches_and_adds_and_is_adapted_like_the_rest() {
    for region in REGIONS {
        let dir = folder(region, &format!("resources: [banner.yaml]\n{PATCH}"), &[("banner.yaml", BANNER)]);
        let (code, yaml, stderr) = render(&bundle_dir(), dir.path(), &["--only", "deployment/banner"]);
        assert_eq!(code, Some(0), "{stderr}");
        let image = format!("000000000000.dkr.ecr.{region}.amazonaws.com.cn/kfctl-cn/docker.io/library/nginx:1.25");
        assert!(yaml.contains(&image), "{yaml}");
        let (_, explained, _) = render(&bundle_dir(), dir.path(), &["--explain", "-o", "json"]);
        let changes: Vec<serde_json::Value> = serde_json::from_str(&explained).unwrap();
        let of = |id: &str, object: &str| {
            let found = changes.iter().find(|c| c["adaptation"] == id && c["object"] == object);
            found.unwrap_or_else(|| panic!("{id} changed no {object}"))["changes"].to_string()
        };
        assert!(of("overlay/mine", "Deployment/ml-pipeline in kubeflow").contains("→ 2"));
        assert_eq!(of("overlay/mine", "Deployment/banner in kubeflow"), r#"["added"]"#);
        let budget = of("kubernetes/disruption-budget-v1", "PodDisruptionBudget/banner in kubeflow");
        assert!(budget.contains("policy/v1"), "{budget}");
    }
}

#[test]
fn an_overlay_is_found_from_the_file_of_the_configuration() {
    let dir = folder("cn-north-1", PATCH, &[]);
    let elsewhere = tempfile::tempdir().unwrap();
    let file = dir.path().join("kfctl-cn.yaml").display().to_string();
    let args = ["-f", &file, "--only", "deployment/ml-pipeline"];
    let (code, yaml, stderr) = render(&sample_bundle(), elsewhere.path(), &args);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(yaml.contains("replicas: 2"), "{yaml}");
    std::fs::remove_dir_all(dir.path().join("mine")).unwrap();
    let (code, _, stderr) = render(&sample_bundle(), dir.path(), &[]);
    assert_eq!(code, Some(65));
    assert!(stderr.contains("kfctl-cn.yaml:7:16: spec.kubeflow.overlays[0]: mine doesn't exist"), "{stderr}");
}

#[test]
fn a_patch_that_hits_nothing_names_the_overlay_and_what_was_meant() {
    let said = refused(&PATCH.replace("ml-pipeline", "ml-pipelin"), &[]);
    for words in ["overlay `mine`", "mine/kustomization.yaml", "did you mean", "`ml-pipeline`"] {
        assert!(said.contains(words), "no {words} in {said}");
    }
    // kustomize passes over a target that selects nothing.
    let target = "patches:\n- target: {kind: Deployment, name: none-.*}\n  patch: '[{op: remove, path: /spec}]'\n";
    let said = refused(target, &[]);
    assert!(said.contains("selects no object: kind `Deployment`, name `none-.*`"), "{said}");
}

#[test]
fn what_an_overlay_brings_is_audited_under_its_name() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: kubeflow}\n\
               data: {role: 'arn:aws:iam::123456789012:role/x', host: s3.us-east-1.amazonaws.com}\n";
    let said = refused("resources: [map.yaml]\n", &[("map.yaml", map)]);
    assert!(said.contains("with the overlay `mine`") && said.contains("ConfigMap/m in kubeflow"), "{said}");
}

#[test]
fn what_would_move_all_of_kubeflow_is_refused() {
    for field in ["namespace: team\n", "namePrefix: x-\n", "nameSuffix: -x\n"] {
        let said = refused(&format!("{field}{PATCH}"), &[]);
        let name = field.split(':').next().unwrap();
        assert!(said.contains(&format!("`{name}` in an overlay")) && said.contains("list the folder"), "{said}");
    }
}
