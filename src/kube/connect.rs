//! From an endpoint and a source of tokens to a client.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::kube::Config;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use tokio::sync::Mutex;

use crate::model::{Error, ErrorClass, Result, Secret};

use super::{Client, Tell};

/// Makes a bearer token when asked. A token of EKS lives for 15 minutes.
pub type TokenSource = Arc<dyn Fn() -> BoxFuture<'static, Result<Secret>> + Send + Sync>;

/// Where an API server is and how it is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `https://host[:port]`.
    pub url: String,
    /// Its CA certificates, PEM in base64, as `DescribeCluster` gives them.
    pub ca_base64: String,
}

/// A token is used for this long; after that a new one is made, well before the old one ends.
const TOKEN_USE: Duration = Duration::from_secs(10 * 60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Long enough for a list of all CRDs over a slow line, short enough for a dead connection not to hang a run.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Makes a client, which tells when the server lets requests wait. No request is sent yet.
pub fn connect(endpoint: &Endpoint, token: TokenSource, tell: Tell) -> Result<Client> {
    let wrong = |what: &str, why: String| {
        Error::new(ErrorClass::Config, format!("the {what} of the cluster can't be used")).caused_by(why)
    };
    let url: http::Uri = endpoint.url.parse().map_err(|e| wrong("endpoint", format!("`{}`: {e}", endpoint.url)))?;
    let pem = STANDARD.decode(endpoint.ca_base64.trim()).map_err(|e| wrong("CA", e.to_string()))?;
    let pem = String::from_utf8(pem).map_err(|e| wrong("CA", e.to_string()))?;
    let certificates = certificates(&pem);
    if certificates.is_empty() {
        return Err(wrong("CA", "it holds no certificate".into()));
    }
    let mut config = Config::new(url);
    config.root_cert = Some(certificates);
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.read_timeout = Some(READ_TIMEOUT);
    config.reset_reader_on_write = true;
    // Our own retry shows its reasons.
    config.default_retry = false;
    let agent = concat!("kfctl-cn/", env!("CARGO_PKG_VERSION"));
    config.headers.push((http::header::USER_AGENT, http::HeaderValue::from_static(agent)));
    let http = ::kube::Client::try_from(config.clone()).map_err(|e| wrong("endpoint", e.to_string()))?;
    Ok(Client::new(http, config, &endpoint.url, Tokens::new(token), tell))
}

/// The certificates of a PEM text, as DER.
fn certificates(pem: &str) -> Vec<Vec<u8>> {
    pem.split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .filter_map(|rest| rest.split("-----END CERTIFICATE-----").next())
        .filter_map(|body| STANDARD.decode(body.split_whitespace().collect::<String>()).ok())
        .collect()
}

/// The token in use.
pub(super) struct Tokens {
    source: TokenSource,
    current: Mutex<Option<(Secret, Instant)>>,
}

impl Tokens {
    fn new(source: TokenSource) -> Self {
        Tokens { source, current: Mutex::new(None) }
    }

    /// A token that is good for some minutes.
    pub(super) async fn get(&self) -> Result<Secret> {
        let mut current = self.current.lock().await;
        if let Some((token, since)) = &*current
            && since.elapsed() < TOKEN_USE
        {
            return Ok(token.clone());
        }
        let token = (self.source)().await.map_err(|e| e.context("a token for the cluster can't be made"))?;
        *current = Some((token.clone(), Instant::now()));
        Ok(token)
    }

    /// Forgets a token that the server refused.
    pub(super) async fn drop_token(&self, refused: &Secret) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|(token, _)| token == refused) {
            *current = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn counting() -> (Tokens, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let made = count.clone();
        let source: TokenSource = Arc::new(move || {
            let n = made.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move { Ok(Secret::new(format!("t{n}"))) })
        });
        (Tokens::new(source), count)
    }

    #[tokio::test]
    async fn a_token_is_kept_until_it_is_refused() {
        let (tokens, count) = counting();
        let first = tokens.get().await.unwrap();
        assert_eq!(tokens.get().await.unwrap(), first);
        tokens.drop_token(&Secret::new("another")).await;
        assert_eq!(tokens.get().await.unwrap(), first);
        tokens.drop_token(&first).await;
        assert_ne!(tokens.get().await.unwrap(), first);
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn an_old_token_is_renewed() {
        let (tokens, _) = counting();
        let first = tokens.get().await.unwrap();
        if let Some((_, since)) = &mut *tokens.current.lock().await {
            *since = Instant::now().checked_sub(TOKEN_USE).unwrap();
        }
        assert_ne!(tokens.get().await.unwrap(), first);
    }

    #[test]
    fn a_ca_without_certificate_is_an_error() {
        let (tokens, _) = counting();
        let endpoint = Endpoint { url: "https://127.0.0.1:1".into(), ca_base64: STANDARD.encode("none") };
        let error = connect(&endpoint, tokens.source, Arc::new(|_| ())).err().unwrap();
        assert_eq!(error.class, ErrorClass::Config);
    }
}
