//! `check`, `verify`, `up` and `down` as a CI system sees them.

use assert_cmd::Command;
use predicates::prelude::*;

use crate::support::{bin, sample_bundle};

const CONFIG: &str =
    "apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nmetadata: {name: kf}\nspec: {region: cn-northwest-1}\n";

/// The program in a folder with a configuration, at an AWS that can't be reached.
fn alone(folder: &std::path::Path) -> Command {
    std::fs::write(folder.join("kfctl-cn.yaml"), CONFIG).unwrap();
    let mut command = bin();
    command.current_dir(folder).env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").env("AWS_MAX_ATTEMPTS", "1");
    command.env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI");
    command.env("KFCTL_CN_BUNDLE", sample_bundle());
    command
}

#[test]
fn a_ci_system_never_reads_the_results_of_an_earlier_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reports/kf.xml");
    for command in ["check", "verify", "up --yes", "down --yes"] {
        let words = command.split(' ').chain(["--junit-file", "reports/kf.xml"]);
        alone(folder.path()).args(words).assert().code(69);
        let text = std::fs::read_to_string(&file).unwrap();
        let failed = predicate::str::contains("failures=\"1\"").and(predicate::str::contains("sts:GetCallerIdentity"));
        assert!(failed.eval(&text), "{text}");
        assert!(!text.contains("wJalr"), "a secret is in the report");
        std::fs::remove_file(&file).unwrap();
    }
}

#[test]
fn a_junit_file_that_cant_be_written_is_an_error_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("taken"), "").unwrap();
    let told = predicate::str::contains("the JUnit file can't be written");
    alone(folder.path()).args(["check", "--junit-file", "taken/kf.xml"]).assert().code(74).stderr(told);
}
