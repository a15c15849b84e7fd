//! What `check` and `verify` share: run, show, write, decide.

use std::sync::Arc;

use serde::Serialize;

use super::junit::JunitFile;
use super::{Global, Output, printer};
use crate::checks::{self, Checked, Checker, Verdict};
use crate::model::{ErrorClass, ExitStatus, Result};
use crate::ui::{CaseResult, CheckLine, Status, TestCase, summary};

/// The page that tells of every check, a heading each.
const GUIDE: &str = "docs/guides/checks.md";

/// The arguments that both have.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Warnings fail too
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    pub(super) junit: JunitFile,
}

#[derive(Serialize)]
struct Report<'a> {
    passed: bool,
    checks: &'a [CheckLine],
}

/// Runs the checks of a command and shows them, as they come for people and as a whole for programs. Exit code 1 if they fail.
pub(super) async fn show(
    command: &str,
    global: &Global,
    options: &Options,
    checkers: &[Arc<dyn Checker>],
) -> Result<ExitStatus> {
    let table = global.output == Output::Table;
    let color = global.color_stdout();
    let mut lines: Vec<CheckLine> = Vec::new();
    let mut written = Ok(());
    let all = checks::run(checkers, |checked| {
        let line = line(checked);
        if table && written.is_ok() {
            written = printer::data(&line.render(lines.last(), color));
        }
        lines.push(line);
    })
    .await;
    written?;
    let cases: Vec<TestCase> = all.iter().map(|checked| case(checked, options.strict)).collect();
    options.junit.write(command, &cases)?;
    let passed = checks::passed(&all, options.strict);
    printer::value(global.output, &Report { passed, checks: &lines }, |report| summary(report.checks))?;
    Ok(if passed { ExitStatus::OK } else { ErrorClass::Permanent.into() })
}

/// A check as it is shown.
pub(super) fn line(checked: &Checked) -> CheckLine {
    let (status, seen, hint) = match &checked.verdict {
        Verdict::Pass(seen) => (Status::Pass, seen.clone(), String::new()),
        Verdict::Warn { seen, hint } => (Status::Warn, seen.clone(), hint.clone()),
        Verdict::Fail { seen, hint } => (Status::Fail, seen.clone(), hint.clone()),
        Verdict::Skip(seen) => (Status::Skip, seen.clone(), String::new()),
    };
    let doc = format!("{GUIDE}#{}", checked.anchor);
    CheckLine { category: checked.category.into(), what: checked.what.clone(), status, seen, hint, doc }
}

/// A check as CI systems read it. JUnit knows no warning: it passes and says so, unless warnings fail.
fn case(checked: &Checked, strict: bool) -> TestCase {
    let failed = |seen: &str, hint: &str| {
        let details = format!("{seen}\nhint: {hint}\nsee: {GUIDE}#{}", checked.anchor);
        CaseResult::Failed { message: seen.lines().next().unwrap_or_default().into(), details }
    };
    let (result, output) = match &checked.verdict {
        Verdict::Pass(seen) => (CaseResult::Passed, seen.clone()),
        Verdict::Warn { seen, hint } if strict => (failed(seen, hint), String::new()),
        Verdict::Warn { seen, hint } => (CaseResult::Passed, format!("warning: {seen}\nhint: {hint}")),
        Verdict::Fail { seen, hint } => (failed(seen, hint), String::new()),
        Verdict::Skip(why) => (CaseResult::Skipped(why.clone()), String::new()),
    };
    let (class, name) = (checked.category.to_owned(), checked.what.clone());
    TestCase { class, name, took: checked.took, result, output }
}
