//! `kfctl-cn images load`.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::Global;
use super::jobs::{in_registry, wanted};
use super::transfer::{self, Flags};
use super::{outcome, target};
use crate::model::{ExitStatus, Result};
use crate::phases::images::Ecr;
use crate::registry::copy::{Job, RegistryTarget};
use crate::registry::layout::Archive;

/// Push the images of an archive to the registry of the deployment; goes on where it was
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The archive, made by `images save`
    archive: PathBuf,

    /// Host and prefix to push to [default: the registry of the configuration]
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,

    /// Only images whose name at the source has this in it, or matches it if it has a `*`; may be repeated
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,

    #[command(flatten)]
    flags: Flags,

    /// Put another image in the place of one whose tag is there, where the registry lets tags move
    #[arg(long)]
    overwrite: bool,

    /// Only say what the registry lacks
    #[arg(long)]
    dry_run: bool,
}

/// Pushes.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let archive = Archive::open(&args.archive)?;
    let registry = match &args.registry {
        Some(registry) => registry.trim_end_matches('/').to_owned(),
        None => target::registry(global).await?,
    };
    let chosen = archive.images().filter(|image| wanted(&args.only, &image.to_string()));
    let job = |image| Ok(Job { source: Clone::clone(image), target: in_registry(&registry, image)? });
    let jobs: Vec<Job> = chosen.map(job).collect::<Result<_>>()?;
    let ecr = Ecr::new()?;
    let to = Arc::new(RegistryTarget::new(args.flags.client(None, &ecr)?, ecr));
    let options = args.flags.options(args.overwrite, args.dry_run);
    let all = transfer::run(global, Arc::new(archive), to, options, &jobs).await?;
    outcome::report(global, &jobs, &all)
}
