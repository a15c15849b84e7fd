//! The reference pages say what the program says. `UPDATE_DOCS=1 cargo test --test cli docs` writes them anew.

use crate::support::root;

fn held(page: &str, expected: &str) {
    let path = root().join("docs/reference").join(page);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let seen = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(seen == expected, "docs/reference/{page} is out of date: run UPDATE_DOCS=1 cargo test --test cli docs");
}

#[test]
fn the_reference_of_the_configuration_is_up_to_date() {
    held("config.md", &kfctl_cn::config::reference());
}

#[test]
fn the_reference_of_the_command_line_is_up_to_date() {
    held("cli.md", &kfctl_cn::cli::reference());
}

#[test]
fn the_table_of_exit_codes_is_that_of_the_program() {
    use kfctl_cn::model::{ErrorClass, ExitStatus};
    let page = std::fs::read_to_string(root().join("docs/reference/exit-codes.md")).unwrap();
    let classes = [
        ErrorClass::Usage,
        ErrorClass::Config,
        ErrorClass::Unreachable,
        ErrorClass::Transient,
        ErrorClass::Permanent,
        ErrorClass::Credentials,
        ErrorClass::StateIo,
        ErrorClass::Locked,
        ErrorClass::StateNewer,
        ErrorClass::Timeout,
        ErrorClass::Interrupted,
        ErrorClass::Terminated,
        ErrorClass::Bug,
    ];
    let mut codes: Vec<u8> = classes.into_iter().map(|class| ExitStatus::from(class).0).chain([0, 2]).collect();
    codes.sort_unstable();
    codes.dedup();
    let row = |line: &str| line.strip_prefix("| ")?.split(' ').next()?.parse::<u8>().ok();
    assert_eq!(page.lines().filter_map(row).collect::<Vec<_>>(), codes);
}

#[test]
fn both_readmes_have_the_same_commands() {
    let commands = |name: &str| -> Vec<String> {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        let mut inside = false;
        let mut found = Vec::new();
        for line in text.lines() {
            if line.trim_start().starts_with("```") {
                inside = !inside;
            } else if inside && !line.trim().is_empty() {
                found.push(line.split('#').next().unwrap_or_default().trim().to_string());
            }
        }
        found
    };
    assert_eq!(commands("README.md"), commands("README.zh-CN.md"));
    let links = |file: &str| {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        let link = regex::Regex::new(r"\]\(([^)]+)\)").unwrap();
        let targets = link.captures_iter(&text).map(|c| c[1].to_string());
        targets.filter(|target| !target.starts_with("README")).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(links("README.md"), links("README.zh-CN.md"));
    assert!(commands("README.md").len() > 8);
}

#[test]
fn links_between_pages_lead_somewhere() {
    let link = regex::Regex::new(r"\]\(([^)#:]+)(?:#[^)]*)?\)").unwrap();
    let mut pages = vec![root().join("README.md"), root().join("README.zh-CN.md"), root().join("CONTRIBUTING.md")];
    for folder in ["docs", "docs/adr", "docs/guides", "docs/reference"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap().map(|e| e.unwrap().path());
        pages.extend(entries.filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for target in link.captures_iter(&text).map(|c| c[1].to_string()) {
            assert!(page.parent().unwrap().join(&target).exists(), "{} links to {target}", page.display());
        }
    }
}

/// The headings of the page that every check names, as links name them.
fn headings_of_checks() -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/guides/checks.md")).unwrap();
    page.lines().filter_map(|line| line.strip_prefix("### ")).map(kfctl_cn::checks::anchor).collect()
}

#[test]
fn every_check_has_its_heading() {
    use kfctl_cn::{aws::Clients, checks::preflight, config, model::Region};
    let headings = headings_of_checks();
    let mut anchors = Vec::new();
    for region in Region::ALL {
        let text = format!(
            "apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nmetadata: {{name: kf}}\nspec: {{region: {region}, account: \"111122223333\"}}\n"
        );
        let config = std::sync::Arc::new(config::parse(&text, "test").unwrap());
        let clients = Clients::from_config(region, aws_config::SdkConfig::builder().build());
        anchors.extend(preflight::checkers(&config, &clients).iter().map(|checker| checker.anchor()));
    }
    assert!(anchors.len() > 20);
    let group = regex::Regex::new(r#"CATEGORY: &str = "([^"]+)""#).unwrap();
    let mut folders = vec![root().join("src/checks/verify")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let text = std::fs::read_to_string(path).unwrap();
                    anchors.extend(group.captures_iter(&text).map(|found| kfctl_cn::checks::anchor(&found[1])));
                }
            }
        }
    }
    let missing: Vec<_> = anchors.iter().filter(|anchor| !headings.contains(anchor)).collect();
    assert!(missing.is_empty(), "docs/guides/checks.md has no heading for {missing:?}");
}

/// The tests that a page names as `file::name`.
fn named_tests(text: &str) -> Vec<(String, String)> {
    let name = regex::Regex::new(r"`((?:src|tests)/[\w/-]+\.rs)::(\w+)`").unwrap();
    name.captures_iter(text).map(|c| (c[1].to_owned(), c[2].to_owned())).collect()
}

#[test]
fn every_threat_has_its_test_or_its_open_risk() {
    let page = std::fs::read_to_string(root().join("docs/security.md")).unwrap();
    let rows: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| who could")).collect();
    assert!(rows.len() > 20, "the table of threats is gone");
    for row in rows {
        assert!(row.contains("**Open**") || !named_tests(row).is_empty(), "neither a test nor an open risk: {row}");
    }
    for (file, name) in named_tests(&page) {
        let text = std::fs::read_to_string(root().join(&file)).unwrap_or_default();
        let test = regex::Regex::new(&format!(r"(?m)^\s*(pub )?(async )?fn {name}\b")).unwrap();
        assert!(test.is_match(&text), "docs/security.md names {file}::{name}, which isn't there");
    }
}
