//! The native renderer: kustomize semantics, synchronous, no network.
//!
//! The reference is kustomize 5.8.2: for the fields that the renderer knows, the same objects come out, in the same order,
//! with the same generated names. A field that it doesn't know is an error that names it, never ignored.
//!
//! | module | what it is for |
//! |---|---|
//! | `yaml` | reading and writing YAML the way kustomize does |
//! | `source` | files and folders below a kustomization, and what is refused |
//! | `spec` | the kustomization file as a typed value |
//! | `fields` | field specs: which fields of which kinds a transformer touches |
//! | `resource` | an object with its history (earlier names), lists of them, their order |
//! | `generate` | ConfigMaps and Secrets from files and literals, content hashes |
//! | `patch` | strategic merge and JSON patches |
//! | `transform` | namespace, prefix, labels, images, replicas |
//! | `refs` | name references and vars, resolved once at the end |
//! | `plugins` | generators, transformers and validators that are objects of a built-in kind |
//! | `history` | `buildMetadata`: where objects come from and what changed them |
//! | `replace` | replacements: a field of one object copied into others |
//! | `build` | the recursion over kustomizations |
//! | `faults` | after an error: all that is wrong with a tree, and where |

mod build;
mod faults;
mod fields;
mod generate;
mod history;
mod patch;
mod plugins;
mod refs;
mod replace;
mod resource;
mod source;
mod spec;
mod transform;
mod yaml;

use std::path::Path;

use crate::model::{Error, ErrorClass, Object, Result};

pub use yaml::{parse_value, parse_yaml, to_yaml};

/// In which order objects come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reorder {
    /// What the root kustomization's `sortOptions` say, else as [`Reorder::Legacy`].
    #[default]
    Unspecified,
    /// As they were read, unless the root kustomization has `sortOptions`.
    None,
    /// Namespaces, CRDs, accounts and roles first, webhook configurations last, the rest by kind and name; `sortOptions`
    /// of the root kustomization win.
    Legacy,
}

/// How to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// The order of the result.
    pub reorder: Reorder,
    /// True if a kustomization may read files outside its folder. A tree from elsewhere could then take any file of this
    /// machine into a ConfigMap.
    pub files_from_anywhere: bool,
}

/// Renders the kustomization in a folder to objects.
///
/// Errors are of class `Config`: the outermost context is the folder, then one entry a kustomization on the way down, then
/// what is wrong.
pub fn build(dir: &Path, options: &Options) -> Result<Vec<Object>> {
    build::run(dir, options, &|_| false)
}

/// As [`build`], without the objects of some files: `left_out` is asked with the path of the file that an object comes from,
/// or of the kustomization that generates it, as seen from the folder.
pub fn build_without(dir: &Path, options: &Options, left_out: &dyn Fn(&str) -> bool) -> Result<Vec<Object>> {
    build::run(dir, options, left_out)
}

/// Lays the kustomization in a folder over objects: its resources, patches and other fields work as if it listed a file
/// with the objects first. Objects keep their places, unless it has `sortOptions`; new ones follow.
///
/// Errors are of class `Config`, as those of [`build`].
pub fn overlay(dir: &Path, objects: Vec<Object>, options: &Options) -> Result<Vec<Object>> {
    build::overlay(dir, objects, options)
}

/// An error of a manifest or kustomization.
fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorClass::Config, message)
}
