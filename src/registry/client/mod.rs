//! A client of registries: requests with logins, redirects, and repetition.

mod blobs;
mod host;
mod manifests;
mod transport;
mod upload;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{AUTHORIZATION, LOCATION};
use http::{HeaderMap, Method};

use super::Reference;
use super::auth::{Challenge, Logins};
use super::fault::{Fault, Outcome};
use super::retry::Retry;
use crate::model::Result;
use host::{Host, Used};
pub use manifests::Found;
pub use transport::Route;
use transport::Transport;

/// How long nobody asks a registry that answered 429 without saying how long.
const QUIET: Duration = Duration::from_secs(1);

/// Hears what goes on between the lines: each repetition, in words.
pub type Tell = Arc<dyn Fn(String) + Send + Sync>;

/// A client of any number of registries. Connections, tokens and what was learnt of each are shared by clones.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    transport: Transport,
    logins: Arc<dyn Logins>,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
    retry: Retry,
    tell: Tell,
}

/// A request to be made, perhaps twice.
struct Ask<'a> {
    /// What is being done, for errors.
    doing: &'a str,
    method: Method,
    /// The host as it is named in images.
    host: &'a str,
    url: String,
    headers: HeaderMap,
    body: bytes::Bytes,
    /// Scopes, separated by spaces.
    scope: &'a str,
}

impl Registry {
    /// A client.
    ///
    /// # Errors
    /// Class `Usage` if the proxy's address can't be read.
    pub fn new(route: &Route, logins: Arc<dyn Logins>, retry: Retry, tell: Tell) -> Result<Registry> {
        let transport = Transport::new(route)?;
        Ok(Registry(Arc::new(Inner { transport, logins, hosts: Mutex::default(), retry, tell })))
    }

    fn host(&self, name: &str) -> Arc<Host> {
        let mut hosts = self.0.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.entry(name.to_owned()).or_default().clone()
    }

    /// Asks the registry of an image for anything at all, once, whatever it answers. Its login isn't tried.
    ///
    /// # Errors
    /// Class `Unreachable` if there is no answer in this time.
    pub async fn reach(&self, image: &Reference, limit: Duration) -> Outcome<()> {
        let doing = format!("{} can't be reached", image.host);
        let url = format!("{}/v2/", self.0.transport.base(image.api_host()));
        let request = self.0.transport.request(Method::GET, &url, HeaderMap::new())?;
        let answer = tokio::time::timeout(limit, self.0.transport.send(&doing, request)).await;
        answer.unwrap_or_else(|_| Err(Fault::stalled(&doing, limit))).map(|_| ())
    }

    /// Repeats what passes, and tells.
    async fn again<T, F>(&self, act: impl FnMut() -> F) -> Outcome<T>
    where
        F: Future<Output = Outcome<T>>,
    {
        self.0.retry.run(&|fault| (self.0.tell)(format!("again: {}", fault.error)), act).await
    }

    /// Makes a request, once more if the login isn't taken, and follows redirects of what only reads.
    async fn ask(&self, ask: &Ask<'_>) -> Outcome<reqwest::Response> {
        let host = self.host(ask.host);
        // At most: to learn how, to learn that the login is no longer good, to do it.
        for left in [2, 1, 0] {
            host.quiet().await;
            let mut headers = ask.headers.clone();
            let used = host
                .authorise(ask.host, ask.scope, &*self.0.logins, &self.0.transport, &mut headers)
                .await
                .map_err(|fault| fault.context(ask.doing))?;
            let request = self.0.transport.request(ask.method.clone(), &ask.url, headers.clone())?;
            let answer = self.0.transport.send(ask.doing, request.body(ask.body.clone())).await?;
            match answer.status().as_u16() {
                401 if left > 0 => {
                    let Some(challenge) = Challenge::of(answer.headers()) else { return Ok(answer) };
                    let bare = matches!(used, Used::Nothing);
                    if !host.challenged(challenge) && bare && host.settled().await {
                        return Ok(answer);
                    }
                    host.refuse(ask.host, &*self.0.logins, &used).await?;
                }
                // ECR says 403 to a password that has expired, and why in the body.
                400 | 403 if matches!(used, Used::Password(_)) && ask.method != Method::HEAD => {
                    let fault = Registry::fault(ask.doing, answer).await;
                    if left == 0 || !fault.error.to_string().contains("expired") {
                        return Err(fault);
                    }
                    host.refuse(ask.host, &*self.0.logins, &used).await?;
                }
                301 | 302 | 303 | 307 | 308 if ask.method == Method::GET || ask.method == Method::HEAD => {
                    return self.follow(ask, answer, headers).await;
                }
                429 => {
                    let fault = Fault::of_answer(ask.doing, 429, answer.headers(), b"");
                    host.leave_alone(fault.after.unwrap_or(QUIET));
                    return Err(fault);
                }
                _ => return Ok(answer),
            }
        }
        unreachable!("the last round always returns")
    }

    /// Goes where a registry points to: blobs often lie in a store of their own, which must not see our login.
    async fn follow(
        &self,
        ask: &Ask<'_>,
        mut answer: reqwest::Response,
        mut headers: HeaderMap,
    ) -> Outcome<reqwest::Response> {
        let mut url = ask.url.clone();
        for _ in 0..5 {
            let Some(location) = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()) else {
                return Ok(answer);
            };
            let next = transport::absolute(&url, location)?;
            let (from, to) = (transport::authority(&url)?, transport::authority(&next)?);
            if from != to {
                headers.remove(AUTHORIZATION);
            }
            if url.starts_with("https:") && !next.starts_with("https:") {
                return Err(Fault::of_answer(ask.doing, 502, &HeaderMap::new(), b"")
                    .context("the registry points to an address without TLS"));
            }
            url = next;
            let request = self.0.transport.request(ask.method.clone(), &url, headers.clone())?;
            answer = self.0.transport.send(ask.doing, request).await?;
            if !answer.status().is_redirection() {
                return Ok(answer);
            }
        }
        Ok(answer)
    }

    /// The fault of an answer that isn't what was asked for, with its body read.
    async fn fault(doing: &str, answer: reqwest::Response) -> Fault {
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = tokio::time::timeout(transport::ANSWER, answer.bytes()).await;
        Fault::of_answer(doing, status, &headers, &body.ok().and_then(|b| b.ok()).unwrap_or_default())
    }
}

/// The scope of a repository.
fn scope(repository: &str, push: bool) -> String {
    format!("repository:{repository}:{}", if push { "pull,push" } else { "pull" })
}
