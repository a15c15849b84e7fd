//! `kfctl-cn state migrate`.

use super::super::run::place;
use super::super::{Global, printer};
use super::{LockArgs, Session, cancel_on_signals, unless_stopped};
use crate::model::{Backend, Error, ErrorClass, Result};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where the state is: local, or s3://bucket/prefix
    #[arg(long, value_name = "BACKEND")]
    from: Backend,

    /// Where it goes
    #[arg(long, value_name = "BACKEND")]
    to: Backend,

    /// Also over a state that is newer or of another lineage
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    lock: LockArgs,
}

/// Moves the state.
pub(super) async fn run(global: &Global, args: &Args) -> Result<()> {
    if args.from == args.to {
        return Err(Error::new(ErrorClass::Usage, format!("the state is in {} already", args.to)));
    }
    let cancel = cancel_on_signals()?;
    let session = unless_stopped(&cancel, Session::open(global)).await?;
    let at = |backend: &Backend| place(global, &session.config, backend.clone(), &session.clients);
    let (from, to) = (at(&args.from), at(&args.to));
    from.migrate(&to, &session.identity(), args.force, &args.lock.wait(&cancel)).await?;
    printer::note(&format!("Moved from {from} to {to}."));
    if session.config.spec.state.backend() != args.to {
        printer::note(&format!("Now set `spec.state.backend: {}` in {}.", args.to, global.file.display()));
    }
    Ok(())
}
