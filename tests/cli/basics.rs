//! What every command shares: help, version, usage errors, pipes.

use crate::support::bin;

#[test]
fn no_argument_shows_help_and_is_a_usage_error() {
    let output = bin().output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Usage: kfctl-cn"));
    assert!(output.stdout.is_empty());
}

#[test]
fn unknown_flag_is_a_usage_error_with_a_suggestion() {
    let output = bin().args(["version", "--verbos"]).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--verbose"));
}

#[test]
fn help_goes_to_stdout_and_is_no_error() {
    bin().arg("--help").assert().code(0).stderr("");
}

#[test]
fn version_in_each_format() {
    bin().arg("version").assert().code(0).stdout(predicates::str::starts_with("kfctl-cn "));
    let output = bin().args(["version", "-o", "json"]).output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    bin().args(["version", "-o", "yaml"]).assert().code(0).stdout(predicates::str::contains("kubeflow: "));
}

#[test]
fn completion_knows_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        bin().args(["completion", shell]).assert().code(0).stdout(predicates::str::contains("completion"));
    }
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let shell = format!("'{}' completion bash | true", assert_cmd::cargo::cargo_bin("kfctl-cn").display());
    let output = std::process::Command::new("bash").args(["-o", "pipefail", "-c", &shell]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty());
}

#[test]
fn an_unknown_phase_is_a_usage_error_with_a_suggestion() {
    for command in ["plan", "up", "down"] {
        for flag in ["--phase", "--from"] {
            let output = bin().args([command, flag, "kubeflw"]).output().unwrap();
            assert_eq!(output.status.code(), Some(64), "{command} {flag}");
            assert!(String::from_utf8_lossy(&output.stderr).contains("'kubeflow'"), "{command} {flag}");
        }
    }
}
