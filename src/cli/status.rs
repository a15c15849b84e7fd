//! `kfctl-cn status`.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::run::look;
use super::{Global, printer};
use crate::config;
use crate::model::{Action, Addr, ExitStatus, Phase, Result};
use crate::state::View;

/// Show what is recorded of a deployment: nothing but the state is asked
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show every resource with its outputs
    #[arg(long)]
    all: bool,
}

/// What is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    name: String,
    phases: BTreeMap<Phase, Counts>,
    next: String,
    #[serde(flatten)]
    state: Option<View>,
}

#[derive(Serialize, Default, Clone, Copy)]
struct Counts {
    made: usize,
    ready: usize,
    begun: usize,
}

/// Prints the state.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let config = config::load(&global.file)?;
    let state = look(global, &config).await?;
    let phases = state.as_ref().map(count).unwrap_or_default();
    let next = next(state.as_ref()).to_owned();
    let status = Status { name: config.name().to_owned(), phases, next, state };
    printer::value(global.output, &status, |status| text(status, args.all))?;
    Ok(ExitStatus::OK)
}

fn phase(addr: &Addr) -> Option<Phase> {
    addr.as_str().split('/').next().and_then(|name| name.parse().ok())
}

fn count(view: &View) -> BTreeMap<Phase, Counts> {
    let mut phases: BTreeMap<Phase, Counts> = BTreeMap::new();
    for (addr, record) in &view.resources {
        if let Some(phase) = phase(addr) {
            let counts = phases.entry(phase).or_default();
            counts.made += 1;
            counts.ready += usize::from(record.ready);
        }
    }
    for phase in view.intents.keys().filter_map(phase) {
        phases.entry(phase).or_default().begun += 1;
    }
    phases
}

/// True after `down`: the database and what it stands in, and no cluster that could use it.
fn only_kept(view: &View) -> bool {
    let of = |addr| view.resources.contains_key(&Addr::new(addr));
    view.intents.is_empty() && of("data/database") && !of("cluster/eks") && !of("cluster/role-cluster")
}

/// What to do next, as a command with its reason.
fn next(view: Option<&View>) -> &'static str {
    match view {
        None => "kfctl-cn up: nothing was made yet, or the state is elsewhere",
        Some(view) if view.holder.is_some() => "wait: a run is going on",
        Some(view) if only_kept(view) => {
            "kfctl-cn up: makes it again, on what was kept; kfctl-cn down --delete-data: removes that too"
        }
        Some(view) if view.resources.is_empty() => "kfctl-cn up: nothing is there",
        Some(view) if view.intents.values().any(|intent| intent.action == Action::Delete) => {
            "kfctl-cn down: goes on removing; kfctl-cn up: makes again what is gone"
        }
        Some(view) if !view.intents.is_empty() => "kfctl-cn up: goes on with what was begun",
        Some(view) if view.resources.values().any(|record| !record.ready) => "kfctl-cn up: waits for what isn't ready",
        Some(_) => "kfctl-cn plan: compares with reality; kfctl-cn verify: proves that it works",
    }
}

fn text(status: &Status, all: bool) -> String {
    let mut out = String::new();
    // Writing to a String can't fail.
    match &status.state {
        None => _ = writeln!(out, "Deployment {}: no state", status.name),
        Some(view) => {
            let (region, account) = (&view.deployment.region, &view.deployment.account);
            _ = writeln!(out, "Deployment {} in {region}, account {account}", status.name);
            if let Some(holder) = &view.holder {
                let (who, host, pid, since) = (&holder.who, &holder.host, holder.pid, &holder.since);
                _ = writeln!(out, "A run of {who} on {host}, process {pid}, is going on since {since}");
                if !holder.id.is_empty() {
                    _ = writeln!(out, "  its last sign of life was at {}, its lock is {}", holder.renewed, holder.id);
                }
            }
            for (phase, counts) in &status.phases {
                _ = write!(out, "  {phase:<10} {:>3} made, {:>3} ready", counts.made, counts.ready);
                _ = writeln!(
                    out,
                    "{}",
                    if counts.begun > 0 { format!(", {} begun", counts.begun) } else { String::new() }
                );
            }
            for (addr, intent) in &view.intents {
                _ = writeln!(out, "  begun: {} {addr}, at {}", intent.action.symbol(), intent.at);
            }
            for (addr, record) in view.resources.iter().filter(|_| all) {
                let outputs: Vec<_> = record.outputs.iter().map(|(key, value)| format!("{key}={value}")).collect();
                _ = writeln!(out, "  {addr}  {}", outputs.join(" "));
            }
        }
    }
    _ = writeln!(out, "Next: {}", status.next);
    out
}
