//! Parts of a render, a render as a folder, and what is told of it.

use std::path::Path;

use crate::support::{bin, sample_bundle};

/// Status, stdout and stderr of a render of the sample in a folder without a configuration.
fn render(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = bin();
    command.current_dir(dir).args(["render", "--region", "cn-north-1", "--bundle"]).arg(sample_bundle()).args(args);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn one_object_or_the_names_near_it() {
    let dir = tempfile::tempdir().unwrap();
    let (code, yaml, _) = render(dir.path(), &["--only", "deployment/ml-pipeline", "--only", "Namespace/kubeflow"]);
    let kinds: Vec<&str> = yaml.lines().filter(|line| line.starts_with("kind: ")).collect();
    assert_eq!((code, kinds), (0, vec!["kind: Namespace", "kind: Deployment"]), "{yaml}");
    let (code, yaml, _) = render(dir.path(), &["--only", "Deployment.apps/kubeflow/ml-pipeline"]);
    assert!(code == 0 && yaml.contains("name: ml-pipeline"), "{yaml}");
    let (code, yaml, said) = render(dir.path(), &["--only", "Deployment/ml-pipelin"]);
    assert_eq!((code, yaml.as_str()), (64, ""));
    assert!(said.contains("near it are: Deployment/kubeflow/ml-pipeline"), "{said}");
    let (code, _, said) = render(dir.path(), &["--only", "Deployment/default/ml-pipeline"]);
    assert!(code == 64 && said.contains("no object is called Deployment/default/ml-pipeline"), "{said}");
    assert_eq!(render(dir.path(), &["--only", "ml-pipeline"]).0, 64);
}

#[test]
fn a_folder_is_replaced_as_a_whole_and_only_if_it_is_ours() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let (code, stdout, said) = render(dir.path(), &["--output-dir", "out"]);
    assert_eq!((code, stdout.as_str()), (0, ""), "{said}");
    let deployment = out.join("kubeflow/deployment.apps_kubeflow_ml-pipeline.yaml");
    let first = std::fs::read_to_string(&deployment).unwrap();
    assert!(first.contains("kind: Deployment"), "{first}");
    let (code, ..) = render(dir.path(), &["--output-dir", "out"]);
    assert_eq!((code, std::fs::read_to_string(&deployment).unwrap()), (0, first), "the same in every run");

    let (code, ..) = render(dir.path(), &["--output-dir", "out", "--set", "storage-class", "-o", "json"]);
    assert!(code == 0 && !deployment.exists(), "what isn't rendered any more is gone");
    assert_eq!(std::fs::read_dir(out.join("storage-class")).unwrap().count(), 1);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");

    std::fs::write(out.join("storage-class/mine.yaml"), "a: 1\n").unwrap();
    let (code, _, said) = render(dir.path(), &["--output-dir", "out"]);
    assert!(code == 64 && said.contains("storage-class/mine.yaml in it is not from a render"), "{said}");
    let other = dir.path().join("other");
    std::fs::create_dir(&other).unwrap();
    assert_eq!(render(dir.path(), &["--output-dir", "other", "--set", "storage-class"]).0, 0, "an empty one is free");
    std::fs::remove_file(other.join(".kfctl-cn-render.json")).unwrap();
    let (code, _, said) = render(dir.path(), &["--output-dir", "other"]);
    assert!(code == 64 && said.contains("is not replaced") && other.join("storage-class").exists(), "{said}");
}

#[test]
fn o_dir_is_the_word_for_a_folder_and_asks_for_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["--set", "storage-class", "-o", "dir"];
    let (code, stdout, said) = render(dir.path(), &args);
    assert!((code, stdout.as_str()) == (64, "") && said.contains("--output-dir DIR"), "{said}");
    let (code, ..) = render(dir.path(), &[&args[..], &["--output-dir", "out"]].concat());
    let file = std::fs::read_dir(dir.path().join("out/storage-class")).unwrap().next().unwrap().unwrap().path();
    assert_eq!((code, file.extension().and_then(|e| e.to_str())), (0, Some("yaml")));
    let (code, _, said) = render(dir.path(), &[&args[..], &["--explain"]].concat());
    assert_eq!(code, 64, "{said}");
    let other = bin().current_dir(dir.path()).args(["version", "-o", "dir"]).output().unwrap();
    let said = String::from_utf8(other.stderr).unwrap();
    assert!(other.status.code() == Some(64) && said.contains("is for `render`, not for `version`"), "{said}");
    let wrong = bin().current_dir(dir.path()).args(["version", "-o", "folder"]).output().unwrap();
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("[possible values: table, json, yaml]"));
}

#[test]
fn placeholders_are_marked_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let (_, _, said) = render(dir.path(), &["--output-dir", "out"]);
    assert!(said.contains("not to be applied as they are") && said.contains("000000000000: the account"), "{said}");
    let mut secrets = 0;
    for entry in std::fs::read_dir(dir.path().join("out/kubeflow")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let holds = ["000000000000", "known-after-up", "a25vd24tYWZ0ZXItdXA="].iter().any(|word| text.contains(word));
        assert_eq!(text.starts_with("# Not to be applied as it is"), holds, "{text}");
        secrets += usize::from(holds && text.contains("kind: Secret"));
    }
    assert!(secrets > 0, "the sample has Secrets with placeholders");
    let (_, _, said) = render(dir.path(), &["--set", "storage-class"]);
    assert!(!said.contains("placeholders"), "{said}");
}

#[test]
fn explanations_say_why_and_whence() {
    let dir = tempfile::tempdir().unwrap();
    let (code, json, _) = render(dir.path(), &["--explain", "-o", "json"]);
    let changes: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert!(code == 0 && !changes.is_empty());
    let lacks = |c: &&serde_json::Value| ["reason", "source", "object"].iter().any(|f| c[f].as_str() == Some(""));
    assert_eq!(changes.iter().find(lacks), None);
    let (_, text, _) = render(dir.path(), &["--explain", "--only", "Deployment/ml-pipeline"]);
    assert!(
        text.contains("china/registry\n  why: ") && text.contains("  Deployment/ml-pipeline in kubeflow"),
        "{text}"
    );
    assert!(!text.contains("workflow-controller"), "{text}");
}
