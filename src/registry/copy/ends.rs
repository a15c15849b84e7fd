//! The two ends of a copy: a registry, or an archive.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::super::fault::Outcome;
use super::super::stream::{BlobStream, Counter};
use super::super::{Descriptor, Found, Manifest, Reference, Registry};
use crate::model::Result;

/// Where images are copied from.
#[async_trait]
pub trait Source: Send + Sync {
    /// Looks for an image without getting it.
    async fn find(&self, image: &Reference) -> Outcome<Found>;
    /// Gets a manifest.
    async fn manifest(&self, image: &Reference) -> Outcome<Manifest>;
    /// The bytes of a blob, checked while they come.
    async fn blob(&self, image: &Reference, blob: &Descriptor) -> Outcome<BlobStream>;
}

/// Where images are copied to.
#[async_trait]
pub trait Target: Send + Sync {
    /// Where the blobs of an image lie together with those of others: what lies there needn't be sent again.
    fn place(&self, image: &Reference) -> String;
    /// Sees that an image can be put. True if nothing can be there yet, so that it needn't be asked for.
    async fn prepare(&self, image: &Reference) -> Outcome<bool>;
    /// Looks for an image.
    async fn find(&self, image: &Reference) -> Outcome<Found>;
    /// True if a blob lies in the image's place.
    async fn has_blob(&self, image: &Reference, blob: &Descriptor) -> Outcome<bool>;
    /// Whether a blob may come from another place of the target.
    fn may_mount(&self, image: &Reference) -> bool;
    /// Puts a blob: from the place `mount` of the target, else from the source. True if it was mounted.
    async fn put_blob(
        &self,
        from: &From<'_>,
        to: &Reference,
        mount: Option<Mount<'_>>,
        count: &Counter,
    ) -> Outcome<bool>;
    /// Puts a manifest, under a tag or under its digest.
    async fn put_manifest(&self, image: &Reference, manifest: &Manifest, tag: Option<&str>) -> Outcome<()>;
}

/// Another repository of the target to mount a blob from.
#[derive(Debug, Clone, Copy)]
pub struct Mount<'a> {
    /// The repository.
    pub from: &'a str,
    /// True if this run saw the blob there: a registry that doesn't mount it then mounts nothing.
    pub sure: bool,
}

/// A blob at its source.
pub struct From<'a> {
    /// The source.
    pub source: &'a dyn Source,
    /// The image that names the blob.
    pub image: &'a Reference,
    /// The blob.
    pub blob: &'a Descriptor,
}

#[async_trait]
impl Source for Registry {
    async fn find(&self, image: &Reference) -> Outcome<Found> {
        Registry::find(self, image, false).await
    }

    async fn manifest(&self, image: &Reference) -> Outcome<Manifest> {
        Registry::manifest(self, image).await
    }

    async fn blob(&self, image: &Reference, blob: &Descriptor) -> Outcome<BlobStream> {
        Registry::blob(self, image, blob).await
    }
}

/// Makes repositories, for registries that don't by themselves.
#[async_trait]
pub trait Repositories: Send + Sync {
    /// Sees that a repository is there. True if it was made now, hence is empty.
    async fn ensure(&self, host: &str, repository: &str) -> Result<bool>;
}

/// A registry that makes a repository at the first push.
pub struct ByItself;

#[async_trait]
impl Repositories for ByItself {
    async fn ensure(&self, _host: &str, _repository: &str) -> Result<bool> {
        Ok(false)
    }
}

/// A registry as a target.
pub struct RegistryTarget {
    registry: Registry,
    repositories: Arc<dyn Repositories>,
    prepared: Mutex<HashMap<String, Arc<OnceCell<bool>>>>,
}

impl RegistryTarget {
    /// A target whose repositories are made by `repositories`.
    pub fn new(registry: Registry, repositories: Arc<dyn Repositories>) -> RegistryTarget {
        RegistryTarget { registry, repositories, prepared: Mutex::default() }
    }
}

#[async_trait]
impl Target for RegistryTarget {
    fn place(&self, image: &Reference) -> String {
        image.repository.clone()
    }

    async fn prepare(&self, image: &Reference) -> Outcome<bool> {
        let cell = {
            let mut all = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(format!("{}/{}", image.host, image.repository)).or_default().clone()
        };
        let ensure = || self.repositories.ensure(&image.host, &image.repository);
        Ok(*cell.get_or_try_init(ensure).await?)
    }

    async fn find(&self, image: &Reference) -> Outcome<Found> {
        match self.registry.find(image, true).await? {
            // One that doesn't say what it has is asked for it: else a tag would be taken for free.
            Found::Manifest(None) => Ok(Found::Manifest(Some(self.registry.manifest(image).await?.digest))),
            found => Ok(found),
        }
    }

    async fn has_blob(&self, image: &Reference, blob: &Descriptor) -> Outcome<bool> {
        self.registry.has_blob(image, blob).await
    }

    fn may_mount(&self, image: &Reference) -> bool {
        self.registry.may_mount(image)
    }

    async fn put_blob(
        &self,
        from: &From<'_>,
        to: &Reference,
        mount: Option<Mount<'_>>,
        count: &Counter,
    ) -> Outcome<bool> {
        let open = from.source.blob(from.image, from.blob);
        self.registry.send_blob(to, from.blob, mount, count, open).await
    }

    async fn put_manifest(&self, image: &Reference, manifest: &Manifest, tag: Option<&str>) -> Outcome<()> {
        self.registry.put_manifest(image, manifest, tag).await
    }
}
