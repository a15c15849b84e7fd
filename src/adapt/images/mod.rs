//! Rewrites every image name to the registry that the cluster pulls from, and lists the images.
//!
//! The target is `{registry}/{host of the source}/{path}:{tag}`; a digest stays, so a copy must keep the manifest list
//! as it is. Rewriting twice changes nothing.

mod carrier;
pub(super) mod find;
pub(super) mod looks;
pub(super) mod name;
pub(super) mod scan;
mod text;

use std::collections::BTreeMap;

use serde_json::Value;

use super::report::{Applied, ImageRef};
use super::rules::{Adaptation, Change};
use super::{embedded, path};
use crate::model::{Object, ObjectId, Result};

/// The id under which plain rewriting is reported.
const ID: &str = "china/registry";

/// What rewriting did.
#[derive(Default)]
pub(super) struct Rewritten {
    pub(super) applied: Vec<Applied>,
    pub(super) images: Vec<ImageRef>,
    /// The ids of the adaptations whose image was found.
    pub(super) replaced: Vec<String>,
}

/// Rewrites all images of all objects. `adaptations` may name other images for some.
pub(super) fn rewrite(objects: &mut [Object], registry: &str, adaptations: &[&Adaptation]) -> Result<Rewritten> {
    let mut namer = Namer { registry, adaptations, images: BTreeMap::new() };
    let mut out = Rewritten::default();
    for object in objects {
        let id = object.id();
        let mut changes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for carrier in carrier::all()? {
            if !carrier.target.matches(object) {
                continue;
            }
            match &carrier.within {
                None => {
                    let found = find::find(&carrier.form, &object.0)?;
                    for (pointer, edits) in namer.edits(&id, "", &object.0, found) {
                        let Some(Value::String(text)) = object.0.pointer_mut(&pointer) else { continue };
                        for edit in edits.iter().rev() {
                            changes.entry(edit.id).or_default().push(edit.describe(&pointer));
                            text.replace_range(edit.range.clone(), &edit.new);
                        }
                    }
                }
                Some(within) => {
                    for place in path::find(&object.0, &path::parse(within)) {
                        let Some(Value::String(text)) = object.0.pointer_mut(&place) else { continue };
                        let Some(data) = embedded::read(text) else { continue };
                        let found = find::find(&carrier.form, &data)?;
                        let mut tokens = BTreeMap::new();
                        for (pointer, edits) in namer.edits(&id, &format!("{place}»"), &data, found) {
                            for edit in edits {
                                changes.entry(edit.id).or_default().push(edit.describe(&format!("{place}»{pointer}")));
                                tokens.insert(edit.old, edit.new);
                            }
                        }
                        *text = text::replace(text, &tokens);
                    }
                }
            }
        }
        for (adaptation, changes) in changes {
            if adaptation != ID {
                out.replaced.push(adaptation.to_owned());
            }
            out.applied.push(Applied { id: adaptation.to_owned(), object: id.clone(), changes });
        }
    }
    out.images = namer.images.into_values().collect();
    Ok(out)
}

/// One name to write in place of another.
struct Edit<'a> {
    id: &'a str,
    range: std::ops::Range<usize>,
    old: String,
    new: String,
}

impl Edit<'_> {
    fn describe(&self, pointer: &str) -> String {
        format!("{pointer}: {} → {}", self.old, self.new)
    }
}

struct Namer<'a> {
    registry: &'a str,
    adaptations: &'a [&'a Adaptation],
    images: BTreeMap<String, ImageRef>,
}

impl<'a> Namer<'a> {
    /// Lists what was found, and says what to write instead, by place.
    fn edits(
        &mut self,
        id: &ObjectId,
        prefix: &str,
        data: &Value,
        found: Vec<find::Found>,
    ) -> Vec<(String, Vec<Edit<'a>>)> {
        let mut out: Vec<(String, Vec<Edit<'a>>)> = Vec::new();
        for one in found {
            let Some(text) = data.pointer(&one.pointer).and_then(Value::as_str) else { continue };
            let old = text[one.range.clone()].to_owned();
            let mut new = old.clone();
            let mut by = ID;
            for tail in &one.tails {
                let (target, reason) = self.target(&format!("{old}{tail}"), &format!("{id} {prefix}{}", one.pointer));
                new = target.strip_suffix(tail.as_str()).unwrap_or(&target).to_owned();
                by = reason;
            }
            if new != old {
                let edit = Edit { id: by, range: one.range, old, new };
                match out.last_mut().filter(|(pointer, _)| *pointer == one.pointer) {
                    Some((_, edits)) => edits.push(edit),
                    None => out.push((one.pointer, vec![edit])),
                }
            }
        }
        out
    }

    /// Lists a whole name and gives the one to write, with the id of what decides it.
    fn target(&mut self, whole: &str, place: &str) -> (String, &'a str) {
        let mut id = ID;
        let source = name::source(self.registry, whole).unwrap_or_else(|| {
            let full = name::full(whole);
            match self.replacement(&full) {
                Some((adaptation, to)) => {
                    id = adaptation;
                    to.to_owned()
                }
                None => full,
            }
        });
        let target = name::target(self.registry, &source);
        let entry = self.images.entry(target.clone()).or_insert_with(|| ImageRef {
            source,
            target: target.clone(),
            places: vec![],
            only_on_use: false,
        });
        if !entry.places.iter().any(|known| known == place) {
            entry.places.push(place.to_owned());
        }
        (target, id)
    }

    fn replacement(&self, full: &str) -> Option<(&'a str, &'a str)> {
        self.adaptations.iter().find_map(|adaptation| {
            adaptation.changes.iter().find_map(|change| match change {
                Change::Image { from, to } if name::means(from, full) => Some((adaptation.id.as_str(), to.as_str())),
                _ => None,
            })
        })
    }
}
