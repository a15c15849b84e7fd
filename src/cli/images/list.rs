//! `kfctl-cn images list`.

use super::super::render::Source;
use super::super::{Global, printer};
use super::{inventory, table};
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
    let images = inventory(&args.source, global)?;
    if args.plain {
        let pairs = images.iter().filter_map(|image| Some((&image.source, image.target.as_ref()?)));
        printer::data(&pairs.map(|(source, target)| format!("{source}\t{target}\n")).collect::<String>())?;
    } else {
        printer::value(global.output, &images, |all| table::text(all))?;
    }
    Ok(ExitStatus::OK)
}
