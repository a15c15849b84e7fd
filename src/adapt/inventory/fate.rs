//! What became of the images that upstream's objects name.

use super::super::images::{name, scan::Place};
use super::super::report::{Adapted, Fate, UpstreamImage};
use super::super::rules::{Adaptation, Change};
use crate::model::ObjectId;

/// The fate of one image: its name and places before, and everything as it is afterwards.
pub(in crate::adapt) fn fate(
    name: String,
    places: &[Place],
    out: &Adapted,
    adaptations: &[&Adaptation],
) -> UpstreamImage {
    let fate = if out.images.iter().any(|image| image.source == name) {
        Fate::Kept
    } else {
        match replacement(&name, adaptations).filter(|(with, _)| out.images.iter().any(|image| image.source == *with)) {
            Some((with, by)) => Fate::Replaced { with, by },
            None => Fate::Dropped { by: causes(&name, places, out) },
        }
    };
    let mut places: Vec<String> = places.iter().map(|(object, path)| format!("{object} {path}")).collect();
    places.dedup();
    UpstreamImage { name, places, fate }
}

/// The image that is named instead, and the adaptation that says so.
fn replacement(full: &str, adaptations: &[&Adaptation]) -> Option<(String, String)> {
    adaptations.iter().find_map(|adaptation| {
        adaptation.changes.iter().find_map(|change| match change {
            Change::Image { from, to } if name::means(from, full) => Some((to.clone(), adaptation.id.clone())),
            _ => None,
        })
    })
}

/// The adaptations that took away the objects that named an image, or changed its name in them.
fn causes(name: &str, places: &[Place], out: &Adapted) -> Vec<String> {
    let repository = name::repository(name);
    let meant = out.applied.iter().filter(|applied| {
        places.iter().any(|(place, _)| same(place, &applied.object))
            && applied.changes.iter().any(|change| change == "removed" || change.contains(repository))
    });
    // The rewrite to the registry comes last, and is the reason of nothing.
    let mut ids: Vec<String> = meant.map(|a| a.id.clone()).filter(|id| id != "china/registry").collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The same object, whatever version it was raised to.
fn same(a: &ObjectId, b: &ObjectId) -> bool {
    a.kind == b.kind && a.name == b.name && a.namespace == b.namespace
}
