//! A fetch that is killed, as a process, with `kill -9`.

use std::process::Command;
use std::time::Duration;

use kfctl_cn::bundle::{Source, fetch, verify};

use crate::server::{Answer, Server};
use crate::world::*;

const CHILD: &str = "KFCTL_CN_TEST_FETCH";

/// The process that is killed: this very test, started by the one below.
#[tokio::test]
async fn child() {
    let Some(url) = std::env::var_os(CHILD) else { return };
    let cache = std::env::var_os("KFCTL_CN_CACHE").unwrap();
    let options = kfctl_cn::bundle::FetchOptions::new(Source::Mirror(url.into_string().unwrap()), cache.into());
    fetch(lock(), &options, &|_| ()).await.unwrap();
}

#[tokio::test]
async fn a_killed_fetch_leaves_nothing_half_written_and_the_next_goes_on() {
    let body = archive(&main_entries());
    for eighth in 1..8 {
        let server = Server::start([
            (MAIN, vec![Answer::Stall(body.clone(), body.len() * eighth / 8), Answer::Body(body.clone())]),
            (UPSTREAM, vec![Answer::Body(archive(&upstream_entries()))]),
            (DRIVER, vec![Answer::Body(archive(&driver_entries()))]),
        ])
        .await;
        let cache = Cache::new();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::child"])
            .env(CHILD, server.url())
            .env("KFCTL_CN_CACHE", cache.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while server.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
        child.kill().unwrap();
        child.wait().unwrap();

        assert!(!cache.root().exists(), "half a bundle is no bundle");
        let partial = cache.root().with_extension("partial");
        let report = verify(lock(), &partial, &[]).unwrap();
        assert!(report.different.is_empty(), "{:?}", report.different);
        let fetched = cache.fetch(Source::Mirror(server.url())).await.unwrap();
        assert_eq!(fetched.kept, report.matching, "what came before the kill is kept");
        assert!(!partial.exists());
        assert_eq!(cache.files().len(), 8, "no temporary file stays: {:?}", cache.files());
    }
}
