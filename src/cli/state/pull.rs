//! `kfctl-cn state pull`.

use std::path::PathBuf;

use super::super::run::place_for_looking;
use super::super::{Global, printer};
use crate::config;
use crate::model::{Error, ErrorClass, Result};
use crate::state::{Disk, SystemDisk};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to write [default: stdout]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// Writes the state with what the journal adds, in the form that `state push` takes.
pub(super) async fn run(global: &Global, args: &Args) -> Result<()> {
    let config = config::load(&global.file)?;
    let place = place_for_looking(global, &config).await?;
    let document = place.document().await?.ok_or_else(|| {
        Error::new(ErrorClass::Config, format!("{place} has no state"))
            .hint("--state and --state-dir say where it is looked for")
    })?;
    let content = document.encode()?;
    match &args.to {
        Some(path) => {
            SystemDisk.write(path, &content)?;
            printer::note(&format!("Written to {}: serial {}.", path.display(), document.serial()));
            Ok(())
        }
        None => printer::data(&String::from_utf8_lossy(&content)),
    }
}
