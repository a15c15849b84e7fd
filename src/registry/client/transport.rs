//! HTTP as registries need it: proxies, plain HTTP on loopback, redirects by hand.

use std::time::Duration;

use http::{HeaderMap, Method, Uri};

use super::super::fault::{Fault, Outcome, causes};
use crate::model::{Error, ErrorClass, Result};

/// How long an answer may take that isn't the end of an upload.
pub(crate) const ANSWER: Duration = Duration::from_secs(60);
/// How long a registry may take to put an upload away: large ones take ECR minutes.
pub(crate) const SETTLE: Duration = Duration::from_secs(300);

/// How registries are reached.
#[derive(Debug, Clone, Default)]
pub struct Route {
    /// A proxy for all but loopback. Unset: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` decide.
    pub proxy: Option<String>,
    /// Hosts that are spoken to without TLS, besides those on loopback.
    pub plain: Vec<String>,
}

pub(super) struct Transport {
    loopback: reqwest::Client,
    other: reqwest::Client,
    plain: Vec<String>,
}

impl Transport {
    pub fn new(route: &Route) -> Result<Transport> {
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("kfctl-cn/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(Duration::from_secs(20))
                .pool_idle_timeout(Duration::from_secs(50))
                .tcp_keepalive(Duration::from_secs(30))
                .redirect(reqwest::redirect::Policy::none())
        };
        let bug = |error: reqwest::Error| Error::new(ErrorClass::Bug, "cannot set up HTTP").caused_by(causes(&error));
        let mut other = builder();
        if let Some(address) = &route.proxy {
            let proxy = reqwest::Proxy::all(address).map_err(|error| {
                // The address may hold a password.
                Error::new(ErrorClass::Usage, "the proxy's address can't be read")
                    .caused_by(causes(&error.without_url()))
                    .hint("write it as http://host:port")
            })?;
            other = other.proxy(proxy);
        }
        Ok(Transport {
            loopback: builder().no_proxy().build().map_err(bug)?,
            other: other.build().map_err(bug)?,
            plain: route.plain.clone(),
        })
    }

    /// `https://host`, or `http://host` where that is allowed.
    pub fn base(&self, host: &str) -> String {
        format!("{}://{host}", if self.may_be_plain(host) { "http" } else { "https" })
    }

    pub fn may_be_plain(&self, host: &str) -> bool {
        is_loopback(host) || self.plain.iter().any(|plain| plain == host)
    }

    fn client(&self, host: &str) -> &reqwest::Client {
        if is_loopback(host) { &self.loopback } else { &self.other }
    }

    /// A request, with the path and query of an absolute address.
    pub fn request(&self, method: Method, url: &str, headers: HeaderMap) -> Outcome<reqwest::RequestBuilder> {
        let host = authority(url)?;
        Ok(self.client(&host).request(method, url).headers(headers))
    }

    /// Sends a request that has its whole body in memory.
    pub async fn send(&self, doing: &str, request: reqwest::RequestBuilder) -> Outcome<reqwest::Response> {
        match tokio::time::timeout(ANSWER, request.send()).await {
            Ok(answer) => answer.map_err(|error| Fault::of_transport(doing, error)),
            Err(_) => Err(Fault::stalled(doing, ANSWER)),
        }
    }
}

/// Host and port of an address.
pub(super) fn authority(url: &str) -> Outcome<String> {
    let uri: Option<Uri> = url.parse().ok();
    let authority = uri.as_ref().and_then(Uri::authority).map(|a| a.as_str().rsplit('@').next().unwrap_or_default());
    authority
        .map(str::to_owned)
        .ok_or_else(|| Error::new(ErrorClass::Permanent, "the registry names an address that isn't one").into())
}

/// An address that an answer names, absolute.
pub(super) fn absolute(from: &str, location: &str) -> Outcome<String> {
    let wrong = || Error::new(ErrorClass::Permanent, "the registry names an address that isn't one");
    let base = reqwest::Url::parse(from).map_err(|_| wrong())?;
    Ok(base.join(location).map_err(|_| wrong())?.to_string())
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_and_what_is_named_is_plain() {
        let transport = Transport::new(&Route { proxy: None, plain: vec!["r.lan:5000".into()] }).unwrap();
        for (host, base) in [
            ("127.0.0.1:5000", "http://127.0.0.1:5000"),
            ("127.8.9.1", "http://127.8.9.1"),
            ("localhost:1", "http://localhost:1"),
            ("[::1]:1", "http://[::1]:1"),
            ("r.lan:5000", "http://r.lan:5000"),
            ("r.lan", "https://r.lan"),
            ("127.0.0.1.nip.io", "https://127.0.0.1.nip.io"),
            ("localhost.example.com", "https://localhost.example.com"),
        ] {
            assert_eq!(transport.base(host), base);
        }
    }

    #[test]
    fn a_location_is_relative_or_not() {
        let from = "http://h:1/v2/a/blobs/uploads/";
        assert_eq!(absolute(from, "/v2/x?_state=1").unwrap(), "http://h:1/v2/x?_state=1");
        assert_eq!(absolute(from, "https://o/x").unwrap(), "https://o/x");
        assert_eq!(authority("https://u:p@o:2/x").unwrap(), "o:2");
    }

    #[test]
    fn a_wrong_proxy_is_told_without_its_password() {
        let route = Route { proxy: Some("ftp://me:hunter2@".into()), plain: vec![] };
        let error = Transport::new(&route).err().unwrap();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
