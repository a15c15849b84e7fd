//! What the commands share that move images: flags, the client, the run.

use std::sync::Arc;
use std::time::Duration;

use super::super::run::cancel_on_signals;
use super::super::{Global, printer};
use super::progress;
use crate::engine::Signal;
use crate::model::{Error, ErrorClass, Result};
use crate::phases::images::{Ecr, ledger};
use crate::registry::copy::{Copier, Ended, Job, Meter, Options, Reachable, Source, Target, Told};
use crate::registry::{Platform, Registry, Retry, Route};

/// How long the host of a source may take to say anything, before its images count as out of reach.
const REACH: Duration = Duration::from_secs(20);

/// How to copy.
#[derive(Debug, clap::Args)]
pub(super) struct Flags {
    /// Copy only this platform of images that have several; may be repeated [default: all]. An image that is named by digest is
    /// always copied whole
    #[arg(long, value_name = "OS/ARCH")]
    platform: Vec<Platform>,

    /// How many blobs are on their way at the same time
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=64))]
    concurrency: u8,

    /// A registry that is spoken to without TLS; may be repeated. Those on this machine are without being named
    #[arg(long, value_name = "HOST")]
    plain_http: Vec<String>,
}

impl Flags {
    /// The options of a copy.
    pub(super) fn options(&self, overwrite: bool, dry_run: bool) -> Options {
        let blobs = usize::from(self.concurrency);
        Options { blobs, platforms: self.platform.clone(), overwrite, dry_run, ledger: ledger(), ..Options::default() }
    }

    /// A client that goes through this proxy, if any.
    pub(super) fn client(&self, proxy: Option<&str>, ecr: &Arc<Ecr>) -> Result<Registry> {
        let route = Route { proxy: proxy.map(str::to_owned), plain: self.plain_http.clone() };
        let tell = Arc::new(|text: String| printer::note(&text));
        Registry::new(&route, ecr.clone(), Retry::default(), tell)
    }

    /// The sources of the jobs, through this proxy, if any. Each host is asked once before; one that is out of reach is told here,
    /// and none of its images is tried.
    pub(super) async fn sources(&self, proxy: Option<&str>, ecr: &Arc<Ecr>, jobs: &[Job]) -> Result<Arc<Reachable>> {
        let sources = Reachable::probe(self.client(proxy, ecr)?, jobs, REACH).await;
        for (host, error) in sources.out() {
            let count = jobs.iter().filter(|job| job.source.host == *host).count();
            let images = if count == 1 { "1 image is".into() } else { format!("{count} images are") };
            printer::note(&format!("{error}; {images} from there"));
        }
        Ok(Arc::new(sources))
    }
}

/// Copies, shows how far it is, and says of each image how it ended. A signal drops what is in flight: nothing half has a tag.
pub(super) async fn run(
    global: &Global,
    source: Arc<dyn Source>,
    target: Arc<dyn Target>,
    options: Options,
    jobs: &[Job],
) -> Result<Vec<Ended>> {
    let cancel = cancel_on_signals()?;
    let meter = Arc::new(Meter::new(jobs.len()));
    let view = progress::View::start(global, meter.clone());
    let shown = view.clone();
    let listener = Arc::new(move |told: Told<'_>| match told {
        Told::Ended(job, ended) => shown.ended(job, ended),
        Told::Note(text) => shown.line(text),
    });
    let copier = Copier::new(source, target, options, meter.clone(), listener);
    let all = tokio::select! {
        all = copier.run(jobs) => Ok(all),
        () = cancel.stopped() => {
            let class = cancel.why().map_or(ErrorClass::Interrupted, Signal::class);
            Err(Error::new(class, "stopped; what was copied stays, and nothing half is tagged"))
        }
    };
    view.finish();
    all
}
