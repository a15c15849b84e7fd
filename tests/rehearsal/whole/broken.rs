//! Each check of `verify` fails when what it proves is broken: one thing is broken at a time, and exactly that check fails.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::environment::{Parts, World, said};
use crate::support;

#[test]
fn what_is_broken_is_what_fails() {
    let world = World::start("cn-north-1", 0.0, support::bundle_dir(), Parts::All);
    world.succeeds(&["up", "--yes"]);
    fails_for(&world, &[]);
    the_databases(&world);
    the_login(&world);
    world.succeeds(&["down", "--yes"]);
}

fn the_databases(world: &World) {
    if !world.has("KFCTL_CN_DATABASE_ADDRESS") {
        println!("skipped: there is no MariaDB server on this machine");
        return;
    }
    for (statement, maker, database, seen, hint) in [
        (
            "DROP TABLE mlpipeline.run_details",
            "ml-pipeline",
            "mlpipeline",
            "without run_details",
            "`kfctl-cn logs ml-pipeline`",
        ),
        (
            "DROP DATABASE cachedb",
            "cache-server",
            "cachedb",
            "the database cachedb isn't there",
            "`kfctl-cn logs cache-server`",
        ),
        (
            "DELETE FROM metadb.MLMDEnv",
            "metadata-grpc-deployment",
            "metadb",
            "the first start of metadata-grpc-deployment was cut off",
            "drop the database metadb",
        ),
        (
            "DROP TABLE kubeflow.observation_logs",
            "katib-db-manager",
            "kubeflow",
            "isn't there, or is empty",
            "`kfctl-cn logs katib-db-manager`",
        ),
    ] {
        if !deployed(world, maker) {
            continue;
        }
        sql(world, statement);
        let what = format!("{maker} has made its tables in the database {database}");
        fails_for(world, &[(&what, seen, hint)]);
        // What the hint says: started again, it makes what is missing.
        restart(world, maker);
        eventually_passes(world);
    }
}

fn the_login(world: &World) {
    let user = "the user of the secret rehearsal-admin logs in through the gateway";
    let path = "/api/v1/namespaces/istio-system/secrets/oidc-authservice-client";
    let before = world.get(path)["data"]["CLIENT_SECRET"].clone();
    let set = |value: &Value| json!([{"op": "replace", "path": "/data/CLIENT_SECRET", "value": value}]);
    send(world, path, set(&json!("b3RoZXI=")));
    fails_for(world, &[(user, "Failed to exchange authorization code", "`kfctl-cn logs authservice`")]);
    send(world, path, set(&before));
    eventually_passes(world);
}

/// Looks that exactly these checks fail, besides that of what the plan would change: each with what is seen and the hint.
fn fails_for(world: &World, wanted: &[(&str, &str, &str)]) {
    let failed = failed(world);
    let failed: Vec<&Value> = failed.iter().filter(|check| check["category"] != "resources").collect();
    for (what, seen, hint) in wanted {
        let check = failed.iter().find(|check| check["what"] == *what);
        let check = check.unwrap_or_else(|| panic!("{what}: it passes; others: {failed:#?}"));
        let text = |key: &str| check[key].as_str().unwrap_or_default();
        assert!(text("seen").contains(seen) && text("hint").contains(hint), "{check:#}");
    }
    assert_eq!(failed.len(), wanted.len(), "{failed:#?}");
}

fn failed(world: &World) -> Vec<Value> {
    let done = world.run(&["verify", "-o", "json"]);
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    world.assert_no_secret("verify", &text);
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{}", said(&done)));
    report["checks"].as_array().expect("checks").iter().filter(|check| check["status"] == "fail").cloned().collect()
}

fn eventually_passes(world: &World) {
    let began = Instant::now();
    loop {
        let failed = failed(world);
        if failed.is_empty() {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(90), "{failed:#?}");
    }
}

fn deployed(world: &World, deployment: &str) -> bool {
    let all = world.get("/apis/apps/v1/namespaces/kubeflow/deployments");
    all["items"].as_array().expect("deployments").iter().any(|item| item["metadata"]["name"] == deployment)
}

/// Deletes the pods of a Deployment; new ones come.
fn restart(world: &World, deployment: &str) {
    let pods = "/api/v1/namespaces/kubeflow/pods";
    for pod in world.get(pods)["items"].as_array().expect("pods") {
        let name = pod["metadata"]["name"].as_str().expect("a name");
        if name.rsplitn(3, '-').last() == Some(deployment) {
            world.send("DELETE", &format!("{pods}/{name}"), Value::Null).expect("a pod goes");
        }
    }
}

/// A statement as the server's own administrator.
fn sql(world: &World, statement: &str) {
    let socket = world.work().join("../env/database/socket");
    let done = Command::new("mariadb")
        .arg("--no-defaults")
        .arg("--socket")
        .arg(socket)
        .args(["--user", "root", "--execute", statement])
        .output();
    let done = done.expect("mariadb runs");
    assert!(done.status.success(), "{statement}: {}", said(&done));
}

fn send(world: &World, path: &str, patch: Value) {
    world.send("PATCH", path, patch).unwrap_or_else(|error| panic!("{path}: {error}"));
}
