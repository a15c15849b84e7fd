//! The lock: which files a bundle has, what they hash to, and where upstream keeps them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component as PathPart, Path};
use std::sync::OnceLock;

use serde::Deserialize;

use super::{Component, Digest};
use crate::model::{Error, ErrorClass, Result};

const UPSTREAM: &str = include_str!("../../manifests/bundle.lock.yaml");

/// A parsed lock file. See the head of `manifests/bundle.lock.yaml` for its fields.
#[derive(Debug, Clone)]
pub struct Lock {
    name: String,
    components: Vec<Pinned>,
    digest: Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct File {
    api_version: String,
    kind: String,
    name: String,
    components: Vec<Pinned>,
}

/// One version of a component.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pinned {
    /// Which component it is.
    pub name: Component,
    /// Its version, without a leading `v`.
    pub version: String,
    /// Its folder in the bundle.
    pub folder: String,
    /// The archives that hold its files.
    #[serde(default)]
    pub sources: Vec<Upstream>,
    /// Those of `files` that no upstream archive holds.
    #[serde(default)]
    pub rendered: BTreeSet<String>,
    /// Those of `rendered` for which a file of our own writing, embedded in the program, may stand in: path to its sha256.
    #[serde(default)]
    pub own: BTreeMap<String, Digest>,
    /// Path below `folder` to sha256.
    pub files: BTreeMap<String, Digest>,
}

/// An archive of upstream.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Addresses of the same `.tar.gz`; the next is tried if one answers 404.
    pub archives: Vec<String>,
    /// Folder in the archive, below its single top folder, to folder in the component; empty for the top itself.
    pub folders: BTreeMap<String, String>,
}

/// One pinned file.
#[derive(Debug, Clone, Copy)]
pub struct Pin<'a> {
    /// The component's version that it belongs to.
    pub of: &'a Pinned,
    /// Path below the component's folder.
    pub path: &'a str,
    /// What it must hash to.
    pub digest: Digest,
}

impl Pin<'_> {
    /// Path below the bundle's root.
    pub fn full(&self) -> String {
        format!("{}/{}", self.of.folder, self.path)
    }

    /// The digest of the file of our own writing that may stand in for it.
    pub fn own(&self) -> Option<Digest> {
        self.of.own.get(self.path).copied()
    }

    /// True if no upstream archive holds it.
    pub fn rendered(&self) -> bool {
        self.of.rendered.contains(self.path)
    }
}

impl Lock {
    /// The lock of the upstream bundle, embedded in the program.
    ///
    /// # Errors
    /// Class `Bug` if the embedded file can't be read; a test keeps that from happening.
    pub fn upstream() -> Result<&'static Lock> {
        static LOCK: OnceLock<Result<Lock>> = OnceLock::new();
        LOCK.get_or_init(|| Lock::parse(UPSTREAM, "bundle.lock.yaml")).as_ref().map_err(Clone::clone)
    }

    /// Reads a lock file; `origin` is its name in errors.
    ///
    /// # Errors
    /// Class `Bug` (locks are embedded) for YAML that doesn't fit, an unsafe path or two components in one folder.
    pub fn parse(text: &str, origin: &str) -> Result<Lock> {
        let wrong = |what: String| Error::new(ErrorClass::Bug, format!("cannot read {origin}")).caused_by(what);
        let file: File = serde_saphyr::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if (file.api_version.as_str(), file.kind.as_str()) != ("kfctl-cn/v1alpha1", "BundleLock") {
            return Err(wrong(format!("{} {} is not a kfctl-cn/v1alpha1 BundleLock", file.api_version, file.kind)));
        }
        let mut folders = BTreeSet::new();
        for component in &file.components {
            if !is_plain(&component.folder) || component.folder.contains('/') || !folders.insert(&component.folder) {
                return Err(wrong(format!("`{}` is no folder of its own", component.folder)));
            }
            if let Some(path) = component.files.keys().find(|path| !is_plain(path)) {
                return Err(wrong(format!("`{path}` is not a plain relative path")));
            }
        }
        Ok(Lock { name: file.name, components: file.components, digest: Digest::of(text.as_bytes()) })
    }

    /// What the bundle is called: `upstream` or `sample`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The digest of the lock file itself: names the bundle in the cache.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// All components, the default version of each first.
    pub fn components(&self) -> &[Pinned] {
        &self.components
    }

    /// A component in a version (with or without a leading `v`), or in its default version.
    pub fn component(&self, component: Component, version: Option<&str>) -> Option<&Pinned> {
        let version = version.map(|version| version.trim_start_matches('v'));
        self.components.iter().find(|c| c.name == component && version.is_none_or(|version| c.version == version))
    }

    /// Every pinned file.
    pub fn pins(&self) -> impl Iterator<Item = Pin<'_>> {
        self.components.iter().flat_map(Pinned::pins)
    }
}

impl Pinned {
    /// Every pinned file of this component.
    pub fn pins(&self) -> impl Iterator<Item = Pin<'_>> {
        self.files.iter().map(move |(path, digest)| Pin { of: self, path, digest: *digest })
    }

    /// Which source holds a file, as its index, and the path in its archive below the top folder. Of several folders that
    /// hold it the deepest counts, as a mount does.
    pub(super) fn locate(&self, path: &str) -> Option<(usize, String)> {
        if self.rendered.contains(path) {
            return None;
        }
        let all = self.sources.iter().enumerate().flat_map(|(at, source)| source.folders.iter().map(move |f| (at, f)));
        all.filter_map(|(at, (from, into))| Some((into.len(), at, join(from, below(path, into)?))))
            .max_by_key(|(depth, ..)| *depth)
            .map(|(_, at, path)| (at, path))
    }
}

fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_string() } else { format!("{folder}/{path}") }
}

/// True for a relative path that stays where it is: no root, no `.` or `..`, nothing empty, no backslash.
pub(super) fn is_plain(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', '\0'])
        && path.split('/').all(|part| !part.is_empty() && part != ".")
        && Path::new(path).components().all(|part| matches!(part, PathPart::Normal(_)))
}
