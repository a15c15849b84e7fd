//! The program with a shared state: two at once, one that is killed, one whose time is over, and the state moved.

use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use kfctl_cn::aws::Clients;
use kfctl_cn::model::Region;
use kfctl_cn::state::{Objects, S3Objects};

use super::{BUCKET, bucket, encrypt, keep_versions};
use crate::support;
use crate::whole::environment::{Parts, World, said};
use crate::world::clients_of;

/// An environment with a bucket for states, in which things of AWS take half a minute.
struct Scene {
    world: World,
    clients: Clients,
}

impl Scene {
    async fn new(region: Region, backend: &str) -> Scene {
        let world = World::start(region.as_str(), 30.0, support::sample_bundle(), Parts::OnlyAws);
        let clients = clients_of(world.var("AWS_ENDPOINT_URL"), region, world.var("AWS_ACCESS_KEY_ID")).await;
        bucket(&clients).await;
        encrypt(&clients).await;
        keep_versions(&clients).await;
        let config = format!(
            "apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nmetadata:\n  name: rehearsal\nspec:\n  region: {region}\n  \
             state:\n    backend: {backend}\n  images:\n    mirror: skip\n"
        );
        std::fs::write(world.work().join("kfctl-cn.yaml"), config).unwrap();
        Scene { world, clients }
    }

    fn log(&self, name: &str) -> PathBuf {
        self.world.work().join(name)
    }

    /// Runs the program, which must end with a code; what it said.
    fn ends(&self, arguments: &[&str], code: i32) -> String {
        let done = self.world.run(arguments);
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {}", said(&done));
        said(&done)
    }

    /// Whether the shared state is locked.
    async fn locked(&self) -> bool {
        let objects = S3Objects::new(self.clients.clone(), BUCKET, "ci", "rehearsal");
        objects.get("lock").await.unwrap().is_some()
    }

