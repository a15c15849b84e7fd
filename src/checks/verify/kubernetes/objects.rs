//! Every wanted object is there, is named by an inventory, and can be used.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::checks::look::{fail, look, pass};
use crate::checks::{Checker, Verdict};
use crate::kube::{Owned, State, state};
use crate::model::{Object, Result};

use super::snapshot::Cluster;

const CATEGORY: &str = "objects";

/// One check a kind.
pub(super) fn checkers(cluster: &Arc<Cluster>) -> Vec<Arc<dyn Checker>> {
    let mut kinds: BTreeMap<(String, String), usize> = BTreeMap::new();
    for object in &cluster.wanted {
        *kinds.entry((object.group().into(), object.kind().into())).or_default() += 1;
    }
    let check = |((group, kind), count): ((String, String), usize)| {
        let cluster = cluster.clone();
        let what = match count {
            1 => format!("the one object of kind {kind} is there, recorded and usable"),
            _ => format!("all {count} objects of kind {kind} are there, recorded and usable"),
        };
        look(CATEGORY, what, move || one_kind(cluster.clone(), group.clone(), kind.clone()))
    };
    kinds.into_iter().map(check).collect()
}

async fn one_kind(cluster: Arc<Cluster>, group: String, kind: String) -> Result<Verdict> {
    let live = cluster.live().await?;
    let wanted: Vec<&Object> = cluster.wanted.iter().filter(|object| object.is(&group, &kind)).collect();
    let mut wrong = Vec::new();
    for object in &wanted {
        let id = Owned::of(object);
        match live.of(object) {
            None => wrong.push(format!("{id} is missing")),
            Some(_) if !live.inventory.contains(&id) => wrong.push(format!("{id} is in no inventory")),
            // Workloads and claims have checks of their own that say more.
            Some(_) if matches!(object.group(), "apps" | "batch") || kind == "PersistentVolumeClaim" => {}
            Some(seen) => match state(seen) {
                State::Ready => {}
                State::Waiting(why) | State::Failed(why) => wrong.push(format!("{id}: {why}")),
            },
        }
    }
    if wrong.is_empty() {
        return pass(format!("{} seen", wanted.len()));
    }
    fail(wrong.join("; "), "run `kfctl-cn up`: it applies what is missing")
}
