//! A proxy before a registry that counts, logs in, and fails as it is told.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use http_body_util::{BodyExt as _, BodyStream, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

/// What happens to a request.
#[derive(Clone, Debug)]
pub enum Act {
    /// This answer: status, a header, a body.
    Answer(u16, Option<(&'static str, String)>, String),
    /// The connection ends before an answer.
    HangUp,
    /// The connection ends after this much of the answer's body.
    Cut(usize),
    /// The last byte of the answer's body is another one.
    Corrupt,
    /// The answer's body comes in small pieces with this pause between.
    Slow(Duration),
    /// This answer, and from now on it wants to be logged in to so.
    Want(u16, String, Wants),
    /// The registry's own answer, but with this status.
    Status(u16),
}

/// How a request must be logged in.
#[derive(Clone, Debug, Default)]
pub enum Wants {
    #[default]
    Nothing,
    /// `Authorization` has exactly this.
    Basic(String),
    /// A token that `/token` gave and that hasn't expired since.
    Token,
}

struct Rule {
    method: &'static str,
    part: &'static str,
    times: usize,
    act: Act,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    log: Vec<String>,
    wants: Wants,
    tokens: Vec<String>,
    scopes: Vec<String>,
    given: usize,
}

/// A running proxy; ends with the runtime that it was started in.
#[derive(Clone)]
pub struct Proxy {
    pub host: String,
    behind: String,
    http: reqwest::Client,
    state: Arc<Mutex<State>>,
}

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

impl Proxy {
    /// Starts one before a registry.
    pub async fn start(behind: &str) -> Proxy {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy {
            host: listener.local_addr().unwrap().to_string(),
            behind: behind.to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            state: Arc::default(),
        };
        let served = proxy.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let proxy = served.clone();
                let service = service_fn(move |request| {
                    let proxy = proxy.clone();
                    async move { proxy.serve(request).await }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        proxy
    }

    /// The next `times` requests of a method whose path has this part fail so.
    pub fn on(&self, method: &'static str, part: &'static str, times: usize, act: Act) -> &Proxy {
        self.state.lock().unwrap().rules.push(Rule { method, part, times, act });
        self
    }

    pub fn wants(&self, wants: Wants) {
        self.state.lock().unwrap().wants = wants;
    }

    /// All tokens that were given are refused from now on.
    pub fn expire(&self) {
        self.state.lock().unwrap().tokens.clear();
    }

    /// The scopes that tokens were asked for.
    pub fn scopes(&self) -> Vec<String> {
        self.state.lock().unwrap().scopes.clone()
    }

    /// Method and path of each request, with the status of the answer.
    pub fn log(&self) -> Vec<String> {
        self.state.lock().unwrap().log.clone()
    }

    /// How many requests of a method with this part of the path were answered so.
    pub fn count(&self, method: &str, part: &str, status: u16) -> usize {
        let fits = |line: &&String| {
            line.starts_with(&format!("{method} ")) && line.contains(part) && line.ends_with(&format!(" {status}"))
        };
        self.log().iter().filter(fits).count()
    }

    async fn serve(&self, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
        let line = format!("{} {}", request.method(), request.uri());
        let outcome = self.answer(request).await;
        let status = outcome.as_ref().map_or_else(|_| "gone".to_owned(), |answer| answer.status().as_u16().to_string());
        self.state.lock().unwrap().log.push(format!("{line} {status}"));
        outcome
    }

    fn logged_in(&self, request: &Request<Incoming>) -> Result<(), String> {
        let state = self.state.lock().unwrap();
        let given = request.headers().get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
        match &state.wants {
            Wants::Nothing => Ok(()),
            Wants::Basic(wanted) if given == wanted => Ok(()),
            Wants::Basic(_) => Err(r#"Basic realm="r""#.into()),
            Wants::Token if state.tokens.iter().any(|token| given == format!("Bearer {token}")) => Ok(()),
            Wants::Token => Err(format!(r#"Bearer realm="http://{}/token",service="s",scope="x""#, self.host)),
        }
    }

    /// A token for a query, or for the form of a POST, which is answered in OAuth's words.
    async fn token(&self, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
        let posted = request.method() == "POST";
        let query = request.uri().query().unwrap_or_default().to_owned();
        let form = request.into_body().collect().await.map_err(std::io::Error::other)?.to_bytes();
        let query = if posted { String::from_utf8_lossy(&form).into_owned() } else { query };
        let mut state = self.state.lock().unwrap();
        state.given += 1;
        let token = format!("t{}", state.given);
        state.tokens.push(token.clone());
        state.scopes.push(query.replace("%3A", ":").replace("%2F", "/").replace("%2C", ","));
        let name = if posted { "access_token" } else { "token" };
        Ok(answer(200, None, &format!(r#"{{"{name}":"{token}","expires_in":300}}"#)))
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
        if request.uri().path() == "/token" {
            return self.token(request).await;
        }
        if let Err(challenge) = self.logged_in(&request) {
            return Ok(answer(401, Some(("www-authenticate", challenge)), "{}"));
        }
        let act = {
            let mut state = self.state.lock().unwrap();
            let uri = request.uri().to_string();
            let fits = |r: &&mut Rule| r.times > 0 && r.method == request.method().as_str() && uri.contains(r.part);
            state.rules.iter_mut().find(fits).map(|rule| {
                rule.times -= 1;
                rule.act.clone()
            })
        };
        match act {
            Some(Act::Answer(status, header, body)) => Ok(answer(status, header, &body)),
            Some(Act::Want(status, body, wants)) => {
                self.wants(wants);
                Ok(answer(status, None, &body))
            }
            Some(Act::HangUp) => Err(std::io::Error::other("told to hang up")),
            act => self.forward(request, act).await,
        }
    }

    async fn forward(&self, request: Request<Incoming>, act: Option<Act>) -> Result<Response<Body>, std::io::Error> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
        let body = BodyStream::new(body).filter_map(|frame| async { frame.map(|f| f.into_data().ok()).transpose() });
        let sent = self.http.request(parts.method, format!("http://{}{path}", self.behind)).headers(parts.headers);
        let answer = sent.body(reqwest::Body::wrap_stream(body)).send().await.map_err(std::io::Error::other)?;
        let mut response = Response::builder().status(match &act {
            Some(Act::Status(status)) => *status,
            _ => answer.status().as_u16(),
        });
        for (name, value) in answer.headers().iter().filter(|(name, _)| *name != "transfer-encoding") {
            response = response.header(name, value);
        }
        let left = answer.content_length().unwrap_or_default() as usize;
        let body = answer.bytes_stream().map(|piece| piece.map_err(std::io::Error::other));
        let body: futures::stream::BoxStream<'static, std::io::Result<Bytes>> = match act {
            Some(Act::Cut(after)) => Box::pin(cut(body, after)),
            Some(Act::Corrupt) => Box::pin(corrupt(body, left)),
            Some(Act::Slow(pause)) => Box::pin(slow(body, pause)),
            _ => Box::pin(body),
        };
        Ok(response.body(StreamBody::new(body.map(|piece| piece.map(Frame::data))).boxed_unsync()).unwrap())
    }
}

fn answer(status: u16, header: Option<(&'static str, String)>, body: &str) -> Response<Body> {
    let mut response = Response::builder().status(status);
    if let Some((name, value)) = header {
        response = response.header(name, value);
    }
    let body = Full::new(Bytes::copy_from_slice(body.as_bytes())).map_err(|never: Infallible| match never {});
    response.body(body.boxed_unsync()).unwrap()
}

fn cut(
    body: impl futures::Stream<Item = std::io::Result<Bytes>>,
    after: usize,
) -> impl futures::Stream<Item = std::io::Result<Bytes>> {
    body.scan(after, |left, piece| {
        let piece = match piece {
            Ok(piece) if *left > 0 => {
                let piece = piece.slice(..piece.len().min(*left));
                *left -= piece.len();
                Ok(piece)
            }
            _ => Err(std::io::Error::other("told to cut")),
        };
        futures::future::ready(Some(piece))
    })
}

fn corrupt(
    body: impl futures::Stream<Item = std::io::Result<Bytes>>,
    length: usize,
) -> impl futures::Stream<Item = std::io::Result<Bytes>> {
    body.scan(length, |left, piece| {
        let piece = piece.map(|piece| {
            *left -= piece.len();
            let mut bytes = piece.to_vec();
            if *left == 0 {
                *bytes.last_mut().unwrap() ^= 1;
            }
            Bytes::from(bytes)
        });
        futures::future::ready(Some(piece))
    })
}

fn slow(
    body: impl futures::Stream<Item = std::io::Result<Bytes>>,
    pause: Duration,
) -> impl futures::Stream<Item = std::io::Result<Bytes>> {
    body.then(move |piece| async move {
        tokio::time::sleep(pause).await;
        piece
    })
}
