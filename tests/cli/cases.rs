//! Public cases: what went wrong elsewhere, and the test that holds the right value here. A test of one has its number in its name, and in
//! its comment where it is known from. `UPDATE_DOCS=1 cargo test --test cli cases` writes the page anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::support::root;

/// The numbers that a test must have: those that can be seen in manifests, policies, the simulator or a real API server.
const TESTABLE: [(&str, &str, &[u32]); 4] = [
    ("A", "IAM, partition, EKS", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
    ("C", "Data and Kubeflow", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 23, 24]),
    ("F", "Storage, load balancers, logins, nodes", &[1, 2, 3, 4, 5, 6, 8, 9, 10, 11]),
    ("G", "Going on, and removal", &[1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 15, 16]),
];

/// A test of one or several cases.
struct Held {
    file: String,
    name: String,
    about: String,
}

/// Tests by section and number.
type Cases = BTreeMap<(String, u32), Vec<Held>>;

fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|ext| ext == "rs") => found.push(path),
            false => {}
        }
    }
}

/// The comment above a line, without what stands before the words.
fn comment_above(lines: &[&str], at: usize) -> String {
    let above = lines[..at].iter().rev().map(|line| line.trim()).skip_while(|line| line.starts_with("#["));
    let mut words: Vec<&str> = above.map_while(|line| line.strip_prefix("/// ")).collect();
    words.reverse();
    words.join(" ")
}

fn cases() -> Cases {
    let mut files = Vec::new();
    sources(&root().join("tests"), &mut files);
    files.sort();
    let of_cases = regex::Regex::new(r"^\s*(?:pub )?(?:async )?fn ((?:[a-g]\d+_)+)(\w+)").unwrap();
    let mut all = Cases::new();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(found) = of_cases.captures(line) else { continue };
            for number in found[1].split('_').filter(|n| !n.is_empty()) {
                let case = (number[..1].to_uppercase(), number[1..].parse().unwrap());
                let file = path.strip_prefix(root()).unwrap().display().to_string();
                let name = format!("{}{}", &found[1], &found[2]);
                all.entry(case).or_default().push(Held { file, name, about: comment_above(&lines, at) });
            }
        }
    }
    all
}

fn page(all: &Cases) -> String {
    let mut page = String::from(
        "# Public cases\n\nWhat went wrong for others with EKS, Kubeflow and Karpenter, most of it in the China regions, and the test that holds the right value here. Threads are \
         named by repository and number; `tf-eks` is terraform-aws-modules/terraform-aws-eks, `LBC` is kubernetes-sigs/aws-load-balancer-controller, `awslabs` is \
         awslabs/kubeflow-manifests, `manifests` is kubeflow/manifests. Numbers that are missing can be seen with a real account only.\n\nWritten from the tests: \
         `UPDATE_DOCS=1 cargo test --test cli cases`.\n",
    );
    for (letter, title, _) in TESTABLE {
        write!(page, "\n## {letter}: {title}\n\n| case | what is known, and where from | test |\n|---|---|---|\n")
            .unwrap();
        for ((_, number), tests) in all.iter().filter(|((of, _), _)| of == letter) {
            for test in tests {
                let about = test.about.replace('|', "\\|");
                writeln!(page, "| {letter}{number} | {about} | `{}::{}` |", test.file, test.name).unwrap();
            }
        }
    }
    page
}

#[test]
fn every_case_that_can_be_seen_here_has_a_test_and_the_page_names_it() {
    let all = cases();
    for (letter, _, numbers) in TESTABLE {
        let missing: Vec<_> = numbers.iter().filter(|n| !all.contains_key(&(letter.to_owned(), **n))).collect();
        assert!(missing.is_empty(), "{letter}: no test for {missing:?}");
    }
    for tests in all.values().flatten() {
        assert!(!tests.about.is_empty(), "{}::{} says nothing of what is known", tests.file, tests.name);
    }
    let (wanted, path) = (page(&all), root().join("docs/reference/public-cases.md"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let seen = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(seen == wanted, "the page is out of date: run UPDATE_DOCS=1 cargo test --test cli cases");
}
