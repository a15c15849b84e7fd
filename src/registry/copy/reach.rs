//! Sources that are asked once before anything is copied: what is out of reach is told at once, not tried again for each image.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;

use super::super::fault::Outcome;
use super::super::stream::BlobStream;
use super::super::{Descriptor, Found, Manifest, Reference, Registry};
use super::{Job, Source};
use crate::model::Error;

/// Registries as a source, of which some are out of reach.
pub struct Reachable {
    registry: Registry,
    /// Those out of reach, each with why.
    out: BTreeMap<String, Error>,
}

impl Reachable {
    /// Asks the source host of each job, all at the same time, each once and for at most so long.
    pub async fn probe(registry: Registry, jobs: &[Job], limit: Duration) -> Reachable {
        let hosts: BTreeMap<&str, &Reference> =
            jobs.iter().map(|job| (job.source.host.as_str(), &job.source)).collect();
        let asked = hosts.into_iter().map(async |(host, image)| (host.to_owned(), registry.reach(image, limit).await));
        let answers = join_all(asked).await;
        let out = answers.into_iter().filter_map(|(host, answer)| Some((host, answer.err()?.error))).collect();
        Reachable { registry, out }
    }

    /// The hosts out of reach, each with why.
    pub fn out(&self) -> &BTreeMap<String, Error> {
        &self.out
    }

    fn check(&self, image: &Reference) -> Outcome<()> {
        self.out.get(&image.host).map_or(Ok(()), |error| Err(error.clone().into()))
    }
}

#[async_trait]
impl Source for Reachable {
    async fn find(&self, image: &Reference) -> Outcome<Found> {
        self.check(image)?;
        Source::find(&self.registry, image).await
    }

    async fn manifest(&self, image: &Reference) -> Outcome<Manifest> {
        self.check(image)?;
        Source::manifest(&self.registry, image).await
    }

    async fn blob(&self, image: &Reference, blob: &Descriptor) -> Outcome<BlobStream> {
        self.check(image)?;
        Source::blob(&self.registry, image, blob).await
    }
}
