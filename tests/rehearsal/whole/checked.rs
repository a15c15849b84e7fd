//! `check` as people and CI systems run it: before anything is there, in each region, against all of AWS.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::environment::{Parts, World, said};
use crate::support;

#[test]
fn an_empty_account_passes_and_every_format_says_the_same() {
    for region in ["cn-north-1", "cn-northwest-1"] {
        let world = World::start(region, 0.0, support::sample_bundle(), Parts::OnlyAws);
        let done = world.run(&["check", "-o", "json", "--junit-file", "reports/check.xml"]);
        assert!(done.status.success(), "{}", said(&done));
        let report: Value = serde_json::from_slice(&done.stdout).expect("JSON on stdout");
        assert_eq!(report["passed"], true);
        let checks = report["checks"].as_array().expect("checks");
        let groups: Vec<&str> = checks.iter().filter_map(|check| check["category"].as_str()).collect();
        for group in ["connection", "credentials", "permissions", "compatibility", "quotas", "names", "files", "images"]
        {
            assert!(groups.contains(&group), "no check of {group}");
        }
        let guide = std::fs::read_to_string(support::root().join("docs/guides/checks.md")).expect("the guide");
        let headings: Vec<String> =
            guide.lines().filter_map(|line| line.strip_prefix("### ")).map(kfctl_cn::checks::anchor).collect();
        for check in checks {
            let doc = check["doc"].as_str().and_then(|doc| doc.strip_prefix("docs/guides/checks.md#"));
            assert!(doc.is_some_and(|anchor| headings.iter().any(|heading| heading == anchor)), "{check}");
        }
        assert_eq!(well_formed(&world.work().join("reports/check.xml")), checks.len());
        assert!(!said(&done).contains(world.var("AWS_SECRET_ACCESS_KEY")), "check shows the secret key");
        assert_eq!(world.aws_writes(), Default::default(), "a check wrote");
    }
}

/// How many cases a JUnit file has, by a parser that isn't ours.
pub(super) fn well_formed(file: &std::path::Path) -> usize {
    let program = "import sys, xml.etree.ElementTree as t; print(len(t.parse(sys.argv[1]).getroot().findall('./testsuite/testcase')))";
    let done = Command::new("python3").args(["-c", program]).arg(file).stdin(Stdio::null()).output().expect("python3");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().parse().expect("a number")
}
