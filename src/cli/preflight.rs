//! The checks before a plan: silent when all is well.

use std::sync::Arc;

use super::run::Session;
use super::{Global, printer, report};
use crate::checks::{self, Checked, Checker, Verdict};
use crate::model::{Error, ErrorClass, Result};

/// Runs checks and shows on stderr what isn't well.
pub(super) async fn tell(global: &Global, checkers: &[Arc<dyn Checker>]) -> Vec<Checked> {
    let mut told = None;
    checks::run(checkers, |checked| {
        if matches!(checked.verdict, Verdict::Warn { .. } | Verdict::Fail { .. }) {
            let line = report::line(checked);
            printer::error(&line.render(told.as_ref(), global.color()));
            told = Some(line);
        }
    })
    .await
}

/// Runs the preflight checks and shows what isn't well. A failed one is an error: nothing is begun.
pub(super) async fn pass(global: &Global, session: &Session) -> Result<()> {
    let all = tell(global, &checks::preflight::checkers(&session.config, &session.clients)).await;
    if checks::passed(&all, false) {
        return Ok(());
    }
    let failed = all.iter().filter(|checked| matches!(checked.verdict, Verdict::Fail { .. })).count();
    let noun = if failed == 1 { "check" } else { "checks" };
    Err(Error::new(ErrorClass::Permanent, format!("{failed} {noun} before the plan failed; nothing was changed"))
        .hint("`kfctl-cn check` shows all of them"))
}
