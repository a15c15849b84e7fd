//! Parts of Kubeflow that are left out.

use std::path::Path;

use crate::support::{bin, bundle_dir, sample_bundle};

/// Exit code, stdout and stderr of `render` for Kubeflow without some parts.
fn render(bundle: &Path, disabled: &str) -> (Option<i32>, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let config = format!(
        "apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nmetadata: {{name: demo}}\n\
         spec:\n  region: cn-northwest-1\n  kubeflow: {{components: {{disable: [{disabled}]}}}}\n"
    );
    std::fs::write(dir.path().join("kfctl-cn.yaml"), config).unwrap();
    let mut command = bin();
    command.current_dir(dir.path()).args(["render", "--set", "kubeflow", "--bundle"]).arg(bundle);
    if bundle != sample_bundle() {
        command.args(["--allow-different", "sync.py"]);
    }
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The objects of a render, one text each.
fn objects(bundle: &Path, disabled: &str) -> Vec<String> {
    let (code, yaml, stderr) = render(bundle, disabled);
    assert_eq!(code, Some(0), "{disabled}: {stderr}");
    yaml.split("\n---\n").map(|object| object.trim_matches(['-', '\n']).to_owned()).collect()
}

/// What goes is the objects of the part, and what stays is as it was.
fn only_goes(bundle: &Path, part: &str, sign: &str) {
    let (all, fewer) = (objects(bundle, ""), objects(bundle, part));
    assert!(fewer.len() < all.len(), "{part}: {} of {}", fewer.len(), all.len());
    assert!(fewer.iter().all(|object| all.contains(object)), "{part} changes what stays");
    let holds = |objects: &[String]| objects.iter().any(|object| object.contains(sign));
    assert!(holds(&all) && !holds(&fewer), "{part}: {sign}");
}

#[test]
fn a_part_goes_and_the_rest_is_as_it_was() {
    only_goes(&bundle_dir(), "training-operator", "name: training-operator\n");
    only_goes(&bundle_dir(), "kfserving", "kfserving-controller");
}

#[test]
fn each_part_of_the_real_manifests_can_go() {
    if bundle_dir() == sample_bundle() {
        eprintln!("skipped: KFCTL_CN_BUNDLE names no real bundle, and the sample lacks some parts");
        return;
    }
    let all = objects(&bundle_dir(), "").len();
    let mut gone = 0;
    let parts = [
        "admission-webhook, notebooks",
        "katib",
        "kfserving, kserve, knative",
        "pipelines",
        "tensorboard",
        "training-operator",
        "volumes",
    ];
    for part in parts {
        let left = objects(&bundle_dir(), part).len();
        assert!(left < all, "{part}");
        gone += all - left;
    }
    // No object is of two parts: all at once leaves out as many as one after the other.
    assert_eq!(all - objects(&bundle_dir(), &parts.join(", ")).len(), gone);
}

#[test]
fn what_is_unknown_or_needed_is_told() {
    let (code, _, stderr) = render(&sample_bundle(), "knative, tensorbord");
    assert_eq!(code, Some(65), "{stderr}");
    assert!(stderr.contains("`knative` is needed by kfserving and kserve"), "{stderr}");
    assert!(stderr.contains("there is no component `tensorbord`"), "{stderr}");
    assert!(stderr.contains("one of admission-webhook, katib, kfserving"), "{stderr}");
    assert!(stderr.contains("kfctl-cn.yaml:6:"), "{stderr}");
}
