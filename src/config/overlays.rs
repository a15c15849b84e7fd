//! The folders of `spec.kubeflow.overlays`.

use std::path::{Component, Path, PathBuf};

use super::Config;
use super::problem::Problem;

/// The names of a kustomization file.
const FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Makes the paths of the overlays, which are relative to the folder of the configuration, into such as can be opened, and
/// tells what is wrong with them.
pub fn find(config: &mut Config, dir: &Path) -> Vec<Problem> {
    let mut problems = Vec::new();
    let overlays = &mut config.spec.kubeflow.overlays;
    for (i, overlay) in overlays.iter_mut().enumerate() {
        let full = tidy(&dir.join(&*overlay));
        let at = format!("spec.kubeflow.overlays[{i}]");
        let hint = "name a folder with a kustomization.yaml; a path is relative to the file of the configuration";
        let mut wrong = |message: String| problems.push(Problem::at(&at, message, hint));
        if overlay.trim().is_empty() {
            wrong("is empty".into());
        } else if !full.exists() {
            wrong(format!("{} doesn't exist", full.display()));
        } else if !full.is_dir() {
            wrong(format!("{} is not a folder", full.display()));
        } else if !FILES.iter().any(|name| full.join(name).is_file()) {
            wrong(format!("{} has no kustomization.yaml", full.display()));
        } else {
            match full.to_str() {
                Some(text) => *overlay = text.to_owned(),
                None => wrong(format!("the path {} is not in UTF-8", full.display())),
            }
        }
    }
    problems
}

/// Without `.` in the middle, which only makes messages longer.
fn tidy(path: &Path) -> PathBuf {
    let tidy: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    if tidy.as_os_str().is_empty() { ".".into() } else { tidy }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{parse, template};
    use crate::model::Region;

    #[test]
    fn folders_are_found_from_the_file_and_each_fault_is_told() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["good", "empty"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        std::fs::write(dir.path().join("good/kustomization.yml"), "resources: []").unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        let mut config = parse(&template("demo", Region::CnNorth1), "demo").unwrap();
        config.spec.kubeflow.overlays = ["./good", "empty", "file", "none", ""].map(String::from).into();
        let problems = find(&mut config, dir.path());
        assert_eq!(config.spec.kubeflow.overlays[0], dir.path().join("good").display().to_string());
        let said: Vec<String> = problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect();
        for (i, what) in
            [(1, "has no kustomization.yaml"), (2, "is not a folder"), (3, "doesn't exist"), (4, "is empty")]
        {
            assert!(said[i - 1].contains(&format!("[{i}]")) && said[i - 1].ends_with(what), "{said:#?}");
        }
        assert_eq!(tidy(Path::new("./a/./b/..")), Path::new("a/b/.."));
    }
}
