//! What stops `up`, `plan` and `down` before anything is made: exit code and hint of each.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use assert_cmd::Command;
use kfctl_cn::engine::{Outputs, Record};
use kfctl_cn::model::{Action, Addr};
use predicates::prelude::*;

use crate::support::{bin, sample_bundle};

const CONFIG: &str =
    "apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nmetadata: {name: kf}\nspec: {region: cn-north-1}\n";

/// Answers every request as STS answers GetCallerIdentity; returns its URL.
pub fn sts(partition: &'static str, account: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut part = [0; 4096];
            while !request.ends_with(b"2011-06-15") {
                match stream.read(&mut part) {
                    Ok(n @ 1..) => request.extend_from_slice(&part[..n]),
                    _ => break,
                }
            }
            let body = format!(
                "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
                 <Arn>arn:{partition}:iam::{account}:user/ci</Arn><UserId>AIDA</UserId><Account>{account}</Account>\
                 </GetCallerIdentityResult></GetCallerIdentityResponse>"
            );
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    url
}

/// The program in a folder with a configuration, with credentials that some STS takes.
pub fn program(folder: &Path, url: &str) -> Command {
    std::fs::write(folder.join("kfctl-cn.yaml"), CONFIG).unwrap();
    let mut command = bin();
    command.current_dir(folder).env("AWS_ENDPOINT_URL", url).env("KFCTL_CN_BUNDLE", sample_bundle());
    command.env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI");
    command
}

#[test]
fn without_a_terminal_and_without_yes_nothing_begins() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["up", "down"] {
        let result = program(folder.path(), "http://127.0.0.1:9").arg(command).assert().code(64);
        result.stderr(predicate::str::contains("--yes").and(predicate::str::contains("kfctl-cn plan")));
    }
    assert!(!folder.path().join(".kfctl-cn").exists());
}

#[test]
fn no_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), "http://127.0.0.1:9");
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    command.arg("plan").assert().code(77).stderr(predicate::str::contains("hint: set AWS_PROFILE"));
}

#[test]
fn credentials_of_the_rest_of_the_world() {
    let folder = tempfile::tempdir().unwrap();
    let result = program(folder.path(), &sts("aws", "111122223333")).args(["up", "--yes"]).assert().code(77);
    result.stderr(predicate::str::contains("partition `aws`").and(predicate::str::contains("hint: ")));
    assert!(!folder.path().join(".kfctl-cn").exists());
}

#[test]
fn credentials_of_another_account_than_configured() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), &sts("aws-cn", "111122223333"));
    let text = CONFIG.replace("{region: cn-north-1}", "{region: cn-north-1, account: '999900001111'}");
    std::fs::write(folder.path().join("kfctl-cn.yaml"), text).unwrap();
    let result = command.args(["up", "--yes"]).assert().code(77);
    result.stderr(predicate::str::contains("account 111122223333").and(predicate::str::contains("999900001111")));
}

#[test]
fn nobody_answers() {
    let folder = tempfile::tempdir().unwrap();
    let result = program(folder.path(), "http://127.0.0.1:9").args(["up", "--yes"]).assert().code(69);
    result.stderr(predicate::str::contains("hint: "));
}

#[test]
fn a_held_lock() {
    let folder = tempfile::tempdir().unwrap();
    let identity =
        kfctl_cn::state::Identity { name: "kf".into(), account: "111122223333".into(), region: "cn-north-1".into() };
    let held = kfctl_cn::state::LocalStore::open(&folder.path().join(".kfctl-cn/kf"), &identity).unwrap();
    let url = sts("aws-cn", "111122223333");
    for command in ["up", "down"] {
        let result = program(folder.path(), &url).args([command, "--yes"]).assert().code(75);
        let holder = format!("process {}", std::process::id());
        result.stderr(
            predicate::str::contains(holder)
                .and(predicate::str::contains("by unknown").not())
                .and(predicate::str::contains("hint: wait until that run is done")),
        );
    }
    drop(held);
    // The state of another account isn't touched either.
    let url = sts("aws-cn", "999900001111");
    let result = program(folder.path(), &url).args(["up", "--yes"]).assert().code(77);
    result.stderr(predicate::str::contains("is the state of account 111122223333"));
}

#[test]
fn a_newer_state() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join(".kfctl-cn/kf");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("state.json"), "{\"schema\": 99}\n").unwrap();
    let url = sts("aws-cn", "111122223333");
    let result = program(folder.path(), &url).args(["up", "--yes"]).assert().code(78);
    result.stderr(predicate::str::contains("schema 99").and(predicate::str::contains("hint: use the version")));
    assert_eq!(std::fs::read_to_string(state.join("state.json")).unwrap(), "{\"schema\": 99}\n");
    program(folder.path(), &url).arg("status").assert().code(78);
}

#[test]
fn a_state_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".kfctl-cn"), "a file where the folder should be").unwrap();
    let url = sts("aws-cn", "111122223333");
    let result = program(folder.path(), &url).args(["up", "--yes"]).assert().code(74);
    result.stderr(predicate::str::contains("--state-dir"));
}

#[test]
fn a_disk_without_room_for_the_state() {
    let folder = tempfile::tempdir().unwrap();
    let url = sts("aws-cn", "111122223333");
    // No file may grow beyond nothing: what a full disk or a quota looks like to a program that ignores the signal.
    let script = "ulimit -f 0; trap '' XFSZ; exec \"$0\" up --yes";
    let plain = program(folder.path(), &url);
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(plain.get_program()).current_dir(folder.path()).env_clear();
    for (name, value) in plain.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    let result = command.assert().code(74);
    result.stderr(predicate::str::contains("can't be read or written").and(predicate::str::contains("hint: ")));
    let left: Vec<_> = std::fs::read_dir(folder.path().join(".kfctl-cn/kf")).unwrap().collect();
    assert!(left.iter().all(|entry| entry.as_ref().unwrap().metadata().unwrap().len() == 0), "{left:?}");
    program(folder.path(), &url)
        .arg("status")
        .assert()
        .code(0)
        .stdout(predicate::str::contains("nothing was made yet"));
}

#[test]
fn status_says_how_to_go_on_after_a_stopped_removal() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join(".kfctl-cn/kf");
    let identity =
        kfctl_cn::state::Identity { name: "kf".into(), account: "111122223333".into(), region: "cn-north-1".into() };
    let store = kfctl_cn::state::LocalStore::open(&state, &identity).unwrap();
    let (vpc, bucket) = (Addr::from("cluster/vpc"), Addr::from("data/bucket"));
    for addr in [&vpc, &bucket] {
        store.intend(addr, Action::Create, "a-token").unwrap();
        store.acknowledge(addr, &Record { outputs: Outputs::new(), ready: true }).unwrap();
    }
    store.intend(&vpc, Action::Delete, "a-token").unwrap();
    drop(store);
    let status = |format: &str| {
        let output = program(folder.path(), "http://127.0.0.1:9").args(["status", "-o", format]).assert().code(0);
        String::from_utf8(output.get_output().stdout.clone()).unwrap()
    };
    assert!(status("table").contains("Next: kfctl-cn down: goes on removing; kfctl-cn up: makes again"));
    let json = status("json");
    // A key twice is a syntax that readers take as they like.
    assert_eq!(json.matches("\"deployment\":").count(), 1, "{json}");
}

#[test]
fn status_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), "http://127.0.0.1:9");
    command.args(["status", "-o", "json"]).assert().code(0).stdout(predicate::str::contains("\"name\": \"kf\""));
    assert!(!folder.path().join(".kfctl-cn").exists());
}
