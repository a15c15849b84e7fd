//! The way to AWS: each endpoint is found and takes connections, and the clock here is the clock there.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::aws::{Clients, Endpoint};
use crate::checks::look::{fail, look, pass, warn};
use crate::checks::{Checker, Verdict};
use crate::model::Result;

const CATEGORY: &str = "connection";
/// How long one endpoint may take to be found and to take a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// A difference of clocks that is odd, seconds.
const ODD: u64 = 60;
/// A difference at which AWS refuses every call, seconds. Source: Signature Version 4, five minutes.
const REFUSED: u64 = 300;
/// Variables that send calls through a proxy.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// A check an endpoint, and one of the clock. They need no credentials.
pub fn checkers(clients: &Clients) -> Vec<Arc<dyn Checker>> {
    let mut all: Vec<Arc<dyn Checker>> = clients.endpoints().into_iter().map(reachable).collect();
    let clients = clients.clone();
    all.push(look((CATEGORY, "Clock"), "the clock here is that of AWS", move || {
        let url = clients.endpoints().into_iter().next().map(|endpoint| endpoint.url);
        async move { skew(&url.unwrap_or_default()).await }
    }));
    all
}

fn reachable(endpoint: Endpoint) -> Arc<dyn Checker> {
    let what = format!("{} takes connections at {}", endpoint.service, endpoint.url);
    look((CATEGORY, "Endpoints"), what, move || {
        let url = endpoint.url.clone();
        async move {
            let proxy = PROXIES.iter().find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
            match proxy {
                Some(name) => Ok(Verdict::Skip(format!("{name} is set: calls go through the proxy"))),
                None => match connect(&url).await {
                    Ok(()) => pass(""),
                    Err(why) => unreachable(why),
                },
            }
        }
    })
}

/// Resolves the host and opens a connection; nothing is sent. Why not, if it can't.
pub(super) async fn connect(url: &str) -> std::result::Result<(), String> {
    let parsed = reqwest::Url::parse(url).ok();
    let place = parsed.as_ref().and_then(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default()?)));
    let Some((host, port)) = place else {
        return Err(format!("`{url}` is no URL"));
    };
    let found = match timeout(PATIENCE, lookup_host((host.as_str(), port))).await {
        Ok(Ok(found)) => found.collect::<Vec<_>>(),
        Ok(Err(error)) => return Err(format!("its name isn't found: {error}")),
        Err(_) => return Err(format!("its name isn't found within {} s", PATIENCE.as_secs())),
    };
    let mut last = "its name has no address".to_owned();
    for address in found {
        match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => last = format!("{address}: {error}"),
            Err(_) => last = format!("{address}: no connection within {} s", PATIENCE.as_secs()),
        }
    }
    Err(last)
}

fn unreachable(seen: String) -> Result<Verdict> {
    fail(seen, "check DNS, the network and its firewall; where calls go through a proxy, set HTTPS_PROXY")
}

/// Compares the `Date` of an answer, of whatever kind, with the clock here.
async fn skew(url: &str) -> Result<Verdict> {
    let skipped = |why: String| Ok(Verdict::Skip(why));
    let client = match reqwest::Client::builder().timeout(PATIENCE).build() {
        Ok(client) => client,
        Err(error) => return skipped(error.without_url().to_string()),
    };
    let before = SystemTime::now();
    let answer = match client.get(url).send().await {
        Ok(answer) => answer,
        Err(error) => return skipped(format!("{url} doesn't answer: {}", error.without_url())),
    };
    let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
    let Some(there) = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok()) else {
        return skipped(format!("the answer of {url} has no date"));
    };
    let here = DateTime::from(before + before.elapsed().unwrap_or_default() / 2);
    judge(here.secs() - there.secs())
}

/// `ahead`: by how many seconds the clock here is ahead.
fn judge(ahead: i64) -> Result<Verdict> {
    let off = ahead.unsigned_abs();
    let seen = format!("it is {off} s {}", if ahead < 0 { "behind" } else { "ahead" });
    let hint = "set the clock, best by NTP (`chronyc makestep`, `timedatectl set-ntp true`)";
    match off {
        0..=ODD => pass(if off <= 1 { String::new() } else { seen }),
        _ if off <= REFUSED => warn(format!("{seen}; AWS refuses calls from {REFUSED} s on"), hint),
        _ => fail(format!("{seen}, and AWS refuses calls that are off by more than {REFUSED} s"), hint),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that answers once, with a clock that is ahead.
    async fn server(ahead: i64) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let date = DateTime::from_secs(DateTime::from(SystemTime::now()).secs() + ahead);
            let date = date.fmt(Format::HttpDate).unwrap();
            let answer =
                format!("HTTP/1.1 403 Forbidden\r\ndate: {date}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        url
    }

    #[tokio::test]
    async fn a_clock_that_is_off_is_told_before_aws_refuses_every_call() {
        let told = |verdict: Verdict| match verdict {
            Verdict::Pass(_) => "pass".to_owned(),
            Verdict::Warn { seen, .. } => format!("warn: {seen}"),
            Verdict::Fail { seen, .. } => format!("fail: {seen}"),
            Verdict::Skip(why) => format!("skip: {why}"),
        };
        assert_eq!(told(skew(&server(0).await).await.unwrap()), "pass");
        assert!(told(skew(&server(200).await).await.unwrap()).contains(" s behind"));
        assert!(told(skew(&server(200).await).await.unwrap()).starts_with("warn"));
        assert!(told(skew(&server(-3600).await).await.unwrap()).starts_with("fail: it is 36"));
        assert!(told(skew("http://127.0.0.1:9").await.unwrap()).starts_with("skip"));
        for (ahead, wanted) in [(60, "pass"), (-61, "warn"), (300, "warn"), (-301, "fail")] {
            assert!(told(judge(ahead).unwrap()).starts_with(wanted), "{ahead}");
        }
    }

    #[tokio::test]
    async fn an_endpoint_is_found_and_takes_a_connection_or_it_is_said_why_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        assert_eq!(connect(&url).await, Ok(()));
        drop(listener);
        assert!(connect(&url).await.unwrap_err().contains("127.0.0.1:"));
        assert!(connect("https://sts.cn-north-1.invalid").await.unwrap_err().contains("its name isn't found"));
    }
}
