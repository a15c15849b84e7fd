//! Registries that fail: each way is got over or told, and nothing that is wrong ever has a tag.

use std::time::{Duration, Instant};

use kfctl_cn::registry::copy::{Ended, Options};

use super::images::{image, index};
use super::proxy::{Act, Proxy};
use super::world::{Done, Server, copy, digest, job};

struct World {
    to: Server,
    source: Proxy,
    target: Proxy,
    made: String,
    _from: Server,
}

/// An image with three layers of one piece and one of many, between two proxies.
async fn world() -> Option<World> {
    let (from, to) = (Server::start().await?, Server::start().await?);
    let made = image(&from.host, "a/b:v1", &[(1, 3_000), (2, 3_000), (3, 900_000)]).await;
    let (source, target) = (Proxy::start(&from.host).await, Proxy::start(&to.host).await);
    Some(World { to, source, target, made, _from: from })
}

impl World {
    async fn copy(&self) -> Done {
        let jobs = [job(&format!("{}/a/b:v1", self.source.host), &format!("{}/a/b:v1", self.target.host))];
        copy(Options::default(), &jobs).await
    }

    async fn arrives(&self) -> Done {
        let done = self.copy().await;
        assert_eq!(done.ended, [Ended::Copied(self.made.parse().unwrap())], "{:#?}", done.notes);
        assert_eq!(digest(&format!("{}/a/b:v1", self.to.host)).await.as_ref(), Some(&self.made));
        done
    }

    /// The copy fails, and there is no tag.
    async fn fails(&self, with: &str) {
        let done = self.copy().await;
        assert!(matches!(&done.ended[0], Ended::Failed(e) if e.to_string().contains(with)), "{:?}", done.ended);
        assert_eq!(self.to.tags("a/b"), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_is_waited_out_as_long_as_the_registry_says() {
    let Some(world) = world().await else { return };
    let busy = || Act::Answer(429, Some(("retry-after", "1".into())), "{}".into());
    world.source.on("GET", "/blobs/", 1, busy()).on("GET", "/manifests/", 1, busy());
    world.target.on("POST", "/blobs/uploads/", 1, busy()).on("PUT", "/blobs/uploads/", 1, busy());
    let start = Instant::now();
    world.arrives().await;
    assert!(start.elapsed() >= Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_for_ever_is_told() {
    let Some(world) = world().await else { return };
    world.source.on("GET", "/manifests/", 99, Act::Answer(429, Some(("retry-after", "0".into())), String::new()));
    world.fails("answers 429").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_a_server_and_lost_connections_are_got_over() {
    let Some(world) = world().await else { return };
    world.source.on("GET", "/manifests/", 1, Act::Answer(503, None, "<html>".into()));
    world.source.on("GET", "/blobs/", 2, Act::HangUp).on("GET", "/blobs/", 2, Act::Cut(100));
    world.target.on("HEAD", "/blobs/", 1, Act::HangUp).on("PUT", "/blobs/uploads/", 1, Act::HangUp);
    world.target.on("PUT", "/manifests/", 1, Act::Answer(500, None, "{}".into()));
    world.arrives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_is_sent_again_from_the_start_and_counted_once() {
    let Some(world) = world().await else { return };
    world.source.on("GET", "/blobs/", 3, Act::Cut(2_000));
    let done = world.arrives().await;
    assert_eq!(done.meter.sent.get(), done.meter.planned());
    assert!(!done.notes.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_blob_is_got_again() {
    let Some(world) = world().await else { return };
    world.source.on("GET", "/blobs/", 2, Act::Corrupt);
    let done = world.arrives().await;
    assert!(done.notes.iter().all(|note| note.contains("it is corrupt")), "{:#?}", done.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_stays_corrupt_is_never_whole_at_the_target() {
    let Some(world) = world().await else { return };
    world.source.on("GET", "/blobs/", 999, Act::Corrupt);
    world.fails("it is corrupt").await;
    // Not even the registry's own check was needed: the last byte was never sent.
    assert_eq!(world.target.count("PUT", "/blobs/uploads/", 201), 0);
    assert_eq!(world.target.count("PUT", "/manifests/", 201), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_manifest_is_never_put() {
    let Some(world) = world().await else { return };
    world.source.on("GET", "/manifests/", 99, Act::Corrupt);
    world.fails("instead of").await;
    assert_eq!(world.target.count("PUT", "/manifests/", 201), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_takes_no_blob_in_one_request_gets_it_in_pieces() {
    let Some(world) = world().await else { return };
    // ECR says 201 to a piece where the specification has 202.
    world.target.on("PUT", "/blobs/uploads/", 1, Act::Answer(405, None, String::new()));
    world.target.on("PATCH", "/blobs/uploads/", 99, Act::Status(201));
    world.arrives().await;
    assert!(world.target.count("PATCH", "/blobs/uploads/", 201) >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_cannot_move_is_fine_if_it_is_the_same() {
    let Some(world) = world().await else { return };
    let said = r#"{"errors":[{"code":"TAG_INVALID","message":"The image tag 'v1' already exists in the 'a/b' repository and cannot be overwritten because the repository is immutable."}]}"#;
    // Somebody else was quicker between the look and the push.
    world.arrives().await;
    world.target.on("HEAD", "/manifests/v1", 1, Act::Answer(404, None, String::new()));
    world.target.on("PUT", "/manifests/v1", 1, Act::Answer(400, None, said.into()));
    world.arrives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_cannot_move_and_is_another_is_told() {
    let Some(world) = world().await else { return };
    let said = r#"{"errors":[{"code":"TAG_INVALID","message":"the repository is immutable"}]}"#;
    world.target.on("PUT", "/manifests/v1", 9, Act::Answer(400, None, said.into()));
    world.fails("the repository is immutable").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_has_no_tag_while_a_platform_is_missing() {
    let (Some(from), Some(to)) = (Server::start().await, Server::start().await) else { return };
    index(&from.host, "a/many:v1", 20, 2_000).await;
    let target = Proxy::start(&to.host).await;
    // The second of three platforms is refused.
    target.on("PUT", "/manifests/sha256", 1, Act::Answer(403, None, String::new()));
    let jobs = [job(&format!("{}/a/many:v1", from.host), &format!("{}/a/many:v1", target.host))];
    let done = copy(Options::default(), &jobs).await;
    assert!(matches!(&done.ended[0], Ended::Failed(error) if error.to_string().contains("403")), "{:?}", done.ended);
    assert_eq!(to.tags("a/many"), Vec::<String>::new());
    // What is there is not sent again.
    let before = target.count("PUT", "/blobs/uploads/", 201);
    assert!(matches!(copy(Options::default(), &jobs).await.ended[0], Ended::Copied(_)));
    assert!(target.count("PUT", "/blobs/uploads/", 201) <= 7, "{before}");
}
