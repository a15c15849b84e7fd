//! As much of a browser as a login needs: redirects, cookies and one form.

use std::collections::BTreeMap;

use http::{HeaderMap, Method, Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use crate::kube::Tunnel;
use crate::model::{Error, ErrorClass, Result, Secret};

/// More redirects than a login has.
const HOPS: usize = 12;
/// More than a login page has, bytes.
const LARGEST: usize = 1024 * 1024;

/// Follows links through a tunnel, and keeps cookies. None of them is ever told.
pub(super) struct Browser {
    tunnel: Tunnel,
    cookies: BTreeMap<String, String>,
}

/// What was answered.
pub(super) struct Page {
    /// The path that was asked for, with its query.
    pub(super) path: String,
    /// The status.
    pub(super) status: u16,
    headers: HeaderMap,
    body: String,
}

impl Page {
    /// Where it leads: path and query.
    pub(super) fn location(&self) -> Option<&str> {
        let to = self.headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
        to.filter(|_| (300..400).contains(&self.status)).map(local)
    }

    /// True of a form that asks for a password.
    pub(super) fn asks_for_password(&self) -> bool {
        self.status == 200 && self.body.contains("name=\"password\"")
    }

    /// Where its form is sent: what it says, or where it was found.
    pub(super) fn action(&self) -> String {
        let said = self.body.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
        said.filter(|action| !action.is_empty())
            .map_or_else(|| self.path.clone(), |action| local(action).replace("&amp;", "&"))
    }

    /// Status and the beginning of a text that isn't a page.
    pub(super) fn told(&self) -> String {
        let line = self.body.lines().next().unwrap_or_default();
        let plain = !line.contains('<') && !line.is_empty();
        if plain {
            format!("{} ({})", self.status, line.chars().take(120).collect::<String>())
        } else {
            self.status.to_string()
        }
    }
}

/// Path and query of a URL of whatever host: everything goes through the gateway.
fn local(url: &str) -> &str {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => url,
    }
}

impl Browser {
    pub(super) fn new(tunnel: Tunnel) -> Self {
        Browser { tunnel, cookies: BTreeMap::new() }
    }

    /// True if it was given a cookie of this name.
    pub(super) fn has(&self, cookie: &str) -> bool {
        self.cookies.contains_key(cookie)
    }

    /// One page, without following where it leads.
    pub(super) async fn get(&mut self, path: &str) -> Result<Page> {
        self.ask(Method::GET, path, None).await
    }

    /// The page at the end of all redirects.
    pub(super) async fn follow(&mut self, path: &str) -> Result<Page> {
        let page = self.get(path).await?;
        self.end_of(page).await
    }

    /// Sends a form and follows where it leads.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &Secret)]) -> Result<Page> {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", escape(value.expose()))).collect();
        let page = self.ask(Method::POST, path, Some(pairs.join("&"))).await?;
        self.end_of(page).await
    }

    async fn end_of(&mut self, mut page: Page) -> Result<Page> {
        for _ in 0..HOPS {
            let Some(to) = page.location().map(str::to_owned) else { return Ok(page) };
            page = self.get(&to).await?;
        }
        Err(Error::new(ErrorClass::Permanent, "the login leads in a circle"))
    }

    async fn ask(&mut self, method: Method, path: &str, form: Option<String>) -> Result<Page> {
        let failed = |why: String| Error::new(ErrorClass::Unreachable, "the gateway gives no answer").caused_by(why);
        let forward = self.tunnel.dial().await?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(forward.stream)).await.map_err(|e| failed(e.to_string()))?;
        tokio::spawn(connection);
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if form.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let body = Full::new(Bytes::from(form.unwrap_or_default()));
        let request = request.body(body).map_err(|e| failed(e.to_string()))?;
        let answer = sender.send_request(request).await.map_err(|e| failed(e.to_string()))?;
        let (head, body) = answer.into_parts();
        self.keep(&head.headers);
        let body = Limited::new(body, LARGEST).collect().await.map_err(|e| failed(e.to_string()))?;
        let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        Ok(Page { path: path.to_owned(), status: head.status.as_u16(), headers: head.headers, body })
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok()) {
            let pair = line.split(';').next().and_then(|pair| pair.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}

/// A form's value: all but letters, digits and `-._~` as `%XX`.
fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(status: u16, location: &str, body: &str) -> Page {
        let headers = HeaderMap::from_iter([(header::LOCATION, location.parse().unwrap())]);
        Page { path: "/a?b=c".into(), status, headers, body: body.into() }
    }

    #[test]
    fn links_lead_through_the_gateway() {
        assert_eq!(page(302, "http://dex.auth.svc:5556/dex/auth?x=1", "").location(), Some("/dex/auth?x=1"));
        assert_eq!(page(303, "/login", "").location(), Some("/login"));
        assert_eq!(page(200, "/login", "").location(), None);
        assert_eq!(page(302, "http://host", "").location(), Some("/"));
    }

    #[test]
    fn a_form_is_sent_where_it_says() {
        let form = page(200, "/", "<form action=\"/dex/auth/local?a=1&amp;b=2\"><input name=\"password\">");
        assert!(form.asks_for_password());
        assert_eq!(form.action(), "/dex/auth/local?a=1&b=2");
        assert_eq!(page(200, "/", "<form action=\"\">").action(), "/a?b=c");
        assert_eq!(escape("a+b&c=d é"), "a%2Bb%26c%3Dd%20%C3%A9");
    }

    #[test]
    fn a_page_is_not_told_and_a_line_is() {
        assert_eq!(page(404, "/", "<html>").told(), "404");
        assert_eq!(page(404, "/", "Invalid client_id.").told(), "404 (Invalid client_id.)");
    }
}
