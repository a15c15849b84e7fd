//! `kfctl-cn images save`.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::{Global, printer};
use super::jobs::Which;
use super::outcome;
use super::transfer::{self, Flags};
use crate::model::{ExitStatus, Result};
use crate::phases::images::Ecr;
use crate::registry::copy::{Ended, Job};
use crate::registry::layout::Writer;

/// Save images into an archive (OCI layout), on a machine that reaches the sources; goes on where it was
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The archive
    archive: PathBuf,

    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    flags: Flags,

    /// An HTTP proxy on the way to the sources
    #[arg(long, value_name = "URL", env = "KFCTL_CN_IMAGES_PROXY", hide_env_values = true)]
    proxy: Option<String>,
}

/// Saves. The archive gets its name when all images are in it.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let mut jobs: Vec<Job> = args.which.jobs(global)?;
    jobs.iter_mut().for_each(|job| job.target = job.source.clone());
    jobs.dedup();
    let from = args.flags.sources(args.proxy.as_deref(), &Ecr::new()?, &jobs).await?;
    let writer = Arc::new(Writer::open(&args.archive)?);
    let options = args.flags.options(false, false);
    let all = transfer::run(global, from, writer.clone(), options, &jobs).await?;
    if all.iter().all(|ended| !matches!(ended, Ended::Failed(_))) {
        let path = writer.finish()?;
        printer::note(&format!("saved as {}; there: kfctl-cn images load FILE", path.display()));
    }
    outcome::report(global, &jobs, &all)
}
