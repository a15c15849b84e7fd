//! Copies many images at once, as far as they aren't there.

mod blob;
mod ends;
mod image;
mod ledger;
mod meter;
mod reach;

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Digest, Fault, Platform, Reference, Retry};
use crate::model::{Error, ErrorClass};
use blob::Known;
pub use ends::{ByItself, From, Mount, RegistryTarget, Repositories, Source, Target};
pub use ledger::Ledger;
pub use meter::{Meter, bytes};
pub use reach::Reachable;

/// One image to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// From where.
    pub source: Reference,
    /// To where.
    pub target: Reference,
}

/// How to copy.
#[derive(Debug, Clone)]
pub struct Options {
    /// Blobs that are on their way at the same time.
    pub blobs: usize,
    /// Images that are worked on at the same time.
    pub images: usize,
    /// Platforms to copy of an index; empty: all, and the index stays as it is. What is named by digest stays whole.
    pub platforms: Vec<Platform>,
    /// Put another image under a tag that is there.
    pub overwrite: bool,
    /// Only say what would be done.
    pub dry_run: bool,
    /// How transfers of blobs are repeated.
    pub retry: Retry,
    /// Where earlier runs put blobs, if that is kept.
    pub ledger: Option<Arc<Ledger>>,
}

impl Default for Options {
    fn default() -> Self {
        let (platforms, ledger) = (Vec::new(), None);
        Options { blobs: 8, images: 6, platforms, overwrite: false, dry_run: false, retry: Retry::default(), ledger }
    }
}

/// How the copy of an image ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It was copied; its digest.
    Copied(Digest),
    /// It was there; its digest if the registry says it.
    Present(Option<Digest>),
    /// It was there, and the source can't be asked whether it is the same: why.
    Kept(String),
    /// It would be copied: a dry run.
    Missing,
    /// Its tag is there with other content: a dry run. Both digests, in words.
    Different(String),
    /// Nothing was tagged: why.
    Failed(Error),
}

/// What is told while it goes on.
pub enum Told<'a> {
    /// An image ended.
    Ended(&'a Job, &'a Ended),
    /// Something is done again, or differently: in words.
    Note(&'a str),
}

/// Hears what goes on. Called from many threads.
pub type Listener = Arc<dyn Fn(Told<'_>) + Send + Sync>;

/// Copies images from a source to a target. What two images share is sent once.
pub struct Copier {
    source: Arc<dyn Source>,
    target: Arc<dyn Target>,
    options: Options,
    meter: Arc<Meter>,
    listener: Listener,
    known: Known,
    slots: Semaphore,
}

impl Copier {
    /// A copier.
    pub fn new(
        source: Arc<dyn Source>,
        target: Arc<dyn Target>,
        options: Options,
        meter: Arc<Meter>,
        listener: Listener,
    ) -> Arc<Copier> {
        let slots = Semaphore::new(options.blobs.max(1));
        Arc::new(Copier { source, target, options, meter, listener, known: Known::default(), slots })
    }

    /// Copies all, and says of each how it ended, in the order of the jobs. One that fails stops no other. When this is dropped,
    /// what is in flight is dropped too, and nothing that isn't whole has a tag.
    pub async fn run(self: &Arc<Self>, jobs: &[Job]) -> Vec<Ended> {
        let gate = Arc::new(Semaphore::new(self.options.images.max(1)));
        let mut running = JoinSet::new();
        for (at, job) in jobs.iter().cloned().enumerate() {
            // One after another, so that those of the list's head come first. It is never closed.
            let open = Arc::clone(&gate).acquire_owned().await;
            let copier = Arc::clone(self);
            running.spawn(async move {
                let _open = open;
                let ended = copier.image(&job).await.unwrap_or_else(|fault: Fault| Ended::Failed(fault.error));
                copier.meter.ended();
                (copier.listener)(Told::Ended(&job, &ended));
                (at, ended)
            });
        }
        let broken = || Ended::Failed(Error::new(ErrorClass::Bug, "the copy broke off"));
        let mut all: Vec<Ended> = jobs.iter().map(|_| broken()).collect();
        while let Some(done) = running.join_next().await {
            if let Ok((at, ended)) = done {
                all[at] = ended;
            }
        }
        all
    }
}