    /// Waits until the state has a record.
    async fn recorded(&self, addr: &str) {
        let until = Instant::now() + Duration::from_secs(120);
        let objects = S3Objects::new(self.clients.clone(), BUCKET, "ci", "rehearsal");
        loop {
            let state = objects.get("state.json").await.unwrap().map(|(content, _)| content).unwrap_or_default();
            let state: serde_json::Value = serde_json::from_slice(&state).unwrap_or_default();
            if state["resources"].get(addr).is_some() {
                return;
            }
            assert!(Instant::now() < until, "{addr} is never recorded: {state}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Waits for the first of two to end: the other one, and how the first ended.
async fn first_of(mut one: Child, mut other: Child) -> (Child, Option<i32>, bool) {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(status) = one.try_wait().unwrap() {
            return (other, status.code(), true);
        }
        if let Some(status) = other.try_wait().unwrap() {
            return (one, status.code(), false);
        }
        assert!(Instant::now() < until, "both go on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sends SIGTERM, as CI does to a job that is cancelled.
fn terminate(child: &Child) {
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_jobs_one_writes_and_the_lock_of_a_killed_one_is_removed_by_hand() {
    let scene = Scene::new(Region::CnNorth1, &format!("s3://{BUCKET}/ci")).await;
    let (one, other) = (scene.log("one.log"), scene.log("other.log"));
    let first = scene.world.spawn(&["up", "--yes"], &one);
    let second = scene.world.spawn(&["up", "--yes"], &other);
    let (mut goes_on, code, first_ended) = first_of(first, second).await;
    let text = std::fs::read_to_string(if first_ended { &one } else { &other }).unwrap();
    assert_eq!(code, Some(75), "{text}");
    assert!(text.contains(&format!("process {}", goes_on.id())), "who has it: {text}");
    scene.recorded("cluster/vpc").await;
    goes_on.kill().unwrap();
    goes_on.wait().unwrap();

    let text = scene.ends(&["up", "--yes"], 75);
    let id = text.split("state unlock ").nth(1).expect("the command").split_whitespace().next().unwrap().to_owned();
    assert!(scene.ends(&["status"], 0).contains(&id));
    assert!(scene.ends(&["state", "unlock", "0123456789abcdef"], 64).contains(&id));
    scene.ends(&["state", "unlock", &id], 0);
    assert!(!scene.locked().await);
    // It goes on, until its time is over: the state is saved and nothing is locked.
    let text = scene.ends(&["up", "--yes", "--timeout", "10s"], 124);
    assert!(text.contains("the time is over") && text.contains("go on with: kfctl-cn up"), "{text}");
    assert!(!scene.locked().await, "{text}");
    assert!(scene.ends(&["state", "list"], 0).lines().any(|line| line == "cluster/vpc"));
    let vpcs = scene.world.inventory();
    assert_eq!(vpcs["vpc"].len(), 1, "{vpcs:?}");
    let text: String = std::fs::read_dir(scene.world.state())
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap() + " ")
        .collect();
    assert!(!text.contains("state.json"), "nothing of the state is in the folder: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_stopped_lets_go_and_the_one_that_waits_gets_its_turn() {
    let scene = Scene::new(Region::CnNorthwest1, &format!("s3://{BUCKET}/ci")).await;
    let mut running = scene.world.spawn(&["up", "--yes"], &scene.log("up.log"));
    scene.recorded("cluster/vpc").await;
    let log = scene.log("rm.log");
    let mut waiting = scene.world.spawn(&["state", "rm", "cluster/vpc", "--lock-timeout", "2m"], &log);
    let until = Instant::now() + Duration::from_secs(60);
    while !std::fs::read_to_string(&log).unwrap().contains("waiting:") {
        assert!(Instant::now() < until && waiting.try_wait().unwrap().is_none(), "it doesn't wait");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    terminate(&running);
    let text = || std::fs::read_to_string(scene.log("up.log")).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(143), "{}", text());
    assert_eq!(waiting.wait().unwrap().code(), Some(0), "{}", std::fs::read_to_string(&log).unwrap());
    assert!(std::fs::read_to_string(&log).unwrap().contains("Nothing was removed but the record"));
    assert!(!scene.locked().await);
    assert!(!scene.ends(&["state", "list"], 0).lines().any(|line| line == "cluster/vpc"));
    assert_eq!(scene.world.inventory()["vpc"].len(), 1, "only the record is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_moved_to_the_bucket_and_back() {
    let scene = Scene::new(Region::CnNorth1, "local").await;
    let shared = format!("s3://{BUCKET}/ci");
    scene.ends(&["state", "show"], 65);
    let mut running = scene.world.spawn(&["up", "--yes"], &scene.log("up.log"));
    let until = Instant::now() + Duration::from_secs(120);
    while !said(&scene.world.run(&["state", "list"])).contains("cluster/vpc") {
        assert!(Instant::now() < until, "nothing is recorded");
    }
    terminate(&running);
    assert_eq!(running.wait().unwrap().code(), Some(143));
    let addrs = scene.ends(&["state", "list"], 0);
    let old = scene.log("old.json");
    scene.ends(&["state", "pull", "--to", old.to_str().unwrap()], 0);
    let text = scene.ends(&["up", "--yes", "--state", &shared], 65);
    assert!(text.contains("state migrate --from local"), "{text}");

    let text = scene.ends(&["state", "migrate", "--from", "local", "--to", &shared], 0);
    assert!(text.contains(&format!("spec.state.backend: {shared}")), "{text}");
    scene.ends(&["state", "list"], 65);
    assert_eq!(scene.ends(&["state", "list", "--state", &shared], 0), addrs);
    let gone = addrs.lines().next().unwrap();
    scene.ends(&["state", "rm", gone, "--state", &shared], 0);
    let text = scene.ends(&["state", "push", old.to_str().unwrap(), "--state", &shared], 65);
    assert!(text.contains("is newer than") && text.contains("--force"), "{text}");

    scene.ends(&["state", "migrate", "--from", &shared, "--to", "local"], 0);
    scene.ends(&["state", "list", "--state", &shared], 65);
    assert_eq!(scene.ends(&["state", "list"], 0).lines().count() + 1, addrs.lines().count());
    scene.ends(&["state", "push", old.to_str().unwrap(), "--force"], 0);
    assert_eq!(scene.ends(&["state", "list"], 0), addrs);
    assert!(scene.ends(&["state", "unlock", "0123456789abcdef"], 64).contains("not locked"));
    scene.ends(&["state", "migrate", "--from", "local", "--to", "local"], 64);
    scene.ends(&["state", "push", "no-such-file"], 64);
}
