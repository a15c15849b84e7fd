//! `kfctl-cn images`: one file a subcommand.

mod ask;
mod jobs;
mod list;
mod load;
mod mirror;
mod outcome;
mod progress;
mod save;
mod table;
mod target;
mod transfer;
mod verify;
mod webhook_image;

use super::Global;
use super::render::Source;
use crate::adapt::{self, InventoryEntry};
use crate::model::{ExitStatus, Result};

/// Show, copy, save and load the container images of the deployment
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    List(list::Args),
    Mirror(mirror::Args),
    Save(save::Args),
    Load(load::Args),
    Verify(verify::Args),
    WebhookImage(webhook_image::Args),
}

/// Runs the subcommand.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    match args.what {
        What::List(args) => list::run(global, args).await,
        What::Mirror(args) => mirror::run(global, args).await,
        What::Save(args) => save::run(global, args).await,
        What::Load(args) => load::run(global, args).await,
        What::Verify(args) => verify::run(global, args).await,
        What::WebhookImage(args) => webhook_image::run(global, args).await,
    }
}

/// All images of what is rendered and what becomes of each, sorted by source.
fn inventory(source: &Source, global: &Global) -> Result<Vec<InventoryEntry>> {
    let rendered = source.render(global)?;
    let sets = rendered.iter().map(|(_, adapted)| (&*adapted.images, &*adapted.upstream));
    adapt::inventory(sets, &source.registry(global)?)
}
