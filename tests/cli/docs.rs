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
