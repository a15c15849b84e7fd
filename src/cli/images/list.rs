//! `kfctl-cn images list`.

use serde::Serialize;

use super::super::render::Source;
use super::super::{Global, printer};
use super::named;
use crate::model::{ExitStatus, Result};

/// Print each image: where it comes from, and under which name the cluster pulls it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to render.
    #[command(flatten)]
    source: Source,
}

#[derive(Serialize)]
struct Image {
    source: String,
    target: String,
    places: Vec<String>,
}

/// Prints the list: source and target, with a tab between, for `crane copy` and the like.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let images: Vec<Image> = named(&args.source, global)?
        .into_iter()
        .map(|image| Image { source: image.source, target: image.target, places: image.places })
        .collect();
    printer::value(global.output, &images, |all| {
        all.iter().map(|i| format!("{}\t{}\n", i.source, i.target)).collect()
    })?;
    Ok(ExitStatus::OK)
}
