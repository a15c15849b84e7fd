//! JUnit XML, the form in which CI systems read results: one suite a run, a case a check or a step.
//!
//! Source of the shape: the schema that Jenkins' JUnit plug-in and GitLab read (`testsuites`/`testsuite`/`testcase`, with `failure`,
//! `skipped` and `system-out`).

use std::fmt::Write;
use std::time::Duration;

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseResult {
    /// It is true, or done.
    Passed,
    /// It is false, or failed: why in a line, and everything that helps.
    Failed {
        /// One line.
        message: String,
        /// All that is known, with what to do.
        details: String,
    },
    /// It wasn't looked at, or not done, for a reason that is no failure.
    Skipped(String),
}

/// One check or step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCase {
    /// The group, such as a category or a phase.
    pub class: String,
    /// What it is about.
    pub name: String,
    /// Wall time.
    pub took: Duration,
    /// How it ended.
    pub result: CaseResult,
    /// What people should know though it passed; empty if nothing.
    pub output: String,
}

/// A document with one suite.
pub fn junit(suite: &str, cases: &[TestCase]) -> String {
    let count = |test: fn(&CaseResult) -> bool| cases.iter().filter(|case| test(&case.result)).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\"",
        cases.len(),
        count(|r| matches!(r, CaseResult::Failed { .. })),
        count(|r| matches!(r, CaseResult::Skipped(_))),
        seconds(cases.iter().map(|case| case.took).sum()),
    );
    let name = escape(suite);
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    xml += &format!("<testsuites name=\"{name}\" {counts}>\n  <testsuite name=\"{name}\" {counts}>\n");
    for case in cases {
        xml += &element(suite, case);
    }
    xml + "  </testsuite>\n</testsuites>\n"
}

fn element(suite: &str, case: &TestCase) -> String {
    // Jenkins groups by what comes before the last dot.
    let class = escape(&format!("{suite}.{}", case.class));
    let mut xml =
        format!("    <testcase classname=\"{class}\" name=\"{}\" time=\"{}\">", escape(&case.name), seconds(case.took));
    match &case.result {
        CaseResult::Passed => {}
        CaseResult::Failed { message, details } => {
            let _ = write!(xml, "<failure message=\"{}\">{}</failure>", escape(message), escape(details));
        }
        CaseResult::Skipped(why) => {
            let _ = write!(xml, "<skipped message=\"{}\"/>", escape(why));
        }
    }
    if !case.output.is_empty() {
        let _ = write!(xml, "<system-out>{}</system-out>", escape(&case.output));
    }
    xml + "</testcase>\n"
}

fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}

/// Text for an attribute or an element. What XML 1.0 can't hold at all becomes a replacement character.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            // A parser makes a space of a bare one in an attribute.
            '\n' => escaped += "&#10;",
            '\t' => escaped += "&#9;",
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(name: &str, result: CaseResult, output: &str) -> TestCase {
        TestCase {
            class: "quotas".into(),
            name: name.into(),
            took: Duration::from_millis(1500),
            result,
            output: output.into(),
        }
    }

    #[test]
    fn one_suite_with_each_way_to_end() {
        let failed =
            CaseResult::Failed { message: "5 of 5 in use".into(), details: "5 of 5 in use\nhint: ask for more".into() };
        let cases = [
            case("VPCs", CaseResult::Passed, "warning: nearly full"),
            case("elastic IPs", failed, ""),
            case("GPUs", CaseResult::Skipped("denied".into()), ""),
        ];
        insta::assert_snapshot!(junit("check", &cases), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="check" tests="3" failures="1" errors="0" skipped="1" time="4.500">
          <testsuite name="check" tests="3" failures="1" errors="0" skipped="1" time="4.500">
            <testcase classname="check.quotas" name="VPCs" time="1.500"><system-out>warning: nearly full</system-out></testcase>
            <testcase classname="check.quotas" name="elastic IPs" time="1.500"><failure message="5 of 5 in use">5 of 5 in use&#10;hint: ask for more</failure></testcase>
            <testcase classname="check.quotas" name="GPUs" time="1.500"><skipped message="denied"/></testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn no_text_breaks_the_document() {
        let nasty = "<b a=\"1\">&]]>\u{1b}[31m\0\u{fffe}\r x";
        let xml = junit(nasty, &[case(nasty, CaseResult::Skipped(nasty.into()), nasty)]);
        let held = "&lt;b a=&quot;1&quot;&gt;&amp;]]&gt;\u{fffd}[31m\u{fffd}\u{fffd}\u{fffd} x";
        assert_eq!(xml.matches(held).count(), 6, "{xml}");
        assert!(!xml.contains(|c: char| c < ' ' && c != '\n'));
    }
}
