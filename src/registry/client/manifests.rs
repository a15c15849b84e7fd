//! Manifests of a registry: look for, get, put.

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};

use super::super::fault::{Fault, Outcome};
use super::super::manifest::{self, MAX_MANIFEST, Manifest};
use super::super::{Digest, Reference};
use super::{Ask, Registry, scope, transport};
use crate::model::{Error, ErrorClass};

const CONTENT_DIGEST: &str = "docker-content-digest";

/// What was found under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A manifest; its digest, if the registry says it.
    Manifest(Option<Digest>),
}

fn accept() -> HeaderMap {
    HeaderMap::from_iter([(
        ACCEPT,
        HeaderValue::from_str(&manifest::ACCEPT.join(", ")).unwrap_or(HeaderValue::from_static("*/*")),
    )])
}

fn named_digest(answer: &reqwest::Response) -> Option<Digest> {
    answer.headers().get(CONTENT_DIGEST)?.to_str().ok()?.parse().ok()
}

impl Registry {
    fn manifest_url(&self, image: &Reference, pointer: &str) -> String {
        format!("{}/v2/{}/manifests/{pointer}", self.0.transport.base(image.api_host()), image.repository)
    }

    /// Looks for a manifest without getting it: what Docker Hub counts is getting.
    ///
    /// # Errors
    /// Anything but "it is there" and "it isn't".
    pub async fn find(&self, image: &Reference, push: bool) -> Outcome<Found> {
        let doing = format!("cannot look for {image}");
        let ask = Ask {
            doing: &doing,
            method: Method::HEAD,
            host: &image.host,
            url: self.manifest_url(image, &image.pointer()),
            headers: accept(),
            body: Bytes::new(),
            scope: &scope(&image.repository, push),
        };
        self.again(|| async {
            let answer = self.ask(&ask).await?;
            match answer.status().as_u16() {
                200 => Ok(Found::Manifest(named_digest(&answer))),
                404 => Ok(Found::Nothing),
                _ => Err(Registry::fault(&doing, answer).await),
            }
        })
        .await
    }

    /// Gets a manifest. What doesn't have the digest that was asked for, or that the registry names, is corrupt and got again.
    ///
    /// # Errors
    /// If it isn't there, or none that can be copied.
    pub async fn manifest(&self, image: &Reference) -> Outcome<Manifest> {
        let doing = format!("cannot get {image}");
        let ask = Ask {
            doing: &doing,
            method: Method::GET,
            host: &image.host,
            url: self.manifest_url(image, &image.pointer()),
            headers: accept(),
            body: Bytes::new(),
            scope: &scope(&image.repository, false),
        };
        self.again(|| async {
            let answer = self.ask(&ask).await?;
            if answer.status() != 200 {
                return Err(Registry::fault(&doing, answer).await);
            }
            let kind = answer.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned);
            let wanted = image.digest.or_else(|| named_digest(&answer));
            let bytes = whole(&doing, answer).await?;
            let digest = Digest::of(&bytes);
            if let Some(wanted) = wanted.filter(|wanted| *wanted != digest) {
                let why = format!("it has the digest {digest} instead of {wanted}");
                return Err(Error::new(ErrorClass::Transient, doing.clone()).caused_by(why).into());
            }
            Manifest::parse(bytes, kind.as_deref()).map_err(|error| Fault::from(error.context(doing.clone())))
        })
        .await
    }

    /// Puts a manifest under a tag, or under its digest. All that it names must be there.
    ///
    /// # Errors
    /// If the registry refuses it. A tag that can't be changed and has this very manifest is no error.
    pub async fn put_manifest(&self, image: &Reference, manifest: &Manifest, tag: Option<&str>) -> Outcome<()> {
        let pointer = tag.map_or_else(|| manifest.digest.to_string(), str::to_owned);
        let doing = format!("cannot put {}/{}:{pointer}", image.host, image.repository);
        let kind = HeaderValue::from_str(&manifest.media_type)
            .map_err(|_| Error::new(ErrorClass::Permanent, format!("{doing}: its media type isn't one")))?;
        let ask = Ask {
            doing: &doing,
            method: Method::PUT,
            host: &image.host,
            url: self.manifest_url(image, &pointer),
            headers: HeaderMap::from_iter([(CONTENT_TYPE, kind)]),
            body: manifest.bytes.clone(),
            scope: &scope(&image.repository, true),
        };
        let put = self.again(|| async {
            let answer = self.ask(&ask).await?;
            match answer.status().as_u16() {
                200..=202 => match named_digest(&answer).filter(|named| *named != manifest.digest) {
                    Some(named) => Err(Error::new(ErrorClass::Permanent, doing.clone())
                        .caused_by(format!("the registry made {named} of {}", manifest.digest))
                        .into()),
                    None => Ok(()),
                },
                _ => Err(Registry::fault(&doing, answer).await),
            }
        });
        match (put.await, tag) {
            (Err(fault), Some(tag)) if taken(&fault) => match self.find(&image.tagged(tag), true).await? {
                Found::Manifest(Some(there)) if there == manifest.digest => Ok(()),
                _ => Err(fault),
            },
            (done, _) => done,
        }
    }
}

/// Whether a registry says that a tag is taken and can't be changed. ECR: `TAG_INVALID`, or its own exceptions' names.
fn taken(fault: &Fault) -> bool {
    let text = fault.error.to_string().to_ascii_lowercase();
    matches!(fault.status, Some(400 | 403 | 405 | 409 | 412))
        && ["immutable", "already exists"].iter().any(|w| text.contains(w))
}

/// The body of an answer that must be small.
async fn whole(doing: &str, answer: reqwest::Response) -> Outcome<Bytes> {
    let mut bytes = BytesMut::new();
    let mut body = answer.bytes_stream();
    loop {
        let piece = tokio::time::timeout(transport::ANSWER, body.next()).await;
        match piece.map_err(|_| Fault::stalled(doing, transport::ANSWER))? {
            Some(piece) => bytes.extend_from_slice(&piece.map_err(|error| Fault::of_transport(doing, error))?),
            None => return Ok(bytes.freeze()),
        }
        if bytes.len() > MAX_MANIFEST {
            let why = format!("a manifest of more than {} MiB is none", MAX_MANIFEST >> 20);
            return Err(Error::new(ErrorClass::Permanent, doing).caused_by(why).into());
        }
    }
}
