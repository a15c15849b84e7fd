//! Every image of a deployment and what becomes of it: what upstream names, what adaptations name instead, and what is
//! compiled into programs.

mod facts;
pub(super) mod fate;

use std::collections::BTreeMap;

use serde::Serialize;

use super::images::name;
use super::report::{Fate, ImageRef, UpstreamImage};
use super::table;
use crate::model::Result;

pub use facts::{CompiledIn, SourceFact, SourceState, compiled_in, source_fact};

/// One image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InventoryEntry {
    /// The full name at its source.
    pub source: String,
    /// Where the cluster pulls it from; none for what isn't pulled, or has no tag yet.
    pub target: Option<String>,
    /// What becomes of it.
    pub status: ImageStatus,
    /// Where it is named, `Kind/name in namespace path`; for what is compiled in, the program.
    pub places: Vec<String>,
    /// True if no object names it: it is pulled only when the program that does is used so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub only_on_use: bool,
    /// The image that is pulled instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// The images that this one is pulled instead of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instead_of: Vec<String>,
    /// Why, and where that is known from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// A fact with its source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Note {
    /// The fact.
    pub text: String,
    /// Where it comes from.
    pub source: String,
}

/// What becomes of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageStatus {
    /// It is copied, and nothing is known against its source.
    Copy,
    /// It is copied, if its source still has it.
    Doubtful,
    /// Its source is gone: it is replaced, or a kept copy must be found.
    Gone,
    /// Another one does its work.
    Replaced,
    /// No object names it any more.
    Dropped,
    /// Its name stands in a program.
    CompiledIn,
}

impl ImageStatus {
    /// The word that is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            ImageStatus::Copy => "copy",
            ImageStatus::Doubtful => "doubtful",
            ImageStatus::Gone => "gone",
            ImageStatus::Replaced => "replaced",
            ImageStatus::Dropped => "dropped",
            ImageStatus::CompiledIn => "compiled-in",
        }
    }
}

/// All images of adapted sets, once each, sorted by name: of each set those that it names and those that upstream named, as
/// [`Adapted`](super::Adapted) has them. `registry` is the one that they were adapted to.
///
/// # Errors
/// A fault of the program, if embedded data can't be read.
pub fn inventory<'a>(
    sets: impl IntoIterator<Item = (&'a [ImageRef], &'a [UpstreamImage])>,
    registry: &str,
) -> Result<Vec<InventoryEntry>> {
    let mut all = Entries::default();
    for (images, upstream) in sets {
        for image in images {
            all.pulled(image)?;
        }
        for image in upstream {
            match &image.fate {
                Fate::Kept => {}
                Fate::Replaced { with, by } => all.replaced(&image.name, &image.places, with, by)?,
                Fate::Dropped { by } => all.dropped(&image.name, &image.places, by),
            }
        }
    }
    all.compiled(registry)?;
    Ok(all.0.into_values().collect())
}

/// The images of an inventory that belong in the registry, in its order; also those that only programs name.
pub fn to_copy(inventory: Vec<InventoryEntry>) -> Vec<ImageRef> {
    let image = |entry: InventoryEntry| {
        let InventoryEntry { source, target, places, only_on_use, .. } = entry;
        target.map(|target| ImageRef { source, target, places, only_on_use })
    };
    inventory.into_iter().filter_map(image).collect()
}

/// The name in a registry (host and prefix) of an image, by its full name at the source.
pub fn image_target(registry: &str, source: &str) -> String {
    name::target(registry, &name::full(source))
}

#[derive(Default)]
struct Entries(BTreeMap<String, InventoryEntry>);

impl Entries {
    fn entry(&mut self, source: &str, status: ImageStatus) -> &mut InventoryEntry {
        self.0.entry(source.to_owned()).or_insert_with(|| InventoryEntry {
            source: source.to_owned(),
            target: None,
            status,
            places: Vec::new(),
            only_on_use: false,
            replaced_by: None,
            instead_of: Vec::new(),
            notes: Vec::new(),
        })
    }

    fn pulled(&mut self, image: &ImageRef) -> Result<()> {
        let (status, note) = known(&image.source)?;
        let entry = self.entry(&image.source, status.unwrap_or(ImageStatus::Copy));
        entry.target = Some(image.target.clone());
        entry.places.extend(image.places.iter().cloned());
        entry.note(note);
        Ok(())
    }

    fn replaced(&mut self, source: &str, places: &[String], with: &str, by: &str) -> Result<()> {
        let (status, note) = known(source)?;
        let status = status.filter(|status| *status == ImageStatus::Gone);
        let entry = self.entry(source, status.unwrap_or(ImageStatus::Replaced));
        entry.places.extend(places.iter().cloned());
        entry.replaced_by = Some(with.to_owned());
        entry.note(note.filter(|_| status.is_some()));
        entry.note(reason(by));
        let other = self.entry(with, ImageStatus::Copy);
        if !other.instead_of.iter().any(|known| known == source) {
            other.instead_of.push(source.to_owned());
        }
        Ok(())
    }

    fn dropped(&mut self, source: &str, places: &[String], by: &[String]) {
        let entry = self.entry(source, ImageStatus::Dropped);
        entry.places.extend(places.iter().cloned());
        by.iter().for_each(|id| entry.note(reason(id)));
    }

    /// What programs name: marks what an object names as well, else adds it.
    fn compiled(&mut self, registry: &str) -> Result<()> {
        let all = compiled_in()?;
        for one in all {
            let exact = |name: &str| all.iter().any(|other| other.image == *name);
            let mut found: Vec<String> = self.0.keys().filter(|name| **name == one.image).cloned().collect();
            if name::repository(&one.image) == one.image {
                let chosen = self.0.keys().filter(|name| name::means(&one.image, name) && !exact(name));
                found.extend(chosen.cloned());
            }
            if found.is_empty() {
                let (_, note) = known(&one.image)?;
                let entry = self.entry(&one.image, ImageStatus::CompiledIn);
                entry.only_on_use = true;
                let tagged = name::repository(&one.image) != one.image;
                entry.target = tagged.then(|| name::target(registry, &one.image));
                entry.note(note);
                found.push(one.image.clone());
            }
            for name in found {
                let entry = self.entry(&name, ImageStatus::CompiledIn);
                entry.status = ImageStatus::CompiledIn;
                entry.places.push(one.into.clone());
                entry.note(Some(Note { text: one.note.clone(), source: one.source.clone() }));
            }
        }
        Ok(())
    }
}

impl InventoryEntry {
    fn note(&mut self, note: Option<Note>) {
        if let Some(note) = note.filter(|note| !self.notes.contains(note)) {
            self.notes.push(note);
        }
    }
}

/// What is known against a source.
fn known(source: &str) -> Result<(Option<ImageStatus>, Option<Note>)> {
    let Some(fact) = source_fact(source)? else { return Ok((None, None)) };
    let status = match fact.state {
        SourceState::Gone => ImageStatus::Gone,
        SourceState::Doubtful => ImageStatus::Doubtful,
    };
    Ok((Some(status), Some(Note { text: fact.note.clone(), source: fact.source.clone() })))
}

/// The reason of an adaptation.
fn reason(id: &str) -> Option<Note> {
    let adaptation = table::adaptations().iter().find(|adaptation| adaptation.id == id)?;
    Some(Note { text: adaptation.reason.trim().to_owned(), source: adaptation.source.clone() })
}
