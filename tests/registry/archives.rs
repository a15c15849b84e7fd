//! Archives: saved, read by another tool, loaded.

use std::process::Command;
use std::sync::Arc;

use kfctl_cn::registry::Anonymous;
use kfctl_cn::registry::copy::{Ended, Job, Options};
use kfctl_cn::registry::layout::{Archive, Writer};

use super::images::{image, index};
use super::proxy::{Act, Proxy};
use super::world::{Server, client, digest, job, registry_target, run};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_is_loaded_with_the_same_digests() {
    let (Some(from), Some(to)) = (Server::start().await, Server::start().await) else { return };
    let many = index(&from.host, "a/many:v1", 1, 50_000).await;
    let one = image(&from.host, "a/one:v2", &[(9, 700_000)]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("images.tar");
    let names =
        [format!("{}/a/many:v1", from.host), format!("{}/a/one:v2", from.host), format!("{}/a/many@{many}", from.host)];
    let jobs: Vec<Job> = names.iter().map(|name| job(name, name)).collect();

    // The first try breaks off at a blob; what is whole isn't fetched again.
    let source = Proxy::start(&from.host).await;
    let through: Vec<Job> = jobs
        .iter()
        .map(|job| Job {
            source: job.source.to_string().replace(&from.host, &source.host).parse().unwrap(),
            target: job.target.clone(),
        })
        .collect();
    source.on("GET", "/a/one/blobs/", 1, Act::Answer(404, None, String::new()));
    let writer = Arc::new(Writer::open(&path).unwrap());
    let options = || Options { blobs: 1, images: 1, ..Options::default() };
    let done = run(Arc::new(client(Arc::new(Anonymous))), writer.clone(), options(), &through).await;
    assert!(done.ended.iter().any(|ended| matches!(ended, Ended::Failed(_))));
    drop(writer);
    let list = std::fs::read_to_string(folder.path().join("images.tar.partial.list")).unwrap();
    let whole: Vec<&str> = list.lines().filter_map(|line| line.strip_suffix(" whole")).collect();
    assert!(!whole.is_empty());
    let before = source.log().len();

    let writer = Arc::new(Writer::open(&path).unwrap());
    let done = run(Arc::new(client(Arc::new(Anonymous))), writer.clone(), options(), &through).await;
    assert!(done.ended.iter().all(|ended| matches!(ended, Ended::Copied(_))), "{:?}", done.ended);
    let log = source.log();
    let twice = log[before..].iter().filter(|line| line.contains("/blobs/") && whole.iter().any(|w| line.contains(w)));
    assert_eq!(twice.count(), 0, "{log:#?}");
    assert!(!path.exists());
    writer.finish().unwrap();
    drop(writer);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

    let archive = Archive::open(&path).unwrap();
    let load: Vec<Job> =
        names.iter().map(|name| job(name, &name.replace(&from.host, &format!("{}/m", to.host)))).collect();
    assert_eq!(archive.images().count(), 3);
    let done = run(Arc::new(archive), registry_target(), Options::default(), &load).await;
    assert!(done.ended.iter().all(|e| matches!(e, Ended::Copied(_) | Ended::Present(_))), "{:?}", done.ended);
    assert_eq!(digest(&format!("{}/m/a/many:v1", to.host)).await, Some(many));
    assert_eq!(digest(&format!("{}/m/a/one:v2", to.host)).await, Some(one));
}

#[tokio::test(flavor = "multi_thread")]
async fn skopeo_reads_an_archive() {
    let Some(from) = Server::start().await else { return };
    if Command::new("skopeo").arg("--version").output().is_err() {
        eprintln!("skipped: skopeo isn't installed");
        return;
    }
    let made = index(&from.host, "a/many:v1", 1, 5_000).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("images.tar");
    let writer = Arc::new(Writer::open(&path).unwrap());
    let name = format!("{}/a/many:v1", from.host);
    run(Arc::new(client(Arc::new(Anonymous))), writer.clone(), Options::default(), &[job(&name, &name)]).await;
    writer.finish().unwrap();
    let image = format!("oci-archive:{}", path.display());
    let raw = Command::new("skopeo").args(["inspect", "--raw", &image]).env("TMPDIR", folder.path()).output().unwrap();
    assert!(raw.status.success(), "{}", String::from_utf8_lossy(&raw.stderr));
    assert_eq!(kfctl_cn::registry::Digest::of(&raw.stdout).to_string(), made);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_archive_is_told_and_leaves_no_tag() {
    let (Some(from), Some(to)) = (Server::start().await, Server::start().await) else { return };
    image(&from.host, "a/one:v1", &[(9, 100_000)]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("images.tar");
    let writer = Arc::new(Writer::open(&path).unwrap());
    let name = format!("{}/a/one:v1", from.host);
    run(Arc::new(client(Arc::new(Anonymous))), writer.clone(), Options::default(), &[job(&name, &name)]).await;
    writer.finish().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let load = [job(&name, &format!("{}/a/one:v1", to.host))];
    let done = run(Arc::new(Archive::open(&path).unwrap()), registry_target(), Options::default(), &load).await;
    assert!(matches!(&done.ended[0], Ended::Failed(e) if e.to_string().contains("corrupt")), "{:?}", done.ended);
    assert_eq!(to.tags("a/one"), Vec::<String>::new());
    std::fs::write(&path, b"not a tar at all").unwrap();
    assert!(Archive::open(&path).is_err());
}
