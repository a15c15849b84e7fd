//! `--output-dir`: a folder with one file an object, replaced as a whole.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{file_name, placeholders};
use crate::adapt::{Adapted, Set};
use crate::cli::{Output, printer};
use crate::kustomize;
use crate::model::{Error, ErrorClass, Object, Result};

/// The file that tells that a folder is a render, and what is in it.
const MARKER: &str = ".kfctl-cn-render.json";

/// What the marker says.
#[derive(Debug, Serialize, Deserialize)]
struct Index {
    files: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// The path in the folder, `set/file`.
    file: String,
    /// The object, for people.
    object: String,
    /// What in it is not real; see [`placeholders`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    placeholders: Vec<String>,
}

/// Writes the objects below `dir`, YAML unless JSON is asked for, and says how many. The folder is made beside it and takes its place at the
/// end, so that it is never half of the one and half of the other.
///
/// # Errors
/// Class `Usage`: the folder holds something that isn't from a render. Class `StateIo`: it can't be written.
pub(super) fn write(dir: &Path, rendered: &[(Set, Adapted)], output: Output) -> Result<usize> {
    let dir = if dir.exists() { fs_err::canonicalize(dir)? } else { dir.to_owned() };
    may_replace(&dir)?;
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs_err::create_dir_all(parent)?;
    let work = tempfile::Builder::new().prefix(".kfctl-cn-render-").tempdir_in(parent)?;
    let new = work.path().join("new");
    let mut index = Index { files: Vec::new() };
    for (set, adapted) in rendered {
        for object in &adapted.objects {
            let entry = one(&new, *set, object, output)?;
            index.files.push(entry);
        }
    }
    fs_err::create_dir_all(&new)?;
    fs_err::write(new.join(MARKER), printer::json(&index)?)?;
    replace(&dir, &new, &work.path().join("old"))?;
    Ok(index.files.len())
}

fn one(root: &Path, set: Set, object: &Object, output: Output) -> Result<Entry> {
    let found = placeholders::of(object);
    let (text, extension) = match output {
        Output::Json => (printer::json(&object.0)?, "json"),
        Output::Table | Output::Yaml | Output::Dir => (yaml(object, &found), "yaml"),
    };
    let file = format!("{}/{}.{extension}", set.as_str(), file_name::of(&object.id()));
    let path = root.join(&file);
    if path.exists() {
        let message = format!("set {} has two objects {}", set.as_str(), object.id());
        return Err(Error::new(ErrorClass::Config, message).hint("take one of them out of the kustomization"));
    }
    fs_err::create_dir_all(root.join(set.as_str()))?;
    fs_err::write(path, text)?;
    Ok(Entry { file, object: object.id().to_string(), placeholders: found })
}

/// The object, below a comment that tells what in it isn't real.
fn yaml(object: &Object, found: &[String]) -> String {
    let mut text = String::new();
    if !found.is_empty() {
        text.push_str("# Not to be applied as it is; it holds placeholders:\n");
        text.extend(found.iter().map(|line| format!("#   {line}\n")));
    }
    text + &kustomize::to_yaml(std::slice::from_ref(object))
}

/// Fails unless the folder is new, empty, or holds what an earlier render wrote and nothing else.
fn may_replace(dir: &Path) -> Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    let files = files(dir)?;
    if files.is_empty() {
        return Ok(());
    }
    let refuse = |why: String| {
        Err(Error::new(ErrorClass::Usage, format!("{} is not replaced: {why}", dir.display()))
            .hint("name a folder that is new, empty, or the output of an earlier `render --output-dir`"))
    };
    let Some(index) =
        fs_err::read_to_string(dir.join(MARKER)).ok().and_then(|t| serde_json::from_str::<Index>(&t).ok())
    else {
        return refuse(format!("it is not empty and has no {MARKER} of an earlier render"));
    };
    let ours = |file: &PathBuf| *file == Path::new(MARKER) || index.files.iter().any(|e| Path::new(&e.file) == file);
    match files.iter().find(|file| !ours(file)) {
        Some(file) => refuse(format!("{} in it is not from a render", file.display())),
        None => Ok(()),
    }
}

/// All that isn't a folder below `dir`, as paths in it.
fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut open) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(at) = open.pop() {
        for entry in fs_err::read_dir(dir.join(&at))? {
            let entry = entry?;
            let path = at.join(entry.file_name());
            if entry.file_type()?.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

/// Puts `new` in the place of `dir`, which waits as `old` meanwhile.
fn replace(dir: &Path, new: &Path, old: &Path) -> Result<()> {
    let there = dir.exists();
    if there {
        fs_err::rename(dir, old)?;
    }
    if let Err(error) = fs_err::rename(new, dir) {
        if there {
            fs_err::rename(old, dir)?;
        }
        return Err(error.into());
    }
    Ok(())
}
