//! Sending a blob: in one request, or in pieces where a registry refuses that.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method};

use super::super::Reference;
use super::super::copy::Mount;
use super::super::fault::{Fault, Outcome};
use super::super::manifest::Descriptor;
use super::super::stream::{BlobStream, Counter, Watch};
use super::blobs::Begun;
use super::host::Used;
use super::{Registry, scope, transport};
use crate::model::{Error, ErrorClass};

impl Registry {
    /// Sends a blob, or has it mounted from another repository of the same registry. `open` is asked for the bytes only if they
    /// are needed. True if it was mounted. Nothing is repeated here.
    ///
    /// # Errors
    /// What either side says; a passing one means that the whole may be done again.
    pub async fn send_blob<F>(
        &self,
        image: &Reference,
        blob: &Descriptor,
        mount: Option<Mount<'_>>,
        count: &Counter,
        open: F,
    ) -> Outcome<bool>
    where
        F: Future<Output = Outcome<BlobStream>>,
    {
        let (begun, bytes) = match mount {
            // Both sides are asked at once: each answer may be far away.
            None => futures::try_join!(self.begin(image, blob, None), open)?,
            Some(_) => match self.begin(image, blob, mount).await? {
                Begun::Mounted => return Ok(true),
                begun => (begun, open.await?),
            },
        };
        let Begun::At(url) = begun else { return Ok(true) };
        let doing = format!("cannot send {} to {}/{}", blob.digest, image.host, image.repository);
        let host = self.host(&image.host);
        if host.in_pieces.load(Ordering::Relaxed) {
            let next = self.stream(&doing, image, blob, Method::PATCH, &url, bytes, count).await?;
            // By the specification it is 202; ECR says 201.
            if !matches!(next.status().as_u16(), 201 | 202 | 204) {
                return Err(Registry::fault(&doing, next).await);
            }
            let location = next.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let url = location.map_or(Ok(url.clone()), |location| transport::absolute(&url, location))?;
            let empty: BlobStream = Box::pin(futures::stream::empty());
            let nothing = Descriptor { size: 0, ..blob.clone() };
            let done =
                self.stream(&doing, image, &nothing, Method::PUT, &with_digest(&url, blob)?, empty, count).await?;
            return finish(&doing, done).await.map(|()| false);
        }
        let done = self.stream(&doing, image, blob, Method::PUT, &with_digest(&url, blob)?, bytes, count).await?;
        match finish(&doing, done).await {
            Err(mut fault) if in_one_refused(&fault) => {
                host.in_pieces.store(true, Ordering::Relaxed);
                fault.error.class = ErrorClass::Transient;
                Err(fault)
            }
            other => other.map(|()| false),
        }
    }

    /// Makes a request with a body that streams, watched for standing still.
    #[allow(clippy::too_many_arguments)]
    async fn stream(
        &self,
        doing: &str,
        image: &Reference,
        blob: &Descriptor,
        method: Method,
        url: &str,
        bytes: BlobStream,
        count: &Counter,
    ) -> Outcome<reqwest::Response> {
        let host = self.host(&image.host);
        host.quiet().await;
        let mut headers = HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
            (CONTENT_LENGTH, HeaderValue::from(blob.size)),
        ]);
        let home = self.0.transport.base(image.api_host());
        let ours = url.starts_with(&format!("{home}/"));
        let scope = scope(&image.repository, true);
        let used = if ours {
            host.authorise(&image.host, &scope, &*self.0.logins, &self.0.transport, &mut headers).await?
        } else {
            // A store behind the registry, which must not see our login.
            Used::Nothing
        };
        if home.starts_with("https:") && !url.starts_with("https:") {
            return Err(Error::new(ErrorClass::Permanent, doing).caused_by("the registry wants it without TLS").into());
        }
        let watch = Watch::default();
        let body = reqwest::Body::wrap_stream(watch.over(bytes, count.clone()));
        let sent = self.0.transport.request(method, url, headers)?.body(body).send();
        let answer = tokio::select! {
            answer = sent => answer.map_err(|error| watch.fault().unwrap_or_else(|| Fault::of_transport(doing, error))),
            limit = watch.stands_still(blob.size, transport::SETTLE) => Err(Fault::stalled(doing, limit)),
        };
        if answer.is_err() {
            count.take_back(watch.passed.get());
        }
        let answer = answer?;
        match answer.status().as_u16() {
            // The bytes are gone: whoever called opens them again, and comes with another token.
            401 if ours => {
                count.take_back(watch.passed.get());
                host.refuse(&image.host, &*self.0.logins, &used).await?;
                let mut fault = Registry::fault(doing, answer).await;
                fault.error.class = ErrorClass::Transient;
                Err(fault)
            }
            429 => {
                count.take_back(watch.passed.get());
                let fault = Registry::fault(doing, answer).await;
                host.leave_alone(fault.after.unwrap_or(super::QUIET));
                Err(fault)
            }
            status => {
                if status >= 300 {
                    count.take_back(watch.passed.get());
                }
                Ok(answer)
            }
        }
    }
}

/// An upload's address with the digest that ends it.
fn with_digest(url: &str, blob: &Descriptor) -> Outcome<String> {
    let mut url = reqwest::Url::parse(url)
        .map_err(|_| Error::new(ErrorClass::Permanent, "the registry names an address that isn't one"))?;
    url.query_pairs_mut().append_pair("digest", &blob.digest.to_string());
    Ok(url.to_string())
}

async fn finish(doing: &str, answer: reqwest::Response) -> Outcome<()> {
    if matches!(answer.status().as_u16(), 200 | 201 | 202 | 204) {
        // Read to the end, so that the connection can be used again.
        let _: Option<Bytes> = answer.bytes().await.ok();
        return Ok(());
    }
    Err(Registry::fault(doing, answer).await)
}

/// Whether a registry doesn't take a blob in one request.
fn in_one_refused(fault: &Fault) -> bool {
    !fault.is_of_upload() && matches!(fault.status, Some(400 | 404 | 405 | 411 | 413 | 415 | 416 | 501))
}
