//! `kfctl-cn state rm`.

use super::super::{Global, printer};
use super::{LockArgs, Session, cancel_on_signals, let_go, unless_stopped};
use crate::model::{Addr, Error, ErrorClass, Result};
use crate::state::Held;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The addresses, as `state list` shows them
    #[arg(value_name = "ADDR", required = true)]
    addrs: Vec<String>,

    #[command(flatten)]
    lock: LockArgs,
}

/// Forgets records.
pub(super) async fn run(global: &Global, args: &Args) -> Result<()> {
    let cancel = cancel_on_signals()?;
    let session = unless_stopped(&cancel, Session::open(global)).await?;
    let held = session.place(global).open(&session.identity(), &args.lock.wait(&cancel)).await?;
    let done = forget(&held, &args.addrs).await;
    let_go(&held, done).await
}

async fn forget(held: &Held, addrs: &[String]) -> Result<()> {
    let store = held.store();
    let known = store.snapshot()?;
    let addrs: Vec<Addr> = addrs.iter().map(Addr::new).collect();
    if let Some(addr) =
        addrs.iter().find(|addr| !known.resources.contains_key(*addr) && !known.open.contains_key(*addr))
    {
        return Err(Error::new(ErrorClass::Usage, format!("nothing is recorded of {addr}"))
            .hint("`kfctl-cn state list` shows the addresses"));
    }
    for addr in &addrs {
        store.forget(addr).await?;
        printer::note(&format!("Forgot {addr}."));
    }
    printer::note("Nothing was removed but the record: if it exists and is ours, the next `up` adopts it.");
    Ok(())
}
