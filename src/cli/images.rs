//! `kfctl-cn images`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::render::Source;
use super::{Global, printer};
use crate::model::{ExitStatus, Result};

/// Show the container images of the deployment
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print each image: where it comes from, and under which name the cluster pulls it
    List {
        /// What to render.
        #[command(flatten)]
        source: Source,
    },
}

#[derive(Serialize)]
struct Image {
    source: String,
    target: String,
    places: Vec<String>,
}

/// Prints the list: source and target, with a tab between, for `crane copy` and the like.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let What::List { source } = args.what;
    let mut images: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for image in source.render(global)?.into_iter().flat_map(|(_, adapted)| adapted.images) {
        images.entry((image.source, image.target)).or_default().extend(image.places);
    }
    let images: Vec<Image> =
        images.into_iter().map(|((source, target), places)| Image { source, target, places }).collect();
    printer::value(global.output, &images, |all| {
        all.iter().map(|i| format!("{}\t{}\n", i.source, i.target)).collect()
    })?;
    Ok(ExitStatus::OK)
}
