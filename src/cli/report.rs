//! What `check` and `verify` share: run, show, decide.

use std::sync::Arc;

use serde::Serialize;

use super::{Global, Output, printer};
use crate::checks::{self, Checked, Checker, Verdict};
use crate::model::{ErrorClass, ExitStatus, Result};
use crate::ui::{CheckLine, Status, summary};

/// The arguments that both have.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Warnings fail too
    #[arg(long)]
    strict: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    passed: bool,
    checks: &'a [CheckLine],
}

/// Runs the checks and shows them, as they come for people and as a whole for programs. Exit code 1 if they fail.
pub async fn show(global: &Global, options: &Options, checkers: &[Arc<dyn Checker>]) -> Result<ExitStatus> {
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
    CheckLine { category: checked.category.into(), what: checked.what.clone(), status, seen, hint }
}
