//! `kfctl-cn state`.

mod migrate;
mod pull;
mod push;
mod rm;
mod show;
mod unlock;

use super::Global;
use super::limits::LockArgs;
use super::run::{Session, cancel_on_signals, let_go, unless_stopped};
use crate::model::{ExitStatus, Result};

/// Look at the state, move it, mend it: what is recorded, never what exists
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show the state with all records
    Show,
    /// List the addresses that are recorded, one a line
    List,
    /// Write the state as it is to a file or to stdout
    Pull(pull::Args),
    /// Put a file in the place of the state: it must be newer, and of the same lineage
    Push(push::Args),
    /// Forget records: what they are of stays where it is
    Rm(rm::Args),
    /// Remove the lock that a dead run has left on a shared state
    Unlock(unlock::Args),
    /// Move the state to another backend
    Migrate(migrate::Args),
}

/// Runs a subcommand.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    match args.command {
        Command::Show => show::show(global).await,
        Command::List => show::list(global).await,
        Command::Pull(args) => pull::run(global, &args).await,
        Command::Push(args) => push::run(global, &args).await,
        Command::Rm(args) => rm::run(global, &args).await,
        Command::Unlock(args) => unlock::run(global, &args).await,
        Command::Migrate(args) => migrate::run(global, &args).await,
    }?;
    Ok(ExitStatus::OK)
}
