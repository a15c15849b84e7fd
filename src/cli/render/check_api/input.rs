//! The objects of `--check-api`: of a kustomization, of a folder of files, of a file, or of stdin.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::cli::printer;
use crate::kustomize::{self, Options};
use crate::model::{Error, ErrorClass, Object, Result};

/// The names of a kustomization's file.
const KUSTOMIZATION: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// The most bytes that are read of a file or of stdin.
const LARGEST: u64 = 256 * 1024 * 1024;
/// The deepest folder that is looked into.
const DEEPEST: usize = 64;
/// The most faults that are told.
const MAX_FAULTS: usize = 50;

/// Objects, each with where it was read.
pub(super) type Sourced = Vec<(String, Object)>;

/// Reads what `path` names: a folder with a kustomization is built, of another one every `*.yaml` and `*.yml` below it is
/// read, `-` is stdin.
///
/// # Errors
/// Class `Config`, with every file that has a fault: there is nothing, it can't be read, it is no YAML of Kubernetes objects.
pub(super) fn read(path: &Path) -> Result<Sourced> {
    let found = if path == Path::new("-") {
        objects("stdin", text(std::io::stdin().lock(), "stdin")?)
    } else if !path.exists() {
        Err(Error::new(ErrorClass::Config, format!("{} doesn't exist", path.display()))
            .hint("name a folder, a file, or `-` for stdin"))
    } else if path.is_file() {
        file(path)
    } else if KUSTOMIZATION.iter().any(|name| path.join(name).is_file()) {
        let origin = path.display().to_string();
        Ok(kustomize::build(path, &Options::default())?.into_iter().map(|object| (origin.clone(), object)).collect())
    } else {
        folder(path)
    }?;
    if found.is_empty() {
        let what = if path == Path::new("-") { "stdin".into() } else { path.display().to_string() };
        return Err(Error::new(ErrorClass::Config, format!("there is no Kubernetes object in {what}"))
            .hint("an object has apiVersion, kind and metadata.name"));
    }
    Ok(found)
}

fn file(path: &Path) -> Result<Sourced> {
    let origin = path.display().to_string();
    let open = fs_err::File::open(path).map_err(|e| Error::new(ErrorClass::Config, e.to_string()))?;
    let text = text(open, &origin)?;
    objects(&origin, text)
}

fn text(from: impl Read, origin: &str) -> Result<String> {
    let fault = |what: String| Error::new(ErrorClass::Config, format!("{origin}: {what}"));
    let mut bytes = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| fault(e.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(fault(format!("more than {} MiB", LARGEST >> 20)).hint("split it"));
    }
    String::from_utf8(bytes).map_err(|e| {
        let place = e.utf8_error().valid_up_to();
        fault(format!("not UTF-8 at byte {place}")).hint("manifests are UTF-8 texts")
    })
}

fn objects(origin: &str, text: String) -> Result<Sourced> {
    let all = kustomize::parse_yaml(&text, origin)?;
    if let Some(object) = all.iter().find(|object| object.api_version().is_empty()) {
        return Err(Error::new(ErrorClass::Config, format!("{origin}: {} has no apiVersion", object.id())));
    }
    Ok(all.into_iter().map(|object| (origin.to_owned(), object)).collect())
}

/// All files below a folder; those without any object are told of and left out.
fn folder(dir: &Path) -> Result<Sourced> {
    let (mut found, mut faults, mut left) = (Vec::new(), Vec::new(), Vec::new());
    for path in files(dir)? {
        if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| KUSTOMIZATION.contains(&name)) {
            let of = path.parent().unwrap_or(dir).display();
            printer::note(&format!("note: {} isn't built; for what it makes, check {of}", path.display()));
            continue;
        }
        let origin = path.display().to_string();
        let read = fs_err::File::open(&path)
            .map_err(|e| Error::new(ErrorClass::Config, e.to_string()))
            .and_then(|file| text(file, &origin));
        match read {
            Ok(text) if !text.contains("apiVersion") => left.push(origin),
            Ok(text) => match objects(&origin, text) {
                Ok(objects) => found.extend(objects),
                Err(error) => faults.push(error),
            },
            Err(error) => faults.push(error),
        }
    }
    if !left.is_empty() {
        printer::note(&format!("note: no Kubernetes object is in {}", left.join(", ")));
    }
    if faults.is_empty() { Ok(found) } else { Err(all(dir, faults)) }
}

/// The YAML files below a folder, by path. Hidden ones and links to folders are left out.
fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut open) = (Vec::new(), vec![(dir.to_owned(), 0)]);
    let fault = |e: std::io::Error| Error::new(ErrorClass::Config, e.to_string());
    while let Some((at, depth)) = open.pop() {
        for entry in fs_err::read_dir(&at).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(fault)?);
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if kind.is_dir() && depth < DEEPEST {
                open.push((path, depth + 1));
            } else if path.is_file()
                && (path.extension().is_some_and(|e| e == "yaml" || e == "yml") || path.ends_with("Kustomization"))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Several faults as one error: each with what to do.
fn all(dir: &Path, mut faults: Vec<Error>) -> Error {
    if faults.len() == 1 {
        return faults.remove(0);
    }
    let message = format!("{}: {} files have faults", dir.display(), faults.len());
    let mut all = Error::new(ErrorClass::Config, message);
    let more = faults.len().saturating_sub(MAX_FAULTS);
    for fault in faults.into_iter().take(MAX_FAULTS) {
        let hints = fault.hints.iter().map(|hint| format!("\nhint: {hint}"));
        all = all.caused_by(std::iter::once(fault.chain.join(": ")).chain(hints).collect::<String>());
    }
    if more > 0 { all.caused_by(format!("and {more} more")) } else { all }
}
