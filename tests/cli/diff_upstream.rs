//! `render --diff-upstream`: what became of upstream's objects, and by what.

use std::path::Path;

use crate::support::{bin, real_bundle, sample_bundle};

/// Stdout of a render that succeeds, in a folder without a configuration.
fn render(bundle: &Path, args: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut command = bin();
    command.current_dir(dir.path()).args(["render", "--region", "cn-northwest-1", "--bundle"]).arg(bundle).args(args);
    let output = command.args(["--allow-different", "sync.py"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn one_object_with_what_changed_it() {
    let text = render(&sample_bundle(), &["--diff-upstream", "--only", "CSIDriver/secrets-store.csi.k8s.io"]);
    insta::assert_snapshot!(text, @r"
    # changed: CSIDriver/secrets-store.csi.k8s.io
    #   by fixes/csi-token-requests
    --- upstream/CSIDriver/secrets-store.csi.k8s.io
    +++ csi-driver/CSIDriver/secrets-store.csi.k8s.io
    @@ -6,5 +6,8 @@
       attachRequired: false
       podInfoOnMount: true
       requiresRepublish: true
    +  tokenRequests:
    +  - audience: sts.amazonaws.com
    +  - audience: pods.eks.amazonaws.com
       volumeLifecycleModes:
       - Ephemeral
    ");
}

/// Every object that differs is explained, none that doesn't is shown, and the added and removed ones are among them.
fn complete(bundle: &Path, raised: &str) {
    let data = |flag: &str| -> Vec<serde_json::Value> {
        serde_json::from_str(&render(bundle, &["--set", "kubeflow", flag, "-o", "json"])).unwrap()
    };
    let (differences, explained) = (data("--diff-upstream"), data("--explain"));
    for entry in &differences {
        assert!(entry["adaptations"].as_array().is_some_and(|ids| !ids.is_empty()), "{entry}");
        let diff = entry["diff"].as_str().unwrap();
        assert!(diff.starts_with("@@ ") && !diff.contains("$2y$12$"), "{diff}");
    }
    let names = |entries: &[serde_json::Value]| -> std::collections::BTreeSet<String> {
        entries.iter().map(|entry| entry["object"].as_str().unwrap().to_owned()).collect()
    };
    let missing: Vec<_> = names(&explained).difference(&names(&differences)).cloned().collect();
    assert_eq!(missing, Vec::<String>::new(), "explained, but not in the diff");
    let of = |change: &str| differences.iter().filter(|entry| entry["change"] == change).count();
    assert!(of("added") > 0 && of("removed") > 0 && of("changed") > 10, "{} {}", of("added"), of("removed"));
    let by =
        |entry: &&serde_json::Value| entry["adaptations"].as_array().is_some_and(|ids| ids.contains(&raised.into()));
    assert!(differences.iter().any(|entry| by(&entry)), "nothing by {raised}");
}

#[test]
fn the_sample_is_explained_object_by_object() {
    complete(&sample_bundle(), "kubernetes/crd-v1");
}

#[test]
fn kubeflow_is_explained_object_by_object() {
    if let Some(bundle) = real_bundle() {
        complete(&bundle, "kubernetes/disruption-budget-v1");
    }
}
