//! Blobs of a registry: look for, get, mount.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures::StreamExt as _;
use http::header::LOCATION;
use http::{HeaderMap, Method};

use super::super::Reference;
use super::super::copy::Mount;
use super::super::fault::{Fault, Outcome};
use super::super::manifest::Descriptor;
use super::super::stream::{BlobStream, checked};
use super::{Ask, Registry, scope, transport};
use crate::model::{Error, ErrorClass};

/// How an upload begins.
pub(super) enum Begun {
    /// The blob was mounted from another repository: nothing is left to do.
    Mounted,
    /// It goes to this address.
    At(String),
}

impl Registry {
    fn blob_url(&self, image: &Reference, rest: &str) -> String {
        format!("{}/v2/{}/blobs/{rest}", self.0.transport.base(image.api_host()), image.repository)
    }

    /// True if the repository of an image has a blob.
    ///
    /// # Errors
    /// Anything but "it is there" and "it isn't".
    pub async fn has_blob(&self, image: &Reference, blob: &Descriptor) -> Outcome<bool> {
        let doing = format!("cannot look for {} in {}/{}", blob.digest, image.host, image.repository);
        let ask = Ask {
            doing: &doing,
            method: Method::HEAD,
            host: &image.host,
            url: self.blob_url(image, &blob.digest.to_string()),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            scope: &scope(&image.repository, true),
        };
        self.again(|| async {
            let answer = self.ask(&ask).await?;
            match answer.status().as_u16() {
                200 => Ok(true),
                404 => Ok(false),
                _ => Err(Registry::fault(&doing, answer).await),
            }
        })
        .await
    }

    /// The bytes of a blob, checked while they come.
    ///
    /// # Errors
    /// If it isn't there; the stream yields what goes wrong later. Nothing is repeated here.
    pub async fn blob(&self, image: &Reference, blob: &Descriptor) -> Outcome<BlobStream> {
        let doing = format!("cannot get {} of {}/{}", blob.digest, image.host, image.repository);
        let ask = Ask {
            doing: &doing,
            method: Method::GET,
            host: &image.host,
            url: self.blob_url(image, &blob.digest.to_string()),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            scope: &scope(&image.repository, false),
        };
        let answer = self.ask(&ask).await?;
        if answer.status() != 200 {
            return Err(Registry::fault(&doing, answer).await);
        }
        let broken = doing.clone();
        let pieces = answer.bytes_stream().map(move |p| p.map_err(|error| Fault::of_transport(&broken, error)));
        Ok(checked(doing, blob, Box::pin(pieces)))
    }

    /// Begins an upload. With `mount` the registry may take the blob from that repository of its own instead.
    pub(super) async fn begin(&self, image: &Reference, blob: &Descriptor, mount: Option<Mount<'_>>) -> Outcome<Begun> {
        let doing = format!("cannot send {} to {}/{}", blob.digest, image.host, image.repository);
        let query = mount.map_or_else(String::new, |from| format!("?mount={}&from={}", blob.digest, from.from));
        let mut scopes = scope(&image.repository, true);
        if let Some(from) = mount {
            scopes = format!("{scopes} {}", scope(from.from, false));
        }
        let ask = Ask {
            doing: &doing,
            method: Method::POST,
            host: &image.host,
            url: self.blob_url(image, &format!("uploads/{query}")),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            scope: &scopes,
        };
        let answer = self.ask(&ask).await?;
        match answer.status().as_u16() {
            201 if mount.is_some() => Ok(Begun::Mounted),
            201 | 202 => {
                if mount.is_some_and(|mount| mount.sure) {
                    self.host(&image.host).no_mount.store(true, Ordering::Relaxed);
                }
                let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
                let location = location.ok_or_else(|| {
                    Error::new(ErrorClass::Permanent, doing.clone()).caused_by("the registry doesn't say where to")
                })?;
                Ok(Begun::At(transport::absolute(&ask.url, location)?))
            }
            _ => Err(Registry::fault(&doing, answer).await),
        }
    }

    /// True unless the registry was seen to mount nothing.
    pub(in crate::registry) fn may_mount(&self, image: &Reference) -> bool {
        !self.host(&image.host).no_mount.load(Ordering::Relaxed)
    }
}
