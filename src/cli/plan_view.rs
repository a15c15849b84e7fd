//! A plan as it is shown: text for people, JSON or YAML for programs, one line in a stream of events.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use super::{Global, Output, printer};
use crate::engine::{Plan, Step};
use crate::model::{Action, Addr, Result};
use crate::ui::{PlanRow, PlanText};

/// The plan for people.
pub(super) fn text(plan: &Plan, color: bool) -> String {
    let left = plan.left.iter().map(|left| (format!("{} ({})", left.addr, left.title), left.why.clone()));
    let refused =
        plan.refused.iter().map(|refused| (format!("{} ({})", refused.addr, refused.title), refused.why.clone()));
    let view = PlanText {
        rows: plan.steps.iter().map(row).collect(),
        estimate: Duration::from_secs(plan.estimate_seconds),
        refused: refused.collect(),
        left: left.collect(),
    };
    let mut text = view.render(color);
    for step in plan.steps.iter().filter(|step| step.action == Action::NoOp) {
        if let Some(waiting) = &step.waiting {
            text += &format!("Waits for {}: {waiting}\n", step.addr);
        }
    }
    for addr in &plan.unasked {
        text += &format!(
            "The state has {addr}, which the configuration doesn't ask for any more; it belongs to data, and stays.\n"
        );
    }
    if !plan.left_out.is_empty() {
        text += &format!("Left out, as asked: {}.\n", left_out(plan));
    }
    text
}

/// What was left out: a phase of which nothing is in the plan with how many it has, else each address.
fn left_out(plan: &Plan) -> String {
    let of = |addr: &Addr| addr.as_str().split('/').next().unwrap_or_default().to_owned();
    let begun: BTreeSet<String> = plan.steps.iter().map(|step| of(&step.addr)).collect();
    let mut phases: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for addr in &plan.left_out {
        phases.entry(of(addr)).or_default().push(addr.as_str());
    }
    let words = phases.into_iter().map(|(phase, addrs)| match begun.contains(&phase) {
        true => addrs.join(", "),
        false => format!("all of {phase} ({})", addrs.len()),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn row(step: &Step) -> PlanRow {
    let Step { addr, phase, title, action, why, changes, .. } = step.clone();
    // Changes say it better than words, and that something to create doesn't exist is no news unless it did once.
    let plain = match action {
        Action::Create => !why.contains("state") && !why.contains("earlier run"),
        Action::Adopt => false,
        Action::NoOp | Action::Update | Action::Replace | Action::Delete => true,
    };
    PlanRow { addr, phase, title, action, why: if plain { String::new() } else { why }, changes }
}

/// Shows a plan before it is executed: on stderr for people, as an event on stdout for programs.
pub(super) fn announce(global: &Global, plan: &Plan) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        event: &'static str,
        plan: &'a Plan,
    }
    if global.output != Output::Json {
        printer::error(&text(plan, global.color()));
        return Ok(());
    }
    let line = serde_json::to_string(&Line { event: "plan", plan }).map_err(|error| {
        crate::model::Error::new(crate::model::ErrorClass::Bug, format!("a plan can't be written as JSON: {error}"))
    })?;
    printer::data(&(line + "\n"))
}
