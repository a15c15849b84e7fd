//! `state` on a local folder, and what stops a run on it: a full disk, a place that can't be written, a lock.

use std::path::Path;

use assert_cmd::Command;
use kfctl_cn::engine::Record;
use kfctl_cn::model::{Action, Addr};
use kfctl_cn::state::{Identity, LocalStore};
use predicates::prelude::*;

use crate::run::{program, sts};

/// A folder with a state: one record, one intent, the rest in the journal.
fn state(folder: &Path) -> LocalStore {
    let identity = Identity { name: "kf".into(), account: "111122223333".into(), region: "cn-north-1".into() };
    let store = LocalStore::open(&folder.join(".kfctl-cn/kf"), &identity).unwrap();
    let vpc = Addr::from("cluster/vpc");
    store.intend(&vpc, Action::Create, "a-token").unwrap();
    let outputs = [("id".to_owned(), "vpc-0a1b".to_owned())].into();
    store.acknowledge(&vpc, &Record { outputs, ready: true }).unwrap();
    store.intend(&Addr::from("data/bucket"), Action::Create, "a-token").unwrap();
    store
}

fn stdout(mut command: Command) -> String {
    String::from_utf8(command.assert().code(0).get_output().stdout.clone()).unwrap()
}

#[test]
fn looking_asks_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let at = |arguments: &[&str]| {
        let mut command = program(folder.path(), "http://127.0.0.1:9");
        command.args(arguments);
        command
    };
    at(&["state", "list"]).assert().code(65).stderr(predicate::str::contains("hint: `kfctl-cn up` begins one"));
    drop(state(folder.path()));
    assert_eq!(stdout(at(&["state", "list"])), "cluster/vpc\ndata/bucket\n");
    let shown = stdout(at(&["state", "show"]));
    assert!(shown.contains("id = vpc-0a1b") && shown.contains("begun: + at "), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&stdout(at(&["state", "show", "-o", "json"]))).unwrap();
    assert_eq!(json["resources"]["cluster/vpc"]["outputs"]["id"], "vpc-0a1b");
    let pulled: serde_json::Value = serde_json::from_str(&stdout(at(&["state", "pull"]))).unwrap();
    assert_eq!(pulled["intents"]["data/bucket"]["token"], "a-token", "with what the journal adds");
}

#[test]
fn records_are_forgotten_one_by_one_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    drop(state(folder.path()));
    let url = sts("aws-cn", "111122223333");
    let rm = |addrs: &[&str]| {
        let mut command = program(folder.path(), &url);
        command.args(["state", "rm"]).args(addrs);
        command.assert()
    };
    rm(&["cluster/vpc", "cluster/vcp"]).code(64).stderr(predicate::str::contains("nothing is recorded of cluster/vcp"));
    rm(&["cluster/vpc"]).code(0).stderr(predicate::str::contains("Nothing was removed but the record"));
    rm(&["cluster/vpc"]).code(64);
    let mut list = program(folder.path(), &url);
    list.args(["state", "list"]);
    assert_eq!(stdout(list), "data/bucket\n");
}

#[test]
fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(state(folder.path()));
    let url = sts("aws-cn", "111122223333");
    let files = ["state.json", "journal.jsonl"].map(|name| folder.path().join(".kfctl-cn/kf").join(name));
    let before = files.clone().map(|path| std::fs::read(path).unwrap());
    let plain = program(folder.path(), &url);
    let script = "ulimit -f 0; trap '' XFSZ; exec \"$0\" state rm cluster/vpc";
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(plain.get_program()).current_dir(folder.path()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.assert().code(74).stderr(predicate::str::contains("hint: "));
    assert_eq!(files.map(|path| std::fs::read(path).unwrap()), before);
}

#[test]
fn a_place_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let url = sts("aws-cn", "111122223333");
    // Nobody makes a folder there, not even root.
    let mut command = program(folder.path(), &url);
    command.args(["up", "--yes", "--state-dir", "/proc/kfctl-cn"]);
    command.assert().code(74).stderr(predicate::str::contains("--state-dir"));
}

#[test]
fn whoever_waits_for_a_lock_in_vain_is_told_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let held = state(folder.path());
    let url = sts("aws-cn", "111122223333");
    let mut command = program(folder.path(), &url);
    command.args(["up", "--yes", "--lock-timeout", "1s"]);
    let holder = format!("process {}", std::process::id());
    command.assert().code(75).stderr(predicate::str::contains("waiting: ").and(predicate::str::contains(&holder)));
    // The time of the whole run may end the wait too.
    let mut command = program(folder.path(), &url);
    command.args(["up", "--yes", "--lock-timeout", "1h", "--timeout", "1s"]);
    command.assert().code(124).stderr(predicate::str::contains("nothing was changed"));
    drop(held);
}

#[test]
fn impossible_backends_and_times() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["state", "list", "--state", "gs://bucket"][..],
        &["up", "--yes", "--timeout", "soon"],
        &["up", "--yes", "--lock-timeout", "-5s"],
        &["state", "migrate", "--from", "local"],
    ] {
        program(folder.path(), "http://127.0.0.1:9").args(arguments).assert().code(64);
    }
    let mut command = program(folder.path(), "http://127.0.0.1:9");
    let config = "apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nmetadata: {name: kf}\nspec:\n  region: cn-north-1\n  \
                  state: {backend: 's3://My_Bucket'}\n";
    std::fs::write(folder.path().join("kfctl-cn.yaml"), config).unwrap();
    command.args(["state", "list"]).assert().code(65).stderr(predicate::str::contains("spec.state.backend"));
}
