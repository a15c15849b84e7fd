//! `kfctl-cn images list`.

use serde::Serialize;

use super::super::render::Source;
use super::super::{Global, printer};
use super::ask::{Answer, Way};
use super::{inventory, table};
use crate::adapt::{InventoryEntry, to_copy};
use crate::model::{ExitStatus, Result};

/// Print each image: what becomes of it, where it is named, and under which name the cluster pulls it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to render.
    #[command(flatten)]
    source: Source,

    /// Print source and target only, with a tab between, of what belongs in the registry: for `crane copy` and the like
    #[arg(long)]
    plain: bool,

    /// Ask each source whether it has the image; without it nothing is asked
    #[arg(long, conflicts_with = "plain")]
    probe: bool,

    /// With --probe: an HTTP proxy on the way to the sources [default: HTTPS_PROXY and its like]
    #[arg(long, value_name = "URL", env = "KFCTL_CN_IMAGES_PROXY", hide_env_values = true)]
    proxy: Option<String>,

    #[command(flatten)]
    way: Way,
}

/// An image, and what its source said.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    image: InventoryEntry,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
}

/// Prints the list.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    if args.plain {
        let images = to_copy(inventory(&args.source, global)?);
        let lines = images.iter().map(|image| format!("{}\t{}\n", image.source, image.target));
        printer::data(&lines.collect::<String>())?;
        return Ok(ExitStatus::OK);
    }
    let images = inventory(&args.source, global)?;
    let answers = if args.probe { probe(&args, &images).await? } else { Vec::new() };
    let text = {
        let words: Vec<_> = answers.iter().map(|answer| answer.as_ref().map(Answer::as_str)).collect();
        table::text(&images, &words)
    };
    let mut answers = answers.into_iter();
    let lines = images.into_iter().map(|image| Line { image, answer: answers.next().flatten() });
    printer::value(global.output, &lines.collect::<Vec<_>>(), |_| text)?;
    Ok(ExitStatus::OK)
}

/// What the sources say; nothing of an image whose tag somebody chooses later.
async fn probe(args: &Args, images: &[InventoryEntry]) -> Result<Vec<Option<Answer>>> {
    let asked = |image: &&InventoryEntry| image.target.is_some() || !image.only_on_use;
    let names: Vec<String> = images.iter().filter(asked).map(|image| image.source.clone()).collect();
    let mut answers = args.way.ask(&names, args.proxy.as_deref()).await?.into_iter();
    Ok(images.iter().map(|image| asked(&image).then(|| answers.next()).flatten()).collect())
}
