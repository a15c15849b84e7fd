//! How an error is shown: what failed, why, what to do, and how to go on.

use std::ffi::OsString;
use std::fmt::Write;

use super::args::quote;
use crate::model::{Error, ErrorClass};

/// The text for people, several lines.
pub fn render(error: &Error, go_on: Option<&str>) -> String {
    let mut text = String::new();
    for (i, message) in error.chain.iter().enumerate() {
        let label = if i == 0 { "error" } else { "  caused by" };
        line(&mut text, label, message);
    }
    if let Some(id) = &error.request_id {
        line(&mut text, "  request id", id);
    }
    for hint in &error.hints {
        line(&mut text, "hint", hint);
    }
    if let Some(command) = go_on {
        line(&mut text, "go on with", command);
    }
    text
}

/// A label and a message; further lines of the message are indented, so that the label stays findable.
fn line(text: &mut String, label: &str, message: &str) {
    let indent = " ".repeat(label.len() - label.trim_start().len() + 4);
    let message = message.trim_end().replace('\n', &format!("\n{indent}"));
    // Writing to a String can't fail.
    let _ = writeln!(text, "{label}: {message}");
}

/// The command line that goes on after an error: the same again for what is resumable, nothing for what a repetition
/// won't mend.
pub fn go_on(command: &str, argv: &[OsString], class: ErrorClass) -> Option<String> {
    let repeat = !matches!(class, ErrorClass::Usage | ErrorClass::Config | ErrorClass::Bug | ErrorClass::StateNewer);
    if !repeat || !matches!(command, "up" | "down") {
        return None;
    }
    let words = argv.iter().skip(1).map(|word| quote(&word.to_string_lossy()));
    Some(std::iter::once("kfctl-cn".to_string()).chain(words).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_chain_request_id_hints_and_the_way_on() {
        let error = Error::new(ErrorClass::Permanent, "access denied")
            .context("can't create the cluster\nas asked")
            .request_id("1-2-3")
            .hint("allow eks:CreateCluster");
        let argv: Vec<OsString> = ["/x/kfctl-cn", "up", "--file", "my file.yaml"].map(Into::into).into();
        let text = render(&error, go_on("up", &argv, error.class).as_deref());
        insta::assert_snapshot!(text, @r"
        error: can't create the cluster
            as asked
          caused by: access denied
          request id: 1-2-3
        hint: allow eks:CreateCluster
        go on with: kfctl-cn up --file 'my file.yaml'
        ");
    }

    #[test]
    fn a_repetition_is_offered_only_where_it_helps() {
        let argv: Vec<OsString> = ["kfctl-cn", "up"].map(Into::into).into();
        assert_eq!(go_on("up", &argv, ErrorClass::Interrupted).as_deref(), Some("kfctl-cn up"));
        assert_eq!(go_on("up", &argv, ErrorClass::Config), None);
        assert_eq!(go_on("verify", &argv, ErrorClass::Permanent), None);
    }
}
