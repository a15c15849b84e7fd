//! `kfctl-cn diff`.

mod report;
mod suspect;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::render::only::{self, Only};
use super::run::{Session, aloud, cancel_on_signals, unless_stopped};
use super::{Global, Output, printer};
use crate::engine::{Context, Engine};
use crate::kube::{self, Client, Coming, Inventory, Owned};
use crate::model::{Addr, Error, ErrorClass, ExitStatus, ObjectId, Phase, Result};
use crate::phases::{self, Piece, Pieces};
use crate::state::Looking;

use report::Report;

/// Show how `up` would change the objects in the cluster, asked by server-side dry runs; writes nothing
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this object; may be repeated. The kind in any case, also as kind.group; the namespace may be left out
    #[arg(long, value_name = "KIND/[NAMESPACE/]NAME")]
    only: Vec<Only>,

    /// Only the objects of this phase; may be repeated
    #[arg(long = "phase", value_name = "NAME", value_parser = phase)]
    phases: Vec<Phase>,

    /// Exit with 2 if an object differs
    #[arg(long)]
    detailed_exitcode: bool,
}

/// The phases that have objects in the cluster.
const WITH_OBJECTS: [Phase; 4] = [Phase::Platform, Phase::Kubeflow, Phase::Gpu, Phase::Karpenter];

fn phase(name: &str) -> Result<Phase, String> {
    let names = WITH_OBJECTS.map(Phase::as_str).join(", ");
    WITH_OBJECTS.into_iter().find(|phase| phase.as_str() == name).ok_or_else(|| format!("one of: {names}"))
}

/// Reads AWS, renders, asks the cluster and shows what differs on stdout.
pub async fn run(global: &Global, args: Args) -> Result<ExitStatus> {
    let cancel = cancel_on_signals()?;
    let session = unless_stopped(&cancel, Session::open(global)).await?;
    let deps = session.deps(Arc::new(session.bundle(global)?), aloud());
    let store = Arc::new(Looking::at(&session.place(global), &session.identity()).await?);
    let engine = Engine::new(phases::in_aws(&deps), store)?.cancel(cancel.clone());
    let cx = Context::new(Arc::new(engine.plan().await?.outputs()), Arc::new(|_| ()));
    let client = deps.link.client(&cx).await?.ok_or_else(|| no_cluster(session.config.cluster()))?;
    let report = unless_stopped(&cancel, async {
        let pieces = phases::pieces(&deps, &cx).await?;
        compare(&client, session.config.name(), pieces, &args).await
    });
    let report = report.await?;
    printer::value(global.output, &report, |report| report.text(global.color_stdout()))?;
    if global.output == Output::Table {
        printer::note(&report.summary());
    }
    Ok(if args.detailed_exitcode && report.differs() { ExitStatus::CHANGES } else { ExitStatus::OK })
}

fn no_cluster(name: &str) -> Error {
    Error::new(ErrorClass::Permanent, format!("there is no cluster {name} to compare with"))
        .hint("`kfctl-cn plan` shows what `kfctl-cn up` would make")
        .hint("`kfctl-cn render` prints the objects without a cluster")
}

async fn compare(client: &Client, deployment: &str, mut pieces: Pieces, args: &Args) -> Result<Report> {
    let coming = Coming::from(pieces.known.iter().flat_map(|piece| &piece.objects));
    let wanted = |addr: &Addr| args.phases.is_empty() || args.phases.iter().any(|phase| is_of(addr, *phase));
    pieces.known.retain(|piece| wanted(&piece.addr));
    pieces.unknown.retain(|(addr, _)| wanted(addr));
    let mut inventories = Inventory::all(client).await?;
    inventories.retain(|inventory| inventory.deployment == deployment);
    if !args.only.is_empty() {
        narrow(&mut pieces, &mut inventories, &args.only)?;
    }
    let mut secrets: BTreeSet<String> = pieces.secrets.iter().map(|secret| secret.expose().to_owned()).collect();
    secrets.retain(|secret| !secret.is_empty());
    let mut report = Report::new(pieces.unknown, secrets);
    for Piece { addr, objects, elsewhere } in pieces.known {
        let inventory = inventories.iter().find(|inventory| inventory.addr == addr.as_str());
        let forecasts = kube::forecast(client, inventory, &objects, &elsewhere, &coming).await?;
        forecasts.into_iter().for_each(|forecast| report.add(&addr, forecast));
    }
    Ok(report)
}

fn is_of(addr: &Addr, phase: Phase) -> bool {
    addr.as_str().split_once('/').is_some_and(|(name, _)| name == phase.as_str())
}

/// Leaves what is asked for, of what is wanted and of what was applied earlier.
fn narrow(pieces: &mut Pieces, inventories: &mut [Inventory], only: &[Only]) -> Result<()> {
    let known = |addr: &str| pieces.known.iter().any(|piece| piece.addr.as_str() == addr);
    let earlier =
        inventories.iter().filter(|inventory| known(&inventory.addr)).flat_map(|inventory| &inventory.entries);
    let mut ids: Vec<ObjectId> = earlier.map(|entry| id(&entry.id)).collect();
    ids.extend(pieces.known.iter().flat_map(|piece| &piece.objects).map(|object| object.id()));
    if pieces.unknown.is_empty() {
        only::each_is_known(only, &ids)?;
    }
    for piece in &mut pieces.known {
        piece.objects.retain(|object| only::means(only, &object.id()));
    }
    for inventory in inventories {
        inventory.entries.retain(|entry| only::means(only, &id(&entry.id)));
    }
    Ok(())
}

fn id(owned: &Owned) -> ObjectId {
    let Owned { group, kind, namespace, name } = owned.clone();
    ObjectId { group, version: String::new(), kind, namespace, name }
}
