//! `iam-policy` as an operator uses it: without credentials, one document at a time, for each region.

use assert_cmd::Command;
use predicates::prelude::*;
use serde_json::Value;

use crate::support::bin;

fn program(folder: &std::path::Path, region: &str) -> Command {
    let text = format!(
        "apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nmetadata: {{name: kf}}\nspec: {{region: {region}}}\n"
    );
    std::fs::write(folder.join("kfctl-cn.yaml"), text).unwrap();
    let mut command = bin();
    command.current_dir(folder).arg("iam-policy");
    command
}

fn printed(command: &mut Command) -> Value {
    let output = command.assert().success().get_output().stdout.clone();
    serde_json::from_slice(&output).expect("JSON on stdout")
}

#[test]
fn every_document_can_be_pasted_into_iam() {
    for region in ["cn-north-1", "cn-northwest-1"] {
        let folder = tempfile::tempdir().unwrap();
        let all = printed(program(folder.path(), region).args(["--account", "111122223333"]));
        let names: Vec<&String> = all.as_object().unwrap().keys().collect();
        assert!(names.len() > 1 && names[0] == "kf-operator-1", "{names:?}");
        for (index, name) in names.iter().enumerate() {
            let part = (index + 1).to_string();
            let one = printed(program(folder.path(), region).args(["--account", "111122223333", "--part", &part]));
            assert_eq!(one, all[*name]);
            assert_eq!(one["Version"], "2012-10-17");
            assert!(one.to_string().len() <= 6144, "{name} is longer than IAM takes");
        }
        let text = all.to_string();
        assert!(!text.contains("arn:aws:"), "another partition");
        assert!(text.contains(&format!("arn:aws-cn:eks:{region}:111122223333:cluster/kf")), "{text}");
        assert!(text.contains(&format!("arn:aws-cn:s3:::kf-111122223333-{region}")), "{text}");
    }
}

#[test]
fn how_many_are_needed_is_told_and_a_wrong_number_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    let told = predicate::str::contains("all of which are needed").and(predicate::str::contains("of 6144"));
    program(folder.path(), "cn-north-1").args(["--account", "111122223333"]).assert().success().stderr(told);
    let none = predicate::str::contains("there is no document 9");
    program(folder.path(), "cn-north-1")
        .args(["--account", "111122223333", "--part", "9"])
        .assert()
        .code(64)
        .stderr(none);
    let wrong = predicate::str::contains("it has 12 digits");
    program(folder.path(), "cn-north-1").args(["--account", "1234"]).assert().code(64).stderr(wrong);
    let hint = predicate::str::contains("give --account");
    program(folder.path(), "cn-north-1").assert().code(77).stderr(hint);
}

#[test]
fn whoever_only_looks_gets_one_document_that_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let all = printed(program(folder.path(), "cn-northwest-1").args(["--account", "111122223333", "--read-only"]));
    assert_eq!(all.as_object().unwrap().len(), 1);
    let statements = all["kf-reader-1"]["Statement"].as_array().unwrap();
    let actions: Vec<&str> =
        statements.iter().flat_map(|s| s["Action"].as_array().unwrap()).filter_map(Value::as_str).collect();
    let looks = ["Describe", "Get", "List", "Simulate", "BatchCheck", "BatchGet"];
    for action in actions {
        let name = action.split(':').nth(1).unwrap();
        assert!(looks.iter().any(|look| name.starts_with(look)), "{action}");
    }
}
