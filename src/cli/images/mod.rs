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
use crate::adapt::{self, Adapted, InventoryEntry, Set};
use crate::model::{ExitStatus, Result};

use ask::{Answer, Way};

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
    in_sets(&rendered, &source.registry(global)?)
}

/// All images of sets that are rendered.
fn in_sets(rendered: &[(Set, Adapted)], registry: &str) -> Result<Vec<InventoryEntry>> {
    adapt::inventory(rendered.iter().map(|(_, adapted)| (&*adapted.images, &*adapted.upstream)), registry)
}

/// How many images a registry must have before anything of these sets is used, and the names of those that it lacks.
///
/// # Errors
/// It can't be asked.
pub(super) async fn missing(rendered: &[(Set, Adapted)], registry: &str) -> Result<(usize, Vec<String>)> {
    let images = in_sets(rendered, registry)?;
    let pulled = images.iter().filter(|image| image.target.is_some() && !image.only_on_use);
    let targets: Vec<String> = pulled.map(|image| adapt::image_target(registry, &image.source)).collect();
    let answers = Way::default().ask_registry(registry, &targets).await?;
    let lacks = |answer: &Answer| matches!(answer, Answer::Missing | Answer::Denied);
    let missing =
        targets.iter().zip(&answers).filter(|(_, answer)| lacks(answer)).map(|(name, _)| name.clone()).collect();
    Ok((targets.len(), missing))
}
