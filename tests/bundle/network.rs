//! Fetching over HTTP: what goes well, and what breaks on the way.

use std::sync::Mutex;

use kfctl_cn::bundle::{Progress, Source, fetch, verify};
use kfctl_cn::model::ErrorClass;

use crate::server::Answer::{Body, Cut, Redirect, Status};
use crate::server::{Answer, Server};
use crate::world::*;

fn good() -> Vec<(&'static str, Vec<Answer>)> {
    vec![
        (MAIN, vec![Body(archive(&main_entries()))]),
        (UPSTREAM, vec![Body(archive(&upstream_entries()))]),
        (DRIVER, vec![Body(archive(&driver_entries()))]),
    ]
}

fn with(path: &'static str, answers: Vec<Answer>) -> Vec<(&'static str, Vec<Answer>)> {
    let mut all = good();
    all.retain(|(p, _)| *p != path);
    all.push((path, answers));
    all
}

#[tokio::test]
async fn a_mirror_gives_all_but_what_no_archive_holds() {
    let server = Server::start(good()).await;
    let cache = Cache::new();
    let fetched = cache.fetch(Source::Mirror(server.url())).await.unwrap();
    assert_eq!(fetched.root, cache.root());
    assert_eq!((fetched.kept, fetched.fetched), (0, 8));
    assert_eq!(fetched.without, ["driver-2/rendered.yaml"]);
    assert_eq!(std::fs::read(cache.root().join("kubeflow-1/upstream/deploy/a.yaml")).unwrap(), content("upstream"));
    assert_eq!(std::fs::read(cache.root().join("driver-2/driver.yaml")).unwrap(), content("driver"));
    assert_eq!(cache.files().len(), 8, "only pinned files are kept: {:?}", cache.files());
    assert!(verify(lock(), &cache.root(), &[]).unwrap().extra.is_empty());

    let before = server.requests().len();
    let again = cache.fetch(Source::Mirror(server.url())).await.unwrap();
    assert_eq!((again.kept, again.fetched), (8, 0));
    assert_eq!(server.requests().len(), before, "what is there is not asked for again");
}

#[tokio::test]
async fn a_wrong_file_is_named_with_both_digests_and_may_be_accepted() {
    let mut entries = main_entries();
    entries.iter_mut().find(|(path, _)| path.ends_with("b.yaml")).unwrap().1 = b"kind: Other\n".to_vec();
    let server = Server::start(with(MAIN, vec![Body(archive(&entries))])).await;
    let cache = Cache::new();
    let error = cache.fetch(Source::Mirror(server.url())).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Config);
    let text = error.to_string();
    assert!(text.contains("kubeflow-1/deploy/b.yaml"), "{text}");
    let digests = text.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() == 64).count();
    assert_eq!(digests, 2, "{text}");
    assert!(error.hints.iter().any(|hint| hint.contains("--allow-different kubeflow-1/deploy/b.yaml")), "{error:?}");
    assert!(!cache.root().exists(), "a bundle that isn't whole is not to be found");
    assert_eq!(server.requests().len(), 1, "what is wrong doesn't get right by asking again");

    let mut options = cache.options(Source::Mirror(server.url()));
    options.allow = vec!["deploy/b.yaml".into()];
    fetch(lock(), &options, &|_| ()).await.unwrap();
    let report = verify(lock(), &cache.root(), &options.allow).unwrap();
    assert_eq!((report.different.len(), report.allowed.len()), (0, 1));
    assert!(verify(lock(), &cache.root(), &[]).unwrap().check(&cache.root()).is_err());
}

#[tokio::test]
async fn a_cut_transfer_is_repeated_and_keeps_what_came() {
    let body = archive(&main_entries());
    let half = body.len() / 2;
    let server = Server::start(with(MAIN, vec![Cut(body.clone(), half), Body(body)])).await;
    let cache = Cache::new();
    let seen = Mutex::new(Vec::new());
    let show = |progress: Progress| seen.lock().unwrap().push(progress);
    let fetched = fetch(lock(), &cache.options(Source::Mirror(server.url())), &show).await.unwrap();
    assert_eq!(fetched.fetched, 8);
    let seen = seen.into_inner().unwrap();
    let wanted: Vec<usize> = seen
        .iter()
        .filter_map(|p| match p {
            Progress::Reading { from, files } if from.ends_with(MAIN) => Some(*files),
            _ => None,
        })
        .collect();
    assert_eq!(wanted[0], 6);
    assert!((1..6).contains(&wanted[1]), "the second time only the rest is wanted: {wanted:?}");
    assert!(seen.iter().any(|p| matches!(p, Progress::Retrying { .. })));
}

