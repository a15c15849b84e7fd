//! Files and folders below a kustomization, and what is refused.
//!
//! A kustomization reads files in or below its own folder only; other kustomizations may lie anywhere except at or above a
//! folder that is being built, which would be a cycle.

use std::cell::{Cell, OnceCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use super::fields::Schema;
use super::spec::OpenApi;
use super::{invalid, yaml};
use crate::model::near::nearest;
use crate::model::{Error, ErrorClass, Result};

/// The names of a kustomization file.
const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// The deepest chain of kustomizations.
const MAX_DEPTH: usize = 64;
/// The most names of a folder that an error tells.
const MAX_NAMES: usize = 8;

/// The folder of a kustomization and those that led to it.
#[derive(Debug, Clone)]
pub struct Source {
    root: PathBuf,
    ancestors: Vec<PathBuf>,
    files_from_anywhere: bool,
    /// The schema of the whole build: the first that a kustomization on the way down chooses.
    schema: Rc<OnceCell<Arc<Schema>>>,
    /// True once the built-in schema was needed: a schema that is chosen later is joined with it.
    built_in_needed: Rc<Cell<bool>>,
    /// The folder's path from the one that is built.
    place: String,
    /// True if the root kustomization asks what changed each object; else nobody would read such notes.
    notes_changes: bool,
    /// True for an overlay, which is about objects that its author can't see in the tree.
    is_overlay: bool,
}

impl Source {
    /// The same as an overlay over objects that are there already.
    pub fn laid_over(self) -> Source {
        Source { is_overlay: true, ..self }
    }

    /// True for an overlay and its components: a patch that hits nothing there is a mistake. kustomize passes over one with
    /// a target.
    pub fn is_overlay(&self) -> bool {
        self.is_overlay
    }

    /// The same, and what is below it, with or without notes of what changes each object.
    pub fn noting_changes(self, notes_changes: bool) -> Source {
        Source { notes_changes, ..self }
    }

    /// True if what changes objects is to be noted on them.
    pub fn notes_changes(&self) -> bool {
        self.notes_changes
    }

    /// The schema by which lists are merged.
    pub fn schema(&self) -> &Schema {
        self.schema.get().map_or(Schema::built_in(), Arc::as_ref)
    }

    /// Takes the schema that a kustomization chooses, unless one above or before it has chosen.
    pub fn choose_schema(&self, chosen: Option<&OpenApi>) -> Result<()> {
        let schema = match chosen {
            None => return Ok(()),
            Some(OpenApi::BuiltIn) => Schema::built_in_shared(),
            Some(OpenApi::File(path)) => {
                let origin = self.display(path);
                let document = yaml::parse_value(&self.text(path)?, &origin)?;
                let none = Schema::default();
                let base = if self.built_in_needed.get() { Schema::built_in() } else { &none };
                Arc::new(Schema::from_openapi(&document, &origin, base)?)
            }
        };
        self.schema.get_or_init(|| schema);
        Ok(())
    }

    /// Says that the built-in schema was needed, unless another is chosen: something was merged by it, or it was asked for a
    /// kind that isn't built in.
    pub fn need_schema(&self) {
        if self.schema.get().is_none() {
            self.built_in_needed.set(true);
        }
    }

    /// As [`Source::need_schema`], if an object is of a kind that isn't built in.
    pub fn need_schema_for(&self, objects: &[Value]) {
        if objects.iter().any(|object| !Schema::built_in().has_kind(object)) {
            self.need_schema();
        }
    }

    /// The path of the kustomization file from the folder that is built.
    pub fn kustomization_place(&self) -> String {
        let name = FILE_NAMES.into_iter().find(|name| self.root.join(name).is_file());
        self.place(name.unwrap_or(FILE_NAMES[0]))
    }

    /// The path of a file or folder from the folder that is built, with `.` and `..` resolved by name only.
    pub fn place(&self, path: &str) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for part in self.place.split('/').chain(path.split('/')) {
            match part {
                "" | "." => {}
                ".." if parts.last().is_some_and(|last| *last != "..") => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        parts.join("/")
    }

    /// The folder to build.
    pub fn root(dir: &Path, files_from_anywhere: bool) -> Result<Source> {
        let root = fs_err::canonicalize(dir).map_err(|error| missing(dir, &error))?;
        if !root.is_dir() {
            return Err(invalid(format!("`{}` is not a folder", dir.display())));
        }
        Ok(Source {
            root,
            ancestors: Vec::new(),
            files_from_anywhere,
            schema: Rc::default(),
            built_in_needed: Rc::default(),
            place: String::new(),
            notes_changes: false,
            is_overlay: false,
        })
    }

    /// The kustomization file: its text and its path.
    pub fn kustomization(&self) -> Result<(String, PathBuf)> {
        let found: Vec<&str> = FILE_NAMES.into_iter().filter(|name| self.root.join(name).is_file()).collect();
        match found[..] {
            [name] => Ok((self.text(name)?, self.root.join(name))),
            [] => Err(invalid(format!("no kustomization.yaml in {}", self.root.display()))
                .hint("a base must be a folder with a kustomization.yaml, kustomization.yml or Kustomization")),
            _ => Err(invalid(format!(
                "more than one kustomization file in {}: {}",
                self.root.display(),
                found.join(", ")
            ))),
        }
    }

    /// The bytes of a file that the kustomization names.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>> {
        refuse_remote(path)?;
        let full = self.root.join(path);
        let real = fs_err::canonicalize(&full).map_err(|error| missing(&full, &error))?;
        if !self.files_from_anywhere && !real.starts_with(&self.root) {
            return Err(invalid(format!("file `{}` is not in or below `{}`", full.display(), self.root.display()))
                .hint("move the file below the kustomization, or make its folder a kustomization of its own"));
        }
        if real.is_dir() {
            return Err(invalid(format!("`{}` is a folder, a file is expected", full.display())));
        }
        fs_err::read(&real).map_err(|error| missing(&full, &error))
    }

    /// The text of a file that the kustomization names.
    pub fn text(&self, path: &str) -> Result<String> {
        String::from_utf8(self.bytes(path)?)
            .map_err(|_| invalid(format!("{}: not a text in UTF-8", self.root.join(path).display())))
    }

    /// The folder of another kustomization that this one names.
    pub fn base(&self, path: &str) -> Result<Source> {
        refuse_remote(path)?;
        if path.is_empty() {
            return Err(invalid("an empty path"));
        }
        if Path::new(path).is_absolute() {
            return Err(invalid(format!("the path `{path}` of a base must not be absolute")));
        }
        if path.split('/').any(|part| part != ".." && part.contains("..")) {
            return Err(invalid(format!("the path `{path}` is ambiguous"))
                .hint("two list entries may have run together: mind the indentation in the kustomization"));
        }
        let full = self.root.join(path);
        let root = fs_err::canonicalize(&full).map_err(|error| missing(&full, &error))?;
        if !root.is_dir() {
            return Err(invalid(format!("`{}` is not a folder", full.display())));
        }
        let mut ancestors = self.ancestors.clone();
        ancestors.push(self.root.clone());
        if let Some(visited) = ancestors.iter().rev().find(|visited| visited.starts_with(&root)) {
            return Err(invalid(format!(
                "cycle: the base `{}` contains `{}`, which is being built",
                root.display(),
                visited.display()
            )));
        }
        if ancestors.len() > MAX_DEPTH {
            return Err(invalid(format!("more than {MAX_DEPTH} kustomizations below each other")));
        }
        Ok(Source { root, ancestors, place: self.place(path), is_overlay: false, ..self.clone() })
    }

    /// The folder of the kustomization, without links.
    pub fn folder(&self) -> &Path {
        &self.root
    }

    /// True if the path names a folder that exists.
    pub fn is_dir(&self, path: &str) -> bool {
        self.root.join(path).is_dir()
    }

    /// How a file that the kustomization names is called in errors.
    pub fn display(&self, path: &str) -> String {
        self.root.join(path).display().to_string()
    }
}

fn refuse_remote(path: &str) -> Result<()> {
    let remote = ["://", "?ref=", "git::"].iter().any(|mark| path.contains(mark))
        || ["git@", "github.com/"].iter().any(|start| path.starts_with(start));
    if remote && !path.contains('\n') {
        return Err(invalid(format!("`{path}` is remote: the renderer has no network"))
            .hint("fetch it into the bundle or beside the kustomization, and name the local folder or file"));
    }
    Ok(())
}

fn missing(full: &Path, error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        return invalid(format!("{}: no such file or folder", full.display())).hint(instead(full));
    }
    Error::new(ErrorClass::Config, error.to_string())
}

/// What to do about a missing path: a name that resembles the first part of it that isn't there, else what is there.
fn instead(full: &Path) -> String {
    let parts: Vec<&Path> = full.ancestors().collect();
    let gap = parts.windows(2).find(|pair| pair[1].is_dir());
    let Some((name, dir)) = gap.and_then(|pair| Some((pair[0].file_name()?.to_str()?, pair[1]))) else {
        return "correct the path".into();
    };
    let mut there: Vec<String> = fs_err::read_dir(dir)
        .map(|entries| entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
        .unwrap_or_default();
    there.sort();
    if there.iter().any(|other| other == name) {
        return format!("`{name}` is a link to nothing");
    }
    if let Some(meant) = nearest(name, there.iter().map(String::as_str)) {
        return format!("did you mean `{meant}`?");
    }
    let more = if there.len() > MAX_NAMES { ", ..." } else { "" };
    there.truncate(MAX_NAMES);
    match there[..] {
        [] => format!("add `{name}`, or correct the entry: its folder is empty"),
        _ => format!("add `{name}`, or correct the entry: its folder has {}{more}", there.join(", ")),
    }
}
