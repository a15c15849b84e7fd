//! The program itself, killed in the middle of a mirror: it goes on, and no blob that had arrived is sent again.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::images::image;
use super::proxy::{Act, Proxy};
use super::support::bin;
use super::world::Server;

/// Repository and digest of each blob that arrived.
fn arrived(proxy: &Proxy) -> Vec<String> {
    let log = proxy.log();
    let puts = log
        .iter()
        .filter(|line| line.starts_with("PUT ") && line.contains("/blobs/uploads/") && line.ends_with(" 201"));
    let named = |line: &String| {
        let repository = line.split("/blobs/").next().unwrap().to_owned();
        repository + " " + line.split("digest=").nth(1).unwrap().split(' ').next().unwrap()
    };
    puts.map(named).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_is_killed_goes_on() {
    let (Some(from), Some(to)) = (Server::start().await, Server::start().await) else { return };
    let (source, target) = (Proxy::start(&from.host).await, Proxy::start(&to.host).await);
    let mut list = String::new();
    for at in 0..4u64 {
        let name = format!("team/app{at}:v1");
        image(&from.host, &name, &[(10 * at, 300_000), (10 * at + 1, 300_000), (10 * at + 2, 300_000)]).await;
        list += &format!("{}/{name}\t{}/kfctl-cn/{name}\n", source.host, target.host);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.tsv");
    std::fs::write(&path, list).unwrap();
    source.on("GET", "/blobs/", 9999, Act::Slow(Duration::from_millis(20)));
    let command = bin();
    let mut child = Command::new(command.get_program())
        .args(["images", "mirror", "--concurrency", "2", "--list"])
        .arg(&path)
        .env("HOME", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..2000 {
        if arrived(&target).len() >= 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let before = arrived(&target);
    assert!((3..16).contains(&before.len()), "{}", before.len());

    let path = path.clone();
    let home = folder.path().to_owned();
    let again = tokio::task::spawn_blocking(move || {
        bin().args(["images", "mirror", "-o", "json", "--list"]).arg(path).env("HOME", home).output().unwrap()
    });
    let output = again.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let all = arrived(&target);
    assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len(), "a blob was sent twice: {all:#?}");
    let lines: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(lines.as_array().unwrap().len(), 4);
    for at in 0..4 {
        assert_eq!(to.tags(&format!("kfctl-cn/team/app{at}")), ["v1"]);
    }
}
