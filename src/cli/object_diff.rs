//! How one object differs from another, as people read it: a unified diff of its YAML, without secrets.

mod mask;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use crate::kustomize;
use crate::model::Object;

/// How many unchanged lines stand around a change.
const CONTEXT: usize = 3;

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Change {
    /// It is there only afterwards.
    Added,
    /// It was there only before.
    Removed,
    /// It is another one.
    Changed,
}

/// How an object differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ObjectDiff {
    /// What became of it.
    pub(super) change: Change,
    /// The hunks of a unified diff of the YAML, `@@` lines included.
    pub(super) diff: String,
}

/// Compares an object with itself, before and after; `None` on the side where it isn't there. Gives `None` if nothing differs.
///
/// The data of Secrets, bcrypt hashes and the texts in `secrets` never show; that they differ does: `(secret, before)` and
/// `(secret, after)`.
pub(super) fn compare(before: Option<&Object>, after: Option<&Object>, secrets: &[String]) -> Option<ObjectDiff> {
    let change = match (before, after) {
        (None, None) => return None,
        (None, Some(_)) => Change::Added,
        (Some(_), None) => Change::Removed,
        (Some(before), Some(after)) if before == after => return None,
        _ => Change::Changed,
    };
    let (old, new) = mask::both(before, after, secrets);
    let yaml = |object: &Option<Object>| object.as_ref().map(|object| kustomize::to_yaml(std::slice::from_ref(object)));
    let (old, new) = (yaml(&old).unwrap_or_default(), yaml(&new).unwrap_or_default());
    // Objects whose keys stand in another order are written the same.
    (old != new).then(|| ObjectDiff { change, diff: hunks(&old, &new) })
}

fn hunks(old: &str, new: &str) -> String {
    let lines = TextDiff::from_lines(old, new);
    let mut out = String::new();
    for group in lines.grouped_ops(CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let range = |start: usize, end: usize| match end - start {
            0 => format!("{start},0"),
            1 => format!("{}", start + 1),
            count => format!("{},{count}", start + 1),
        };
        let (before, after) =
            (first.old_range().start..last.old_range().end, first.new_range().start..last.new_range().end);
        out.push_str(&format!("@@ -{} +{} @@\n", range(before.start, before.end), range(after.start, after.end)));
        for change in group.iter().flat_map(|op| lines.iter_changes(op)) {
            out.push(match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            });
            out.push_str(change.value());
        }
    }
    out
}

impl ObjectDiff {
    /// The diff below a header: one line for the object, one for each of `notes`. `name` is how the object is called;
    /// `sides` are the names of before and after. With `color`, what goes is red and what comes green.
    pub(super) fn text(&self, name: &str, sides: (&str, &str), notes: &[String], color: bool) -> String {
        let mut out = format!("# {}: {name}\n", self.change.word());
        out.extend(notes.iter().map(|note| format!("#   {note}\n")));
        let side = |there: bool, side: &str| if there { format!("{side}/{name}") } else { "/dev/null".to_owned() };
        out.push_str(&format!("--- {}\n", side(self.change != Change::Added, sides.0)));
        out.push_str(&format!("+++ {}\n", side(self.change != Change::Removed, sides.1)));
        for line in self.diff.split_inclusive('\n') {
            match line.as_bytes().first() {
                Some(b'-') if color => paint(&mut out, "31", line),
                Some(b'+') if color => paint(&mut out, "32", line),
                Some(b'@') if color => paint(&mut out, "36", line),
                _ => out.push_str(line),
            }
        }
        out
    }
}

fn paint(out: &mut String, code: &str, line: &str) {
    out.push_str(&format!("\x1b[{code}m{}\x1b[0m\n", line.trim_end_matches('\n')));
}

impl Change {
    fn word(self) -> &'static str {
        match self {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Changed => "changed",
        }
    }
}

#[cfg(test)]
mod tests;
