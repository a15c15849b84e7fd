//! Holds the tree to its own rules: who imports whom (the table in src/lib.rs), sizes, docs, what must not be in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regex::Regex;

/// The longest a source file may be, and the longest the one in the middle may be.
const LONGEST: usize = 400;
const MEDIAN: usize = 150;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder that belong to the tree.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            if !["target", ".git", ".cargo", ".kfctl-cn", "__pycache__"].contains(&name.as_str()) {
                found.extend(files(&entry.path()));
            }
        } else if name != ".git" {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

fn sources(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let all = folders.iter().map(|folder| root().join(folder)).filter(|dir| dir.is_dir()).flat_map(|dir| files(&dir));
    let rust = all.filter(|path| path.extension().is_some_and(|e| e == "rs"));
    rust.map(|path| (path.strip_prefix(root()).unwrap().to_owned(), std::fs::read_to_string(&path).unwrap())).collect()
}

/// The table of src/lib.rs: what each module may import, itself included.
fn table(lib: &str) -> BTreeMap<String, BTreeSet<String>> {
    let row = Regex::new(r"(?m)^//! \| \[`(\w+)`\] \|.*\| ([^|]*) \|$").unwrap();
    let word = Regex::new(r"`(\w+)`").unwrap();
    let rows: Vec<(String, String)> = row.captures_iter(lib).map(|c| (c[1].into(), c[2].into())).collect();
    let names = |upto: usize| rows[..upto].iter().map(|(name, _)| name.clone());
    let mut table = BTreeMap::new();
    for (i, (name, may)) in rows.iter().enumerate() {
        let mut allowed: BTreeSet<String> = match may.as_str() {
            "all" => names(rows.len()).collect(),
            "all of the above" => names(i).collect(),
            list => word.captures_iter(list).map(|c| c[1].to_string()).collect(),
        };
        allowed.insert(name.clone());
        table.insert(name.clone(), allowed);
    }
    table
}

/// Source without its line comments.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The modules of the crate that a source names: `crate::a`, `crate::{a, b::c}`.
fn imports(text: &str) -> BTreeSet<String> {
    let code = code(text);
    let mut found = BTreeSet::new();
    for hit in Regex::new(r"\bcrate::").unwrap().find_iter(&code) {
        let rest = code[hit.end()..].trim_start();
        match rest.strip_prefix('{') {
            None => found.extend(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(String::from)),
            Some(group) => {
                let (mut depth, mut word) = (1, String::new());
                for c in group.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 1 => found.extend(head(&std::mem::take(&mut word))),
                        _ if depth == 1 => word.push(c),
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
                found.extend(head(&word));
            }
        }
    }
    found
}

fn head(path: &str) -> Option<String> {
    path.trim().split("::").next().filter(|word| !word.is_empty()).map(String::from)
}

#[test]
fn layers_import_only_what_the_table_allows() {
    let table = table(&std::fs::read_to_string(root().join("src/lib.rs")).unwrap());
    let folders: BTreeSet<String> = std::fs::read_dir(root().join("src"))
        .unwrap()
        .map(Result::unwrap)
        .filter(|e| e.file_type().unwrap().is_dir())
        .map(|e| e.file_name().into_string().unwrap())
        .collect();
    assert_eq!(table.keys().cloned().collect::<BTreeSet<_>>(), folders, "the table of src/lib.rs names other folders");
    let mut wrong = Vec::new();
    for (path, text) in sources(&["src"]) {
        let mut parts = path.iter().skip(1).map(|p| p.to_string_lossy().into_owned());
        let Some(allowed) = parts.next().and_then(|module| table.get(&module)) else { continue };
        let strange = imports(&text).into_iter().filter(|i| table.contains_key(i) && !allowed.contains(i));
        wrong.extend(strange.map(|import| format!("{} imports {import}", path.display())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_are_small() {
    let mut sizes: Vec<(usize, PathBuf)> =
        sources(&["src", "tests"]).into_iter().map(|(path, text)| (text.lines().count(), path)).collect();
    sizes.sort();
    let long: Vec<_> = sizes.iter().filter(|(lines, _)| *lines > LONGEST).collect();
    assert!(long.is_empty(), "longer than {LONGEST} lines: {long:#?}");
    let median = sizes[sizes.len() / 2].0;
    assert!(median < MEDIAN, "half of the files have {median} lines or more");
}

#[test]
fn each_file_says_what_it_is_for() {
    // The tests of a module are about that module.
    let own = |(path, text): &(PathBuf, String)| !text.starts_with("//! ") && !path.ends_with("tests.rs");
    let silent: Vec<_> = sources(&["src", "tests"]).into_iter().filter(own).map(|(path, _)| path).collect();
    assert!(silent.is_empty(), "no `//!` at the top: {silent:#?}");
}

/// What must not be in code that ships: output past the printer, exits past `main`, unfinished work, a writer of YAML that
/// leaves `yes` and `on` unquoted.
const NOT_IN_SOURCE: [&str; 9] = [
    r"\bprintln!",
    r"\beprintln!",
    r"\bprint!",
    r"\bdbg!",
    r"\btodo!",
    r"\bunimplemented!",
    r"\bprocess::exit\b",
    r"\bTODO\b|\bFIXME\b",
    r"\bserde_yaml\b",
];

#[test]
fn nothing_unfinished_and_no_way_past_the_printer() {
    let mut wrong = Vec::new();
    for (path, text) in sources(&["src"]) {
        for pattern in NOT_IN_SOURCE {
            if Regex::new(pattern).unwrap().is_match(&text) {
                wrong.push(format!("{}: {pattern}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_deprecated_yaml_crate_stays_out() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    assert!(!lock.contains("name = \"serde_yaml\""));
    assert!(!lock.contains("name = \"serde_yml\""));
}

/// Paths that exist on one machine only, pieced together so that this file doesn't hold them.
fn machine_path() -> Regex {
    let folders = ["root", "home/[a-z]+", "Users/[a-z]+", "work/(?:main|shared)", "tmp/w"];
    Regex::new(&format!("(?m)(?:^|[^\\w.~-])/(?:{})/.*$", folders.join("|"))).unwrap()
}

#[test]
fn no_path_of_one_machine_is_in_the_tree() {
    let pattern = machine_path();
    let mut wrong = Vec::new();
    for path in files(&root()) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let place = path.strip_prefix(root()).unwrap().display().to_string();
        wrong.extend(pattern.find_iter(&text).map(|hit| format!("{place}: {}", hit.as_str().trim())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_rules_notice_what_breaks_them() {
    let words = |text: &str| imports(text).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(words("use crate::aws::Clients;"), "aws");
    assert_eq!(words("use crate::{aws::{a, b}, kube,\n model};"), "aws kube model");
    assert_eq!(words("let x = crate::ui::view(crate::engine::y); // crate::state"), "engine ui");
    assert_eq!(words("/// [`crate::state`]"), "");
    let table = table(
        "//! | [`model`] | x | nothing of ours |\n//! | [`aws`] | x | `model` |\n//! | [`phases`] | x | all of the above |\n",
    );
    assert!(!table["aws"].contains("phases") && table["aws"].contains("model"));
    assert!(table["phases"].contains("aws") && !table["model"].contains("aws"));
    let hits = |line: &str| machine_path().is_match(line);
    assert!(hits(&format!("cd {}root/x", '/')) && hits(&format!("\"{}home/me/x\"", '/')));
    assert!(!hits("https://example.com/home/page") && !hits("~/root/x"));
    assert!(Regex::new(NOT_IN_SOURCE[0]).unwrap().is_match("println!(\"x\")"));
}
