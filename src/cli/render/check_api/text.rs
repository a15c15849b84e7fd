//! The report of `--check-api` for people.

use std::fmt::Write;

use super::{Finding, Report};

/// What needs a hand first, then what is raised, then how many of each.
pub(super) fn report(report: &Report) -> String {
    let mut out = String::new();
    let (hand, raised): (Vec<&Finding>, Vec<&Finding>) = report.findings.iter().partition(|f| !f.unserved.is_empty());
    // Writing to a string can't fail.
    for finding in hand.iter().chain(&raised) {
        let gone = finding.gone_since.as_ref().map(|since| format!(", gone since {since}")).unwrap_or_default();
        let _ = writeln!(out, "{} ({})\n  {}{gone}", finding.object, finding.source, finding.api_version);
        if let Some(raised) = &finding.raised {
            let _ = writeln!(out, "  becomes {} by {}", raised.api_version, raised.rule);
            for change in raised.changes.iter().skip(1) {
                let _ = writeln!(out, "    {change}");
            }
        }
        for unserved in &finding.unserved {
            let _ = writeln!(out, "  needs a hand: {}", unserved.seen);
            let _ = writeln!(out, "    hint: {}", unserved.hint);
        }
        out.push('\n');
    }
    out + &summary(report) + "\n"
}

/// How many there are of each.
pub(super) fn summary(report: &Report) -> String {
    let (all, raised, hand) = (report.objects, report.raised, report.unserved);
    let stay = all - raised - hand;
    let s = |count| if count == 1 { "" } else { "s" };
    format!(
        "Kubernetes {}: {all} object{}: {stay} taken as they are, {raised} raised, {hand} in need of a hand",
        report.kubernetes,
        s(all)
    )
}

/// What needs a hand, a line each.
pub(super) fn unserved(report: &Report) -> Vec<String> {
    let all = report.findings.iter().flat_map(|finding| {
        finding
            .unserved
            .iter()
            .map(move |one| format!("  {} ({}): {}; {}", finding.object, finding.source, one.seen, one.hint))
    });
    all.collect()
}
