//! `kfctl-cn state push`.

use std::path::PathBuf;

use super::super::{Global, printer};
use super::{LockArgs, Session, cancel_on_signals, unless_stopped};
use crate::model::{Error, ErrorClass, Result};
use crate::state::{Disk, Document, Moved, SystemDisk};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file, from `state pull` or one that a run saved because it couldn't write the state
    #[arg(value_name = "FILE")]
    path: PathBuf,

    /// Also if what is there is newer or of another lineage
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    lock: LockArgs,
}

/// Puts a state in the place of what is there.
pub(super) async fn run(global: &Global, args: &Args) -> Result<()> {
    let path = &args.path;
    let content = SystemDisk.read(path)?.ok_or_else(|| {
        Error::new(ErrorClass::Usage, format!("there is no file {}", path.display()))
            .hint("`kfctl-cn state pull --to FILE` writes one")
    })?;
    let document = Document::decode(&content, path)?;
    let cancel = cancel_on_signals()?;
    let session = unless_stopped(&cancel, Session::open(global)).await?;
    let place = session.place(global);
    let moved = place.push(&document, &session.identity(), args.force, &args.lock.wait(&cancel)).await?;
    printer::note(&match moved {
        Moved::Written => format!("Written to {place}: serial {}.", document.serial()),
        Moved::Same => format!("{place} says the same already."),
    });
    Ok(())
}
