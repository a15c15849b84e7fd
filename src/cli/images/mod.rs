//! `kfctl-cn images`: one file a subcommand.

mod list;

use std::collections::BTreeMap;

use super::Global;
use super::render::Source;
use crate::adapt::ImageRef;
use crate::model::{ExitStatus, Result};

/// Show the container images of the deployment
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    List(list::Args),
}

/// Runs the subcommand.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    match args.what {
        What::List(args) => list::run(global, args).await,
    }
}

/// The images of what is rendered, once each, sorted by source.
fn named(source: &Source, global: &Global) -> Result<Vec<ImageRef>> {
    let mut images: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for image in source.render(global)?.into_iter().flat_map(|(_, adapted)| adapted.images) {
        images.entry((image.source, image.target)).or_default().extend(image.places);
    }
    Ok(images.into_iter().map(|((source, target), places)| ImageRef { source, target, places }).collect())
}
