//! `--diff-upstream`: what became of the objects of upstream, object by object.

use serde::Serialize;

use super::only::{self, Only};
use crate::adapt::{Adapted, Set};
use crate::cli::object_diff::{self, ObjectDiff};
use crate::cli::{Global, printer};
use crate::model::{Object, ObjectId, Result};

/// How one object differs from upstream's.
#[derive(Serialize)]
struct Entry<'a> {
    set: &'static str,
    object: String,
    /// The ids of what changed it, in order; `explain adaptations` tells why.
    adaptations: Vec<&'a str>,
    #[serde(flatten)]
    difference: ObjectDiff,
}

/// Prints what differs between `upstream` and `rendered`, which have the same sets in the same order; with `only`, of these
/// objects.
pub(super) fn print(
    global: &Global,
    only: &[Only],
    upstream: &[(Set, Vec<Object>)],
    rendered: &[(Set, Adapted)],
) -> Result<()> {
    let mut all = Vec::new();
    for (set, adapted) in rendered {
        let before = upstream.iter().find(|(other, _)| other == set).map_or(&[][..], |(_, objects)| objects);
        for (old, new) in pairs(before, &adapted.objects) {
            let ids: Vec<ObjectId> = [old, new].into_iter().flatten().map(Object::id).collect();
            if !only.is_empty() && !ids.iter().any(|id| only::means(only, id)) {
                continue;
            }
            let (Some(id), Some(difference)) = (ids.last(), object_diff::compare(old, new, &[])) else { continue };
            let adaptations = adaptations(adapted, &ids);
            all.push(Entry { set: set.as_str(), object: id.to_string(), adaptations, difference });
        }
    }
    let color = global.color_stdout();
    printer::value(global.output, &all, |all| {
        let text = |entry: &Entry<'_>| {
            let notes: Vec<String> = entry.adaptations.iter().map(|id| format!("by {id}")).collect();
            entry.difference.text(&entry.object, ("upstream", entry.set), &notes, color)
        };
        all.iter().map(text).collect::<Vec<_>>().join("\n")
    })
}

/// What changed an object, each once. Its group may be another one afterwards.
fn adaptations<'a>(adapted: &'a Adapted, ids: &[ObjectId]) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for applied in &adapted.applied {
        let same = ids.iter().any(|id| alike(id, &applied.object) && id.group == applied.object.group);
        if same && !found.contains(&applied.id.as_str()) {
            found.push(&applied.id);
        }
    }
    found
}

type Pair<'a> = (Option<&'a Object>, Option<&'a Object>);

/// Each object beside itself: those of before in their order, then the added ones. Same group first; an object whose group
/// is another one now finds the rest.
fn pairs<'a>(before: &'a [Object], after: &'a [Object]) -> Vec<Pair<'a>> {
    let (old, new): (Vec<ObjectId>, Vec<ObjectId>) =
        (before.iter().map(Object::id).collect(), after.iter().map(Object::id).collect());
    let mut partner: Vec<Option<usize>> = vec![None; old.len()];
    let mut taken = vec![false; new.len()];
    for any_group in [false, true] {
        for (index, id) in old.iter().enumerate().filter(|(index, _)| partner[*index].is_none()).collect::<Vec<_>>() {
            let fits = |(at, other): &(usize, &ObjectId)| {
                !taken[*at] && alike(id, other) && (any_group || id.group == other.group)
            };
            if let Some((at, _)) = new.iter().enumerate().find(fits) {
                (partner[index], taken[at]) = (Some(at), true);
            }
        }
    }
    let old = before.iter().zip(&partner).map(|(object, at)| (Some(object), at.map(|at| &after[at])));
    let added = after.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(object, _)| (None, Some(object)));
    old.chain(added).collect()
}

fn alike(a: &ObjectId, b: &ObjectId) -> bool {
    a.kind == b.kind && a.namespace == b.namespace && a.name == b.name
}
