//! `kfctl-cn state show` and `state list`.

use std::fmt::Write;

use super::super::run::look;
use super::super::{Global, printer};
use crate::config;
use crate::model::{Error, ErrorClass, Result};
use crate::state::View;

/// The state, or an error that says that there is none.
async fn view(global: &Global) -> Result<View> {
    let config = config::load(&global.file)?;
    let backend = global.backend(&config);
    look(global, &config).await?.ok_or_else(|| {
        Error::new(ErrorClass::Config, format!("{} has no state in the backend {backend}", config.name()))
            .hint("`kfctl-cn up` begins one; --state and --state-dir say where it is looked for")
    })
}

/// Prints everything that is recorded.
pub(super) async fn show(global: &Global) -> Result<()> {
    printer::value(global.output, &view(global).await?, text)
}

/// Prints the addresses.
pub(super) async fn list(global: &Global) -> Result<()> {
    let view = view(global).await?;
    let mut addrs: Vec<_> = view.resources.keys().chain(view.intents.keys()).collect();
    addrs.sort();
    addrs.dedup();
    printer::value(global.output, &addrs, |addrs| addrs.iter().map(|addr| format!("{addr}\n")).collect())
}

fn text(view: &View) -> String {
    let mut out = String::new();
    let (of, serial, lineage) = (&view.deployment, view.serial, &view.lineage);
    // Writing to a String can't fail.
    _ = writeln!(out, "State of {} in {}, account {}", of.name, of.region, of.account);
    _ = writeln!(out, "  serial {serial}, lineage {lineage}");
    if let Some(holder) = &view.holder {
        _ = writeln!(out, "  locked by {holder}");
        if !holder.id.is_empty() {
            _ = writeln!(out, "  lock {}, last sign of life at {}", holder.id, holder.renewed);
        }
    }
    for (addr, intent) in &view.intents {
        _ = writeln!(out, "{addr}\n  begun: {} at {}", intent.action.symbol(), intent.at);
    }
    for (addr, record) in &view.resources {
        _ = writeln!(out, "{addr}{}", if record.ready { "" } else { "\n  not seen ready" });
        for (key, value) in &record.outputs {
            _ = writeln!(out, "  {key} = {value}");
        }
    }
    out
}
