//! The phase `images`: which images the deployment pulls, and under which names they must be in the registry.

mod attempt;
mod ecr;
mod mirror;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use crate::adapt::{ImageRef, inventory, to_copy};
use crate::bundle::cache_dir;
use crate::config::Mirror;
use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Change, Readiness, Result};
use crate::registry::copy::Ledger;

pub use ecr::Ecr;

use super::manifests::sets;
use super::{Deps, local_file};

/// The list, `images.tsv` in the deployment's folder: source, target and places, one image a line.
struct List {
    deps: Deps,
}

/// The resources of the phase.
pub fn resources(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    let mut all: Vec<Arc<dyn Resource>> = vec![Arc::new(List { deps: deps.clone() })];
    if deps.config.spec.images.mirror != Mirror::Skip {
        all.push(Arc::new(mirror::Copies { deps: deps.clone() }));
    }
    all
}

/// Where earlier runs put blobs: `blobs.tsv` in the cache of the program, if there is a place for one.
pub fn ledger() -> Option<Arc<Ledger>> {
    cache_dir().ok().map(|folder| Arc::new(Ledger::open(&folder.join("blobs.tsv"))))
}

/// The images that belong in the registry, sorted by source: those that objects of any set name, and those that only programs
/// do. Needs no cluster: names depend on the registry alone.
///
/// # Errors
/// What a render refuses.
pub async fn list(deps: &Deps) -> Result<Vec<ImageRef>> {
    let registry = deps.config.registry(&deps.account);
    let mut all = Vec::new();
    for set in sets(&deps.config) {
        all.push(deps.named(set).await?);
    }
    let sets = all.iter().map(|rendered| (&*rendered.images, &*rendered.upstream));
    Ok(to_copy(inventory(sets, &registry)?))
}

/// The list as text: a header, then a line an image.
pub fn to_tsv(images: &[ImageRef]) -> String {
    let mut text = String::from("source\ttarget\tplaces\n");
    for image in images {
        text.push_str(&format!("{}\t{}\t{}\n", image.source, image.target, image.places.join(", ")));
    }
    text
}

impl List {
    fn path(&self) -> PathBuf {
        self.deps.state_dir.join("images.tsv")
    }

    fn outputs(&self, images: &[ImageRef]) -> Outputs {
        let path = self.path().display().to_string();
        Outputs::from([("path".into(), path), ("count".into(), images.len().to_string())])
    }
}

#[async_trait]
impl Resource for List {
    fn addr(&self) -> Addr {
        "images/list".into()
    }

    fn title(&self) -> String {
        "list of images".into()
    }

    async fn read(&self, _cx: &Context) -> Result<Observed> {
        let images = list(&self.deps).await?;
        let Some(seen) = local_file::read(&self.path())? else { return Ok(Observed::Absent) };
        let same = seen == to_tsv(&images);
        let change = Change::update("images", "the list of another version", format!("{} images", images.len()));
        Ok(Observed::Present(Live {
            outputs: self.outputs(&images),
            owner: Owner::Ours,
            changes: if same { Vec::new() } else { vec![change] },
            ready: Readiness::Ready,
        }))
    }

    async fn apply(&self, _cx: &Context, _action: Action, _token: &str) -> Result<Outputs> {
        let images = list(&self.deps).await?;
        local_file::write(&self.path(), &to_tsv(&images))?;
        Ok(self.outputs(&images))
    }

    async fn delete(&self, _cx: &Context, _live: &Live) -> Result<()> {
        local_file::remove(&self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_source_target_and_places() {
        let (source, target) = ("a/b:1".into(), "r/a/b:1".into());
        let image = ImageRef { source, target, places: vec!["x".into(), "y".into()], only_on_use: false };
        assert_eq!(to_tsv(&[image]), "source\ttarget\tplaces\na/b:1\tr/a/b:1\tx, y\n");
    }
}
