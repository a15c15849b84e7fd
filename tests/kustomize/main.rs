//! The renderer against the real kustomize, against small trees of our own, and against random input.

#[path = "../support/mod.rs"]
mod support;

mod errors;
mod faults;
mod hostile;
mod random;
mod real;
mod trees;

use std::path::{Path, PathBuf};
use std::process::Command;

use kfctl_cn::kustomize::Reorder;
use tempfile::TempDir;

/// A folder with files of these texts.
fn tree<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

/// The real kustomize: `KFCTL_CN_KUSTOMIZE`, else where `go install` puts it, else on the path. `None`, and a word about it,
/// if it isn't there or isn't the version that the renderer is measured against.
fn kustomize() -> Option<PathBuf> {
    let named = std::env::var_os("KFCTL_CN_KUSTOMIZE").map(PathBuf::from);
    let installed = std::env::var_os("HOME").map(|home| Path::new(&home).join("go/bin/kustomize"));
    let found = named.or_else(|| installed.filter(|path| path.is_file())).unwrap_or_else(|| "kustomize".into());
    let version =
        Command::new(&found).arg("version").output().map(|out| String::from_utf8_lossy(&out.stdout).into_owned());
    match version {
        Ok(version) if version.trim() == "v5.8.2" || version.trim() == "(devel)" => Some(found),
        Ok(version) => {
            eprintln!("skipped: kustomize is {}, not v5.8.2", version.trim());
            None
        }
        Err(error) => {
            eprintln!(
                "skipped: no kustomize ({}: {error}); go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.2",
                found.display()
            );
            None
        }
    }
}

/// What the real kustomize prints for a folder; an error as it says it.
fn reference(kustomize: &Path, dir: &Path, reorder: Reorder) -> Result<String, String> {
    let mut command = Command::new(kustomize);
    command.arg("build");
    match reorder {
        Reorder::Unspecified => {}
        Reorder::None => drop(command.args(["--reorder", "none"])),
        Reorder::Legacy => drop(command.args(["--reorder", "legacy"])),
    }
    let out = command.arg(dir).output().unwrap();
    if out.status.success() {
        Ok(String::from_utf8(out.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&out.stderr).into_owned())
    }
}
