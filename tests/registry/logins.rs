//! Logging in: tokens, passwords, and what happens when they run out in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use base64::Engine as _;
use kfctl_cn::model::{Result, Secret};
use kfctl_cn::registry::copy::{ByItself, Ended, Job, Options, RegistryTarget};
use kfctl_cn::registry::{Anonymous, Login, Logins};

use super::images::image;
use super::proxy::{Act, Proxy, Wants};
use super::world::{Done, Server, client, copy, job, run};

async fn one() -> Option<(Server, Server, Proxy, Job)> {
    let (from, to) = (Server::start().await?, Server::start().await?);
    image(&from.host, "a/b:v1", &[(1, 3_000), (2, 3_000)]).await;
    let target = Proxy::start(&to.host).await;
    let job = job(&format!("{}/a/b:v1", from.host), &format!("{}/a/b:v1", target.host));
    Some((from, to, target, job))
}

/// Gives `old` first and `new` once that was refused, and counts.
struct Renewed(AtomicUsize);

#[async_trait]
impl Logins for Renewed {
    async fn login(&self, _host: &str, renew: bool) -> Result<Option<Login>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Login::new("AWS", Secret::new(if renew { "new" } else { "old" }))))
    }
}

fn basic(password: &str) -> Wants {
    Wants::Basic(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("AWS:{password}"))))
}

async fn with(logins: Arc<dyn Logins>, job: Job) -> Done {
    let target = RegistryTarget::new(client(logins), Arc::new(ByItself));
    run(Arc::new(client(Arc::new(Anonymous))), Arc::new(target), Options::default(), &[job]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_with_a_realm_gives_tokens_for_what_is_needed() {
    let Some((_from, to, target, job)) = one().await else { return };
    target.wants(Wants::Token);
    let done = copy(Options::default(), &[job]).await;
    assert!(matches!(done.ended[0], Ended::Copied(_)), "{:?}", done.ended);
    assert_eq!(target.scopes(), ["service=s&scope=repository:a/b:pull,push"]);
    assert_eq!(to.tags("a/b"), ["v1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_in_the_middle_is_renewed() {
    let Some((_from, to, target, job)) = one().await else { return };
    target.wants(Wants::Token);
    let expiring = target.clone();
    let watch = tokio::spawn(async move {
        // After each blob all tokens are refused.
        for blobs in 1..=3 {
            while expiring.count("PUT", "/blobs/uploads/", 201) < blobs {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            expiring.expire();
        }
    });
    let done = copy(Options { blobs: 1, ..Options::default() }, &[job]).await;
    assert!(matches!(done.ended[0], Ended::Copied(_)), "{:?}", done.ended);
    assert_eq!(to.tags("a/b"), ["v1"]);
    watch.await.unwrap();
    assert!(target.scopes().len() >= 2, "{:?}", target.scopes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_a_mount_is_for_both_repositories() {
    let (Some(from), Some(to)) = (Server::start().await, Server::start().await) else { return };
    let target = Proxy::start(&to.host).await;
    target.wants(Wants::Token);
    for name in ["one/a:v1", "two/b:v1"] {
        image(&from.host, name, &[(5, 3_000)]).await;
    }
    let names = ["one/a:v1", "two/b:v1"];
    let jobs = names.map(|name| job(&format!("{}/{name}", from.host), &format!("{}/{name}", target.host)));
    let done = copy(Options { images: 1, ..Options::default() }, &jobs).await;
    assert!(done.ended.iter().all(|e| matches!(e, Ended::Copied(_))), "{:?}", done.ended);
    // Whichever came second asks for the other's too.
    let both = |to: &str, from: &str| format!("service=s&scope=repository:{to}:pull,push&scope=repository:{from}:pull");
    let either = [both("two/b", "one/a"), both("one/a", "two/b")];
    assert!(target.scopes().iter().any(|scope| either.contains(scope)), "{:?}", target.scopes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_refused_is_renewed_once() {
    let Some((_from, to, target, job)) = one().await else { return };
    target.wants(basic("new"));
    let logins = Arc::new(Renewed(AtomicUsize::new(0)));
    // The first challenge, then the old password, then the new one.
    let done = with(logins.clone(), job).await;
    assert!(matches!(done.ended[0], Ended::Copied(_)) || logins.0.load(Ordering::Relaxed) == 2, "{:?}", done.ended);
    assert!(matches!(done.ended[0], Ended::Copied(_)), "{:?}", done.ended);
    assert_eq!(to.tags("a/b"), ["v1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_expired_by_ecrs_words_is_renewed() {
    let Some((_from, to, target, job)) = one().await else { return };
    target.wants(basic("old"));
    let said = r#"{"errors":[{"code":"DENIED","message":"Your authorization token has expired. Reauthenticate and try again."}]}"#;
    target.on("POST", "/blobs/uploads/", 1, Act::Want(403, said.into(), basic("new")));
    let done = with(Arc::new(Renewed(AtomicUsize::new(0))), job).await;
    assert!(matches!(done.ended[0], Ended::Copied(_)), "{:?} {:#?}", done.ended, target.log());
    assert_eq!(to.tags("a/b"), ["v1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_without_being_shown() {
    let Some((_from, to, target, job)) = one().await else { return };
    target.wants(basic("other"));
    let done = with(Arc::new(Renewed(AtomicUsize::new(0))), job).await;
    let Ended::Failed(error) = &done.ended[0] else { panic!("{:?}", done.ended) };
    assert!(error.to_string().contains("401") && error.hints[0].contains("log in"), "{error:?}");
    assert!(!format!("{error:?}").contains("new"), "{error:?}");
    assert_eq!(to.tags("a/b"), Vec::<String>::new());
}
