//! `kfctl-cn state unlock`.

use super::super::run::place_for_looking;
use super::super::{Global, printer};
use crate::config;
use crate::model::Result;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The id of the lock, which the refused run shows, and `status` too
    #[arg(value_name = "ID")]
    id: String,
}

/// Removes the lock of a dead run.
pub(super) async fn run(global: &Global, args: &Args) -> Result<()> {
    let config = config::load(&global.file)?;
    let place = place_for_looking(global, &config).await?;
    let holder = place.unlock(&args.id).await?;
    printer::note(&format!("Unlocked {place}: it was locked by {holder}."));
    printer::note("If that run lives after all, it finds out before its next write, and ends.");
    Ok(())
}
