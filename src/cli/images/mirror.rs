//! `kfctl-cn images mirror`.

use std::sync::Arc;

use super::super::Global;
use super::jobs::{self, Which};
use super::transfer::{self, Flags};
use super::{outcome, target};
use crate::model::{ExitStatus, Result};
use crate::phases::images::Ecr;
use crate::registry::copy::RegistryTarget;

/// Copy what the registry lacks, on a machine that reaches both sides; goes on where it was
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    flags: Flags,

    /// An HTTP proxy on the way to the sources, not to the target; HTTPS_PROXY and its like are for both
    #[arg(long, value_name = "URL", env = "KFCTL_CN_IMAGES_PROXY", hide_env_values = true)]
    proxy: Option<String>,

    /// Put another image in the place of one whose tag is there, where the registry lets tags move
    #[arg(long)]
    overwrite: bool,

    /// Only say what the registry lacks
    #[arg(long)]
    dry_run: bool,
}

/// Copies.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let mut jobs = args.which.jobs(global)?;
    if args.which.of_deployment() {
        let registry = target::registry(global).await?;
        for job in &mut jobs {
            job.target = jobs::in_registry(&registry, &job.source)?;
        }
    }
    let ecr = Ecr::new()?;
    let from = args.flags.sources(args.proxy.as_deref(), &ecr, &jobs).await?;
    let to = args.flags.client(None, &ecr)?;
    let to = Arc::new(RegistryTarget::new(to, ecr));
    let options = args.flags.options(args.overwrite, args.dry_run);
    let all = transfer::run(global, from, to, options, &jobs).await?;
    outcome::report(global, &jobs, &all)
}
