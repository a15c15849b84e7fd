//! One image: compared, then copied from the blobs up; its tag last.

use std::sync::Arc;

use futures::future::{BoxFuture, try_join_all};
use tokio::task::JoinSet;

use super::super::fault::Outcome;
use super::super::{Descriptor, Digest, Found, Manifest, Reference};
use super::{Copier, Ended, Job};
use crate::model::{Error, ErrorClass};

impl Copier {
    /// Copies one image if it isn't there.
    pub(super) async fn image(self: &Arc<Self>, job: &Job) -> Outcome<Ended> {
        let there = self.target.find(&job.target).await?;
        let digest = match (there, job.target.digest) {
            (Found::Nothing, _) => None,
            (Found::Manifest(digest), Some(_)) => return Ok(Ended::Present(digest)),
            (Found::Manifest(digest), None) => match self.compare(job, digest).await? {
                Some(ended) => return Ok(ended),
                None => digest,
            },
        };
        if self.options.dry_run && digest.is_none() {
            return Ok(Ended::Missing);
        }
        let top = self.choose(job, self.source.manifest(&job.source).await?)?;
        match digest {
            Some(digest) if digest == top.digest => return Ok(Ended::Present(Some(digest))),
            Some(digest) if self.options.dry_run => return Ok(Ended::Different(both(job, digest, top.digest))),
            Some(digest) if !self.options.overwrite => return Err(differs(job, digest, top.digest).into()),
            _ => {}
        }
        let fresh = self.target.prepare(&job.target).await?;
        self.below(job, &top, fresh).await?;
        self.target.put_manifest(&job.target, &top, Some(&job.target.tag_to_keep())).await?;
        Ok(Ended::Copied(top.digest))
    }

    /// Compares a tag that is there with the source; `None` if the source's manifest must be looked at.
    async fn compare(&self, job: &Job, there: Option<Digest>) -> Outcome<Option<Ended>> {
        match self.source.find(&job.source).await {
            Ok(Found::Manifest(digest)) if digest.is_some() && digest == there => Ok(Some(Ended::Present(there))),
            Ok(Found::Manifest(_)) => Ok(None),
            Ok(Found::Nothing) => Ok(Some(Ended::Kept(format!("{} is gone", job.source)))),
            Err(fault) => Ok(Some(Ended::Kept(fault.error.to_string()))),
        }
    }

    /// The manifest with the platforms that are wanted. What is named by digest stays whole: it would have another.
    fn choose(&self, job: &Job, top: Manifest) -> Outcome<Manifest> {
        let wanted = &self.options.platforms;
        if wanted.is_empty() || job.target.digest.is_some() {
            return Ok(top);
        }
        let keep = |child: &Descriptor| child.platform.as_ref().is_some_and(|p| wanted.iter().any(|w| w.means(p)));
        top.only(keep).map_err(|error| error.context(format!("cannot copy {}", job.source)).into())
    }

    /// Copies all that a manifest names: the manifests of an index with what they name, or blobs.
    fn below<'a>(self: &'a Arc<Self>, job: &'a Job, manifest: &'a Manifest, fresh: bool) -> BoxFuture<'a, Outcome<()>> {
        Box::pin(async move {
            let children = manifest.children.iter().map(|child| self.child(job, child, fresh));
            try_join_all(children).await?;
            let mut running = JoinSet::new();
            for blob in manifest.blobs.iter().cloned() {
                self.meter.plan(blob.size);
                let (copier, job) = (Arc::clone(self), job.clone());
                running.spawn(async move { copier.blob(&job.source, &job.target, &blob, fresh).await });
            }
            while let Some(done) = running.join_next().await {
                done.map_err(|_| Error::new(ErrorClass::Bug, "the copy of a blob broke off"))??;
            }
            Ok(())
        })
    }

    async fn child(self: &Arc<Self>, job: &Job, child: &Descriptor, fresh: bool) -> Outcome<()> {
        let target: Reference = job.target.at(child.digest);
        if !fresh && matches!(self.target.find(&target).await?, Found::Manifest(_)) {
            return Ok(());
        }
        let manifest = self.source.manifest(&job.source.at(child.digest)).await?;
        self.below(job, &manifest, fresh).await?;
        self.target.put_manifest(&target, &manifest, None).await
    }
}

/// Which image a tag leads to, and which it should.
fn both(job: &Job, there: Digest, wanted: Digest) -> String {
    format!("it is {there}; {} is {wanted}", job.source)
}

/// The tag is there with another image.
fn differs(job: &Job, there: Digest, wanted: Digest) -> Error {
    Error::new(ErrorClass::Permanent, format!("{} is there with other content", job.target))
        .caused_by(both(job, there, wanted))
        .hint("keep it: the cluster runs what it has; or put the other in its place with --overwrite, where the registry lets tags move")
}
