//! What a copy is: the same bytes, once, and nothing that is there.

use std::sync::Arc;

use kfctl_cn::registry::copy::{Ended, Ledger, Options};

use super::images::{image, index};
use super::proxy::{Act, Proxy};
use super::world::{Server, copy, digest, job};

/// Two registries, the target behind a proxy that counts.
async fn two() -> Option<(Server, Server, Proxy)> {
    let (from, to) = (Server::start().await?, Server::start().await?);
    let proxy = Proxy::start(&to.host).await;
    Some((from, to, proxy))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_arrives_with_all_platforms_and_the_same_digest() {
    let Some((from, to, proxy)) = two().await else { return };
    let made = index(&from.host, "kubeflow/many:v1", 10, 40_000).await;
    let jobs =
        [job(&format!("{}/kubeflow/many:v1", from.host), &format!("{}/mirror/gcr.io/kubeflow/many:v1", proxy.host))];
    let done = copy(Options::default(), &jobs).await;
    assert_eq!(done.ended, [Ended::Copied(made.parse().unwrap())]);
    assert_eq!(digest(&format!("{}/mirror/gcr.io/kubeflow/many:v1", to.host)).await, Some(made.clone()));
    // Three configurations, three layers and one that they share, each sent once.
    assert_eq!(proxy.count("PUT", "/blobs/uploads/", 201), 7);
    assert_eq!(proxy.count("PUT", "/manifests/", 201), 4);
    // The tag comes last.
    assert!(proxy.log().last().unwrap().contains("/manifests/v1"), "{:#?}", proxy.log());

    let before = proxy.log().len();
    let again = copy(Options::default(), &jobs).await;
    assert_eq!(again.ended, [Ended::Present(Some(made.parse().unwrap()))]);
    assert_eq!(proxy.log()[before..].len(), 1, "{:#?}", &proxy.log()[before..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_a_digest_stays_whole_and_gets_a_tag() {
    let Some((from, to, _)) = two().await else { return };
    let made = index(&from.host, "knative/queue:x", 30, 9_000).await;
    let options = Options { platforms: vec!["linux/amd64".parse().unwrap()], ..Options::default() };
    let name = |host: &str| format!("{host}/knative/queue@{made}");
    let done = copy(options, &[job(&name(&from.host), &name(&to.host))]).await;
    assert_eq!(done.ended, [Ended::Copied(made.parse().unwrap())]);
    assert_eq!(digest(&name(&to.host)).await, Some(made.clone()));
    assert_eq!(to.tags("knative/queue"), [format!("digest-{}", &made[7..23])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn chosen_platforms_leave_the_others_behind() {
    let Some((from, to, proxy)) = two().await else { return };
    let made = index(&from.host, "a/b:v1", 50, 9_000).await;
    let options = || Options { platforms: vec!["linux/arm64".parse().unwrap()], ..Options::default() };
    let jobs = [job(&format!("{}/a/b:v1", from.host), &format!("{}/a/b:v1", proxy.host))];
    let done = copy(options(), &jobs).await;
    let Ended::Copied(only) = &done.ended[0] else { panic!("{:?}", done.ended) };
    assert_ne!(only.to_string(), made);
    assert_eq!(digest(&format!("{}/a/b:v1", to.host)).await, Some(only.to_string()));
    assert_eq!(proxy.count("PUT", "/blobs/uploads/", 201), 3);
    assert_eq!(copy(options(), &jobs).await.ended, [Ended::Present(Some(*only))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_images_share_is_sent_once() {
    let Some((from, _to, proxy)) = two().await else { return };
    let names = ["one/a:v1", "two/b:v1", "three/c:v1"];
    for (at, name) in names.iter().enumerate() {
        image(&from.host, name, &[(70, 200_000), (71 + at as u64, 10_000)]).await;
    }
    let jobs = names.map(|name| job(&format!("{}/{name}", from.host), &format!("{}/{name}", proxy.host)));
    let done = copy(Options::default(), &jobs).await;
    assert!(done.ended.iter().all(|ended| matches!(ended, Ended::Copied(_))), "{:?}", done.ended);
    // The layer and the configuration that all three share are mounted where they are needed again.
    assert_eq!(proxy.count("POST", "mount=", 201), 4);
    assert_eq!(proxy.count("PUT", "/blobs/uploads/", 201), 5);
    assert!(done.meter.sent.get() < 240_000, "{}", done.meter.sent.get());
    assert!(done.meter.mounted() >= 400_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_mounted_it_is_sent_again() {
    let Some((from, to, proxy)) = two().await else { return };
    for name in ["one/a:v1", "two/b:v1"] {
        image(&from.host, name, &[(80, 5_000)]).await;
    }
    // ECR without the account setting: it begins an upload instead.
    let location = format!("http://{}/v2/two/b/blobs/uploads/", proxy.host);
    let begun = reqwest::Client::new().post(&location).send().await.unwrap();
    let session = begun.headers()["location"].to_str().unwrap().to_owned();
    proxy.on("POST", "mount=", 1, Act::Answer(202, Some(("location", session)), String::new()));
    let names = ["one/a:v1", "two/b:v1"];
    let jobs = names.map(|name| job(&format!("{}/{name}", from.host), &format!("{}/{name}", proxy.host)));
    let options = Options { images: 1, blobs: 1, ..Options::default() };
    let done = copy(options, &jobs).await;
    assert!(done.ended.iter().all(|ended| matches!(ended, Ended::Copied(_))), "{:?}", done.ended);
    assert_eq!(to.tags("two/b"), ["v1"]);
    assert_eq!(proxy.count("POST", "mount=", 202), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_with_other_content_is_not_overwritten_unasked() {
    let Some((from, to, _)) = two().await else { return };
    let new = image(&from.host, "a/b:v1", &[(90, 2_000)]).await;
    let old = image(&to.host, "a/b:v1", &[(91, 2_000)]).await;
    let jobs = [job(&format!("{}/a/b:v1", from.host), &format!("{}/a/b:v1", to.host))];
    let done = copy(Options::default(), &jobs).await;
    let Ended::Failed(error) = &done.ended[0] else { panic!("{:?}", done.ended) };
    assert!(error.to_string().contains("is there with other content"), "{error}");
    assert_eq!(digest(&jobs[0].target.to_string()).await, Some(old));
    let done = copy(Options { overwrite: true, ..Options::default() }, &jobs).await;
    assert_eq!(done.ended, [Ended::Copied(new.parse().unwrap())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_gone_fails_alone_and_a_kept_copy_is_kept() {
    let Some((from, to, _)) = two().await else { return };
    let made = image(&from.host, "here/x:v1", &[(100, 2_000)]).await;
    image(&to.host, "arrikto/oidc-authservice:28c59ef", &[(101, 2_000)]).await;
    let names = ["here/x:v1", "ml-pipeline/frontend:1.8.2", "arrikto/oidc-authservice:28c59ef"];
    let jobs = names.map(|name| job(&format!("{}/{name}", from.host), &format!("{}/{name}", to.host)));
    let done = copy(Options::default(), &jobs).await;
    assert_eq!(done.ended[0], Ended::Copied(made.parse().unwrap()));
    assert!(matches!(&done.ended[1], Ended::Failed(error) if error.to_string().contains("404")), "{:?}", done.ended[1]);
    assert!(matches!(&done.ended[2], Ended::Kept(why) if why.contains("is gone")), "{:?}", done.ended[2]);
    assert_eq!(to.tags("ml-pipeline/frontend"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_sends_nothing() {
    let Some((from, _to, proxy)) = two().await else { return };
    image(&from.host, "a/b:v1", &[(110, 2_000)]).await;
    let jobs = [job(&format!("{}/a/b:v1", from.host), &format!("{}/a/b:v1", proxy.host))];
    let done = copy(Options { dry_run: true, ..Options::default() }, &jobs).await;
    assert_eq!(done.ended, [Ended::Missing]);
    assert!(proxy.log().iter().all(|line| line.starts_with("HEAD ")), "{:#?}", proxy.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_a_tag_with_other_content_from_one_that_is_missing() {
    let Some((from, to, proxy)) = two().await else { return };
    let new = image(&from.host, "a/b:v1", &[(120, 2_000)]).await;
    let old = image(&to.host, "a/b:v1", &[(121, 2_000)]).await;
    let many = index(&from.host, "a/many:v1", 122, 2_000).await;
    let name = |name: &str| job(&format!("{}/{name}", from.host), &format!("{}/{name}", proxy.host));
    let jobs = [name("a/b:v1"), name("a/many:v1")];
    let chosen = || Options { platforms: vec!["linux/amd64".parse().unwrap()], ..Options::default() };
    copy(chosen(), &jobs[1..]).await;
    let sent = proxy.log().len();
    let done = copy(Options { dry_run: true, ..chosen() }, &jobs).await;
    let Ended::Different(why) = &done.ended[0] else { panic!("{:?}", done.ended) };
    assert!(why.contains(&old) && why.contains(&new), "{why}");
    assert!(matches!(done.ended[1], Ended::Present(_)), "the one platform is there: {:?}", done.ended);
    let done = copy(Options { dry_run: true, ..Options::default() }, &jobs).await;
    assert!(matches!(&done.ended[1], Ended::Different(why) if why.contains(&many)), "{:?}", done.ended);
    assert!(proxy.log()[sent..].iter().all(|line| line.starts_with("HEAD ")), "{:#?}", proxy.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_run_sent_to_another_repository_is_mounted() {
    let Some((from, to, proxy)) = two().await else { return };
    for name in ["one/a:v1", "two/b:v1", "three/c:v1"] {
        image(&from.host, name, &[(130, 40_000)]).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blobs.tsv");
    let remembering = || Options { ledger: Some(Arc::new(Ledger::open(&path))), ..Options::default() };
    let jobs = ["one/a:v1", "two/b:v1", "three/c:v1"]
        .map(|name| job(&format!("{}/{name}", from.host), &format!("{}/{name}", proxy.host)));
    let first = copy(remembering(), &jobs[..1]).await;
    assert!(first.meter.sent.get() > 40_000 && first.meter.mounted() == 0);
    let second = copy(remembering(), &jobs[1..2]).await;
    assert!(matches!(second.ended[0], Ended::Copied(_)), "{:?}", second.ended);
    assert!(second.meter.mounted() > 40_000, "configuration and layer");
    assert_eq!(second.meter.sent.get(), 0);
    assert_eq!(to.tags("two/b"), ["v1"]);

    // What is remembered but gone is sent as if nothing had been said.
    let wrong = std::fs::read_to_string(&path).unwrap().replace("two/b", "no/such").replace("one/a", "no/such");
    std::fs::write(&path, wrong).unwrap();
    let third = copy(remembering(), &jobs[2..]).await;
    assert!(matches!(third.ended[0], Ended::Copied(_)), "{:?}", third.ended);
    assert!(third.meter.sent.get() > 40_000 && third.meter.mounted() == 0);
    assert_eq!(to.tags("three/c"), ["v1"]);
}
