//! `kfctl-cn images list`.

use super::super::render::Source;
use super::super::{Global, printer};
use super::{inventory, named, table};
use crate::model::{ExitStatus, Result};

/// Print each image: what becomes of it, where it is named, and under which name the cluster pulls it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to render.
    #[command(flatten)]
    source: Source,

    /// Print source and target only, with a tab between, of what must be in the registry: for `crane copy` and the like
    #[arg(long)]
    plain: bool,
}

/// Prints the list. Needs no network.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    if args.plain {
        let images = named(&args.source, global)?;
        printer::data(&images.iter().map(|image| format!("{}\t{}\n", image.source, image.target)).collect::<String>())?;
    } else {
        printer::value(global.output, &inventory(&args.source, global)?, |all| table::text(all))?;
    }
    Ok(ExitStatus::OK)
}
