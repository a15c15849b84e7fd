//! Small trees, one a feature, in `cases/*.tree`: files, then the result. Where the real kustomize is at hand, it must give
//! the same result.

use std::path::Path;

use kfctl_cn::kustomize::{Options, Reorder, build, to_yaml};

use crate::{kustomize, reference, tree};

struct Case {
    reorder: Reorder,
    files: Vec<(String, String)>,
    result: String,
}

/// Reads a case: `# ` lines, then `==> path` before each file and `==> result` before the result. A file's last line that ends
/// in a backslash has no line break.
fn read(path: &Path) -> Case {
    let text = std::fs::read_to_string(path).unwrap();
    let (head, body) = text.split_once("==> ").unwrap();
    let reorder = if head.contains("# reorder: none") { Reorder::None } else { Reorder::Unspecified };
    let mut files: Vec<(String, String)> = Vec::new();
    for section in body.split("\n==> ") {
        let (name, text) = section.split_once('\n').unwrap();
        let text = format!("{text}\n");
        files.push((name.to_owned(), text.strip_suffix("\\\n").map_or(text.clone(), str::to_owned)));
    }
    let (last, result) = files.pop().unwrap();
    assert_eq!(last, "result", "{}", path.display());
    Case { reorder, files, result: result.trim_end_matches('\n').to_owned() + "\n" }
}

#[test]
fn every_feature_gives_its_result() {
    let kustomize = kustomize();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kustomize/cases");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let case = read(&path);
        let dir = tree(case.files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        match build(dir.path(), &Options { reorder: case.reorder, ..Options::default() }) {
            Ok(objects) if to_yaml(&objects) == case.result => {}
            Ok(objects) => {
                let diff = similar::TextDiff::from_lines(case.result.as_str(), to_yaml(&objects).as_str())
                    .unified_diff()
                    .header("wanted", "got")
                    .to_string();
                wrong.push(format!("{name}:\n{diff}"));
            }
            Err(error) => wrong.push(format!("{name}: {}", error.chain.join("\n  "))),
        }
        if let Some(kustomize) = &kustomize {
            assert_eq!(reference(kustomize, dir.path(), case.reorder).as_deref(), Ok(case.result.as_str()), "{name}");
        }
        count += 1;
    }
    assert!(count >= 15, "only {count} cases found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
