//! `kfctl-cn diff` against a real API server.

use std::collections::BTreeSet;

use kfctl_cn::kube::{Client, Inventory};
use serde_json::Value;

use super::environment::{World, said};

/// Right after `up` nothing differs, also if each object must be asked for since no inventory says what was applied.
pub fn nothing_differs_after_up(world: &World, runtime: &tokio::runtime::Runtime, client: &Client) {
    let audited = world.audited();
    let quiet = world.succeeds(&["diff", "--detailed-exitcode"]);
    assert!(quiet.stdout.is_empty() && said(&quiet).contains("nothing differs"), "{}", said(&quiet));
    assert_eq!(world.cluster_writes(audited), Vec::<String>::new());
    runtime.block_on(async {
        let inventories = Inventory::all(client).await.expect("inventories");
        for inventory in &inventories {
            Inventory::delete(client, &inventory.addr).await.expect("a removal");
        }
        let asked = world.run(&["diff", "--detailed-exitcode"]);
        for inventory in &inventories {
            inventory.save(client).await.expect("an inventory");
        }
        assert!(asked.status.success(), "{}", said(&asked));
    });
}

/// One deployment has another image and one ConfigMap is gone: these and nothing else, and nothing is written.
pub fn exactly_what_others_did_shows(world: &World) {
    let audited = world.audited();
    let shown = world.run(&["diff", "--detailed-exitcode", "-o", "json"]);
    assert_eq!(shown.status.code(), Some(2), "{}", said(&shown));
    assert_eq!(world.cluster_writes(audited), Vec::<String>::new());
    let text = String::from_utf8_lossy(&shown.stdout);
    world.assert_no_secret("the diff", &text);
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let line = |line: &Value| {
        ["outcome", "kind", "name"].map(|field| line[field].as_str().unwrap_or_default().to_owned()).join(" ")
    };
    let lines: BTreeSet<String> = report["objects"].as_array().expect("objects").iter().map(line).collect();
    let wanted = ["changed Deployment dex", "new ConfigMap pipeline-install-config"];
    assert_eq!(lines, BTreeSet::from(wanted.map(str::to_owned)), "{text}");
    assert!(text.contains("elsewhere/dex:1") && text.contains("somebody"), "the image and its manager: {text}");
    let one = world.run(&["diff", "--detailed-exitcode", "--only", "deployment/dex", "--phase", "kubeflow"]);
    assert_eq!(one.status.code(), Some(2));
    let one = String::from_utf8_lossy(&one.stdout).into_owned();
    assert!(one.contains("--- live/Deployment/auth/dex") && !one.contains("ConfigMap/"), "{one}");
    let other = world.run(&["diff", "--detailed-exitcode", "--phase", "platform"]);
    assert_eq!(other.status.code(), Some(0), "{}", said(&other));
}
