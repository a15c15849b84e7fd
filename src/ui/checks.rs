//! The face of `check` and `verify`: a line a check, grouped, with what to do where it isn't true.

use serde::Serialize;

use super::text::{Color, paint};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is true.
    Pass,
    /// Not quite.
    Warn,
    /// It is false.
    Fail,
    /// It couldn't be looked at.
    Skip,
}

/// One check that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckLine {
    /// The group.
    pub category: String,
    /// What is true if it passes.
    pub what: String,
    /// How it ended.
    pub status: Status,
    /// What was seen; empty if there is nothing to add.
    pub seen: String,
    /// What to do; empty if nothing.
    pub hint: String,
    /// Where the documentation tells of it, such as `docs/guides/checks.md#quotas`.
    pub doc: String,
}

impl CheckLine {
    /// The text, with the heading of its group if that isn't the one before.
    pub fn render(&self, before: Option<&CheckLine>, color: bool) -> String {
        let mut text = String::new();
        if before.is_none_or(|b| b.category != self.category) {
            text += &format!("{}\n", paint(color, Color::Bold, &self.category));
        }
        let (sign, hue) = match self.status {
            Status::Pass => ("✓", Color::Green),
            Status::Warn => ("!", Color::Yellow),
            Status::Fail => ("✗", Color::Red),
            Status::Skip => ("-", Color::Dim),
        };
        text += &format!("  {} {}", paint(color, hue, sign), self.what);
        if !self.seen.is_empty() {
            text += &format!(": {}", self.seen.replace('\n', "\n      "));
        }
        text.push('\n');
        if !self.hint.is_empty() {
            text += &format!("      hint: {}\n", self.hint.replace('\n', "\n      "));
            text += &format!("      see:  {}\n", self.doc);
        }
        text
    }
}

/// More lines than a screen shows at once: what failed is then told again at the end.
const SCREEN: usize = 40;

/// The last lines: what failed, if that may be out of sight by now, and how many ended how.
pub fn summary(lines: &[CheckLine]) -> String {
    let failed: Vec<&CheckLine> = lines.iter().filter(|l| l.status == Status::Fail).collect();
    let mut text = String::new();
    if lines.len() > SCREEN && !failed.is_empty() {
        text += "failed:\n";
        for line in failed {
            text += &format!("  {}: {}: {}\n", line.category, line.what, line.seen.lines().next().unwrap_or_default());
        }
    }
    text + &counts(lines)
}

fn counts(lines: &[CheckLine]) -> String {
    let count = |status| lines.iter().filter(|l| l.status == status).count();
    let words =
        [(Status::Pass, "passed"), (Status::Warn, "warned"), (Status::Fail, "failed"), (Status::Skip, "skipped")];
    let parts: Vec<String> =
        words.iter().filter(|(s, _)| count(*s) > 0).map(|(s, word)| format!("{} {word}", count(*s))).collect();
    format!("{} checks: {}\n", lines.len(), if parts.is_empty() { "none".into() } else { parts.join(", ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grouped_with_hints_and_a_sum() {
        let line = |category: &str, what: &str, status, seen: &str, hint: &str| CheckLine {
            category: category.into(),
            what: what.into(),
            status,
            seen: seen.into(),
            hint: hint.into(),
            doc: format!("docs/guides/checks.md#{category}"),
        };
        let lines = [
            line("credentials", "credentials are of partition aws-cn", Status::Pass, "123456789012", ""),
            line("credentials", "the account is the one asked for", Status::Skip, "no account is asked for", ""),
            line("quotas", "5 elastic IPs are free", Status::Fail, "2 are free", "raise quota L-0263D0A3"),
            line("quotas", "GPUs may be started", Status::Warn, "the quota can't be read", "allow servicequotas:Get*"),
        ];
        let mut text = String::new();
        for (i, line) in lines.iter().enumerate() {
            text += &line.render(i.checked_sub(1).map(|i| &lines[i]), false);
        }
        insta::assert_snapshot!(text + &summary(&lines));
        assert!(lines[2].render(None, true).contains("\x1b[31m✗"));
        let long: Vec<CheckLine> = lines.iter().cycle().take(SCREEN + 1).cloned().collect();
        assert!(summary(&long).starts_with("failed:\n  quotas: 5 elastic IPs are free: 2 are free\n"));
    }
}
