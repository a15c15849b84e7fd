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
            None => Fate::Dropped { by: causes(places, out) },
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

/// The adaptations that took away the objects that named an image, or changed them, if they are still there.
fn causes(places: &[Place], out: &Adapted) -> Vec<String> {
    let here = |object: &ObjectId| places.iter().any(|(place, _)| same(place, object));
    let by = |removed: bool| {
        let meant = out.applied.iter().filter(|applied| here(&applied.object));
        let mut ids: Vec<String> =
            meant.filter(|a| !removed || a.changes == ["removed"]).map(|a| a.id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let removed = by(true);
    if removed.is_empty() { by(false) } else { removed }
}

/// The same object, whatever version it was raised to.
fn same(a: &ObjectId, b: &ObjectId) -> bool {
    a.kind == b.kind && a.name == b.name && a.namespace == b.namespace
}
