//! A plan for people: what is done, to what, and why.

use std::time::Duration;

use super::text::{Color, first_line, paint, took};
use crate::model::{Action, Addr, Change, Phase};

/// One step of a plan, as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanRow {
    /// The resource.
    pub addr: Addr,
    /// Its phase.
    pub phase: Phase,
    /// What is done.
    pub action: Action,
    /// The resource in words.
    pub title: String,
    /// Why.
    pub why: String,
    /// The fields that change.
    pub changes: Vec<Change>,
}

/// A plan, as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanText {
    /// All steps; those that do nothing are only counted.
    pub rows: Vec<PlanRow>,
    /// How long it typically takes.
    pub estimate: Duration,
    /// What can't be done: what and why.
    pub refused: Vec<(String, String)>,
    /// What stays though all goes: what and why.
    pub left: Vec<(String, String)>,
}

impl PlanText {
    /// The text, several lines.
    pub fn render(&self, color: bool) -> String {
        let mut text = String::new();
        for phase in Phase::ALL {
            let rows: Vec<_> = self.rows.iter().filter(|r| r.phase == phase && r.action != Action::NoOp).collect();
            if rows.is_empty() {
                continue;
            }
            text += &format!("{}\n", paint(color, Color::Bold, phase.as_str()));
            for row in rows {
                text += &line(row, color);
            }
        }
        for (what, why) in &self.refused {
            text += &format!("  {} {what} is refused: {why}\n", paint(color, Color::Red, "x"));
        }
        for (what, why) in &self.left {
            text += &format!("  {what} stays: {why}\n");
        }
        text + &self.total()
    }

    fn total(&self) -> String {
        let count = |action| self.rows.iter().filter(|r| r.action == action).count();
        let words = [
            (Action::Create, "to create"),
            (Action::Adopt, "to adopt"),
            (Action::Update, "to update"),
            (Action::Replace, "to replace"),
            (Action::Delete, "to delete"),
        ];
        let mut parts: Vec<String> =
            words.iter().filter(|(a, _)| count(*a) > 0).map(|(a, word)| format!("{} {word}", count(*a))).collect();
        if !self.refused.is_empty() {
            parts.push(format!("{} refused", self.refused.len()));
        }
        if parts.is_empty() {
            return match count(Action::NoOp) {
                0 => "Nothing to do.\n".into(),
                1 => "Nothing to do: 1 resource is as wanted.\n".into(),
                n => format!("Nothing to do: {n} resources are as wanted.\n"),
            };
        }
        if count(Action::NoOp) > 0 {
            parts.push(format!("{} as wanted", count(Action::NoOp)));
        }
        format!("Plan: {}. Typically takes {}.\n", parts.join(", "), took(self.estimate))
    }
}

fn line(row: &PlanRow, color: bool) -> String {
    let hue = match row.action {
        Action::Create => Color::Green,
        Action::Delete | Action::Replace => Color::Red,
        Action::Update => Color::Yellow,
        Action::Adopt | Action::NoOp => Color::Dim,
    };
    let sign = paint(color, hue, row.action.symbol());
    let why = paint(color, Color::Dim, first_line(&row.why));
    let mut text = format!("  {sign} {:<34} {}", row.addr.to_string(), row.title);
    if !why.is_empty() {
        text += &format!("  ({why})");
    }
    text.push('\n');
    for change in &row.changes {
        let why = if change.why.is_empty() { String::new() } else { format!("  ({})", change.why) };
        text += &format!("      {}: {} → {}{why}\n", change.field, change.from, change.to);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(addr: &str, phase: Phase, action: Action, why: &str, changes: Vec<Change>) -> PlanRow {
        let title = format!("the {}", addr.split('/').next_back().unwrap());
        PlanRow { addr: addr.into(), phase, action, title, why: why.into(), changes }
    }

    #[test]
    fn shows_what_changes_and_counts_the_rest() {
        let plan = PlanText {
            rows: vec![
                row("cluster/vpc", Phase::Cluster, Action::NoOp, "", vec![]),
                row("cluster/eks", Phase::Cluster, Action::Create, "isn't there", vec![]),
                row(
                    "data/bucket",
                    Phase::Data,
                    Action::Update,
                    "differs",
                    vec![Change::update("versioning", "off", "on")],
                ),
                row(
                    "karpenter/access",
                    Phase::Karpenter,
                    Action::Replace,
                    "",
                    vec![Change::update("type", "STANDARD", "EC2_LINUX").replacing("EKS fixes it")],
                ),
            ],
            estimate: Duration::from_secs(900),
            refused: vec![("data/db (the db)".into(), "`engine` is 8.4 and isn't changed to 8.0".into())],
            left: vec![("the database".into(), "it holds your data".into())],
        };
        insta::assert_snapshot!(plan.render(false));
        assert!(plan.render(true).contains("\x1b[32m+\x1b[0m"));
    }

    #[test]
    fn says_when_there_is_nothing_to_do() {
        let rows = vec![row("cluster/vpc", Phase::Cluster, Action::NoOp, "", vec![])];
        let plan = PlanText { rows, estimate: Duration::ZERO, refused: vec![], left: vec![] };
        assert_eq!(plan.render(false), "Nothing to do: 1 resource is as wanted.\n");
    }
}