#[tokio::test]
async fn a_transfer_that_stays_cut_leaves_no_bundle_and_the_next_run_goes_on() {
    let body = archive(&main_entries());
    let half = body.len() / 2;
    let broken = Server::start(with(MAIN, vec![Cut(body.clone(), half)])).await;
    let cache = Cache::new();
    let error = cache.fetch(Source::Mirror(broken.url())).await.unwrap_err();
    assert!(error.is_passing(), "{error:?}");
    assert!(error.hints.iter().any(|hint| hint.contains("again")), "{error:?}");
    assert_eq!(broken.requests().len(), 4, "the first time and three more");
    assert!(!cache.root().exists());
    let kept = cache.files().len();
    assert!(kept > 0);
    let server = Server::start(good()).await;
    assert_eq!(cache.fetch(Source::Mirror(server.url())).await.unwrap().kept, kept);
}

#[tokio::test]
async fn damaged_bytes_are_no_archive() {
    let mut body = archive(&main_entries());
    let half = body.len() / 2;
    body[half..half + 64].fill(0);
    let server = Server::start(with(MAIN, vec![Body(body)])).await;
    let cache = Cache::new();
    cache.fetch(Source::Mirror(server.url())).await.unwrap_err();
    assert!(!cache.root().exists());
}

#[tokio::test]
async fn where_one_address_has_nothing_the_next_is_asked() {
    let mut answers = with(DRIVER, vec![Status(404)]);
    answers.push((DRIVER_OTHER, vec![Body(archive(&driver_entries()))]));
    let server = Server::start(answers).await;
    Cache::new().fetch(Source::Mirror(server.url())).await.unwrap();

    let server = Server::start(with(DRIVER, vec![Status(404)])).await;
    let error = Cache::new().fetch(Source::Mirror(server.url())).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(error.to_string().contains("404") && error.to_string().contains(DRIVER_OTHER), "{error}");
}

#[tokio::test]
async fn passing_answers_are_repeated_and_others_are_not() {
    let server = Server::start(with(MAIN, vec![Status(503), Status(429), Body(archive(&main_entries()))])).await;
    Cache::new().fetch(Source::Mirror(server.url())).await.unwrap();

    let server = Server::start(with(MAIN, vec![Status(403)])).await;
    let error = Cache::new().fetch(Source::Mirror(server.url())).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_followed() {
    let mut answers = with(MAIN, vec![Redirect("/elsewhere".into())]);
    answers.push(("/elsewhere", vec![Body(archive(&main_entries()))]));
    let server = Server::start(answers).await;
    Cache::new().fetch(Source::Mirror(server.url())).await.unwrap();
    assert!(server.requests().contains(&"/elsewhere".to_string()));
}

#[tokio::test]
async fn nobody_answers() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Cache::new().fetch(Source::Mirror(url)).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unreachable);
    assert!(error.hints.iter().any(|hint| hint.contains("HTTPS_PROXY")), "{error:?}");
}

#[tokio::test]
async fn an_archive_without_a_pinned_file_says_which() {
    let mut entries = main_entries();
    entries.retain(|(path, _)| !path.ends_with("/f.yaml"));
    let server = Server::start(with(MAIN, vec![Body(archive(&entries))])).await;
    let error = Cache::new().fetch(Source::Mirror(server.url())).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Config);
    assert!(error.to_string().contains("f.yaml"), "{error}");
}

#[tokio::test]
async fn one_fetch_at_a_time() {
    let body = archive(&main_entries());
    let server = Server::start(with(MAIN, vec![Answer::Stall(body, 100)])).await;
    let cache = Cache::new();
    let first = cache.fetch(Source::Mirror(server.url()));
    let second = async {
        while server.requests().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        cache.fetch(Source::Mirror(server.url())).await
    };
    let error = tokio::select! { _ = first => panic!("the first ends"), second = second => second.unwrap_err() };
    assert_eq!(error.class, ErrorClass::Locked);
}
