//! What is answered under which path.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Request, Response, StatusCode};

use super::files::Current;
use super::limits::Limits;
use super::metrics::Metrics;
use super::review;

/// What all connections share.
pub(super) struct Shared {
    pub(super) current: Current,
    pub(super) metrics: Metrics,
    pub(super) limits: Limits,
    /// True from the moment on at which a stop was asked for.
    pub(super) stopping: AtomicBool,
}

type Answer = Response<Full<Bytes>>;

/// Answers a request. Paths: `/mutate`, `/healthz`, `/readyz`, `/metrics`.
pub(super) async fn route(shared: Arc<Shared>, request: Request<Incoming>) -> Answer {
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/mutate") => mutate(&shared, request).await,
        (&Method::GET, "/healthz") => text(StatusCode::OK, "ok\n"),
        // Kubernetes takes a pod that stops out of its Service, and this tells others the same.
        (&Method::GET, "/readyz") if shared.stopping.load(Relaxed) => {
            text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
        }
        (&Method::GET, "/readyz") => text(StatusCode::OK, "ok\n"),
        (&Method::GET, "/metrics") => text(StatusCode::OK, shared.metrics.text()),
        (_, "/mutate" | "/healthz" | "/readyz" | "/metrics") => {
            text(StatusCode::METHOD_NOT_ALLOWED, "another method\n")
        }
        _ => text(StatusCode::NOT_FOUND, "nothing is here: /mutate, /healthz, /readyz, /metrics\n"),
    }
}

async fn mutate(shared: &Shared, request: Request<Incoming>) -> Answer {
    let began = Instant::now();
    let refuse = |status, why: String| {
        shared.metrics.refused.fetch_add(1, Relaxed);
        tracing::warn!("refused with {status}: {why}");
        text(status, why + "\n")
    };
    let body = Limited::new(request.into_body(), shared.limits.body).collect();
    let body = match tokio::time::timeout(shared.limits.request, body).await {
        Err(_) => return refuse(StatusCode::REQUEST_TIMEOUT, "the body took too long".into()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let why = format!("the body has more than {} bytes", shared.limits.body);
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, why);
        }
        Ok(Err(_)) => return refuse(StatusCode::BAD_REQUEST, "the body broke off".into()),
        Ok(Ok(body)) => body.to_bytes(),
    };
    let mapping = shared.current.mapping();
    match review::answer(&body, &mapping) {
        Ok((answer, outcome)) => {
            shared.metrics.reviewed(outcome, began.elapsed());
            tracing::debug!("reviewed: {outcome:?} in {:?}", began.elapsed());
            typed(StatusCode::OK, "application/json", answer.to_string())
        }
        Err(why) => refuse(StatusCode::BAD_REQUEST, why),
    }
}

fn text(status: StatusCode, text: impl Into<String>) -> Answer {
    typed(status, "text/plain; charset=utf-8", text.into())
}

fn typed(status: StatusCode, kind: &'static str, body: String) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}
