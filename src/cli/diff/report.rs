//! What differs, for people and for programs.

use std::collections::BTreeSet;

use serde::Serialize;

use super::suspect;
use crate::cli::object_diff;
use crate::kube::{Fate, Forecast, Refusal};
use crate::model::{Addr, Object};

/// All that was found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    /// How many objects were compared.
    compared: usize,
    /// The objects that aren't as wanted, in the order in which they are applied.
    objects: Vec<Line>,
    /// The resources whose objects can't be known yet.
    unknown: Vec<Unknown>,
    /// What must not show.
    #[serde(skip)]
    secrets: BTreeSet<String>,
}

#[derive(Debug, Serialize)]
struct Unknown {
    resource: Addr,
    reason: String,
}

/// One object.
#[derive(Debug, Serialize)]
struct Line {
    kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    group: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    namespace: String,
    name: String,
    resource: Addr,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    /// A unified diff of YAML, without secrets.
    #[serde(skip_serializing_if = "String::is_empty")]
    diff: String,
    #[serde(skip)]
    shown: Option<object_diff::ObjectDiff>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    New,
    Changed,
    Pruned,
    Kept,
    Refused,
}

impl Report {
    pub(super) fn new(unknown: Vec<(Addr, String)>, secrets: BTreeSet<String>) -> Self {
        let unknown = unknown.into_iter().map(|(resource, reason)| Unknown { resource, reason }).collect();
        Report { unknown, secrets, ..Report::default() }
    }

    /// Takes in what becomes of an object.
    pub(super) fn add(&mut self, resource: &Addr, forecast: Forecast) {
        self.compared += 1;
        let mut notes = Vec::new();
        if forecast.foreign {
            notes.push("others made it: `up` may refuse to take it over".to_owned());
        }
        let (outcome, before, after) = match forecast.fate {
            Fate::Same => return,
            Fate::New { after, unasked } => {
                notes.extend(unasked.map(|why| format!("the server can't be asked yet: {why}")));
                (Outcome::New, None, Some(after))
            }
            Fate::Changed { before, after, taken } => {
                notes.extend(taken.map(|what| format!("taken from another manager: {what}")));
                (Outcome::Changed, Some(before), Some(after))
            }
            Fate::Pruned { before } => (Outcome::Pruned, Some(before), None),
            Fate::Kept => {
                notes.push("no longer wanted; it stays, since it may hold data".to_owned());
                (Outcome::Kept, None, None)
            }
            Fate::Refused(refusal) => {
                notes.extend(self.told(refusal));
                (Outcome::Refused, None, None)
            }
        };
        let shown = self.compare(before.as_ref(), after.as_ref());
        let id = forecast.id;
        let diff = shown.as_ref().map(|shown| shown.diff.clone()).unwrap_or_default();
        let (group, kind, namespace, name) = (id.group, id.kind, id.namespace, id.name);
        self.objects.push(Line {
            kind,
            group,
            namespace,
            name,
            resource: resource.clone(),
            outcome,
            notes,
            diff,
            shown,
        });
    }

    fn compare(&self, before: Option<&Object>, after: Option<&Object>) -> Option<object_diff::ObjectDiff> {
        let mut secrets = self.secrets.clone();
        before.into_iter().chain(after).for_each(|object| suspect::collect(object, &mut secrets));
        object_diff::compare(before, after, &secrets.into_iter().collect::<Vec<_>>())
    }

    fn told(&self, refusal: Refusal) -> Vec<String> {
        let passing = refusal.passes().then(|| "this may pass by itself: try again".to_owned());
        let hide = |text: String| self.secrets.iter().fold(text, |text, secret| text.replace(secret, "(secret)"));
        std::iter::once(refusal.message)
            .map(hide)
            .chain(refusal.hint.map(|hint| format!("hint: {hint}")))
            .chain(passing)
            .collect()
    }

    /// True if an apply would do something, or might.
    pub(super) fn differs(&self) -> bool {
        !self.unknown.is_empty() || self.objects.iter().any(|line| line.outcome != Outcome::Kept)
    }

    /// The diffs, one below the other.
    pub(super) fn text(&self, color: bool) -> String {
        let mut parts: Vec<String> = self.objects.iter().map(|line| line.text(color)).collect();
        let unknown = self.unknown.iter();
        parts.extend(unknown.map(|unknown| format!("# not known yet: {}\n#   {}\n", unknown.resource, unknown.reason)));
        parts.join("\n")
    }

    /// One sentence with the numbers.
    pub(super) fn summary(&self) -> String {
        const WORDS: [(Outcome, &str); 5] = [
            (Outcome::New, "new"),
            (Outcome::Changed, "changed"),
            (Outcome::Pruned, "pruned"),
            (Outcome::Kept, "no longer wanted but kept"),
            (Outcome::Refused, "refused"),
        ];
        let count = |outcome| self.objects.iter().filter(|line| line.outcome == outcome).count();
        let mut found: Vec<String> = WORDS
            .into_iter()
            .map(|(outcome, word)| (count(outcome), word))
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        if !self.unknown.is_empty() {
            found.push(format!("{} resources whose objects aren't known yet", self.unknown.len()));
        }
        let found = if found.is_empty() { "nothing differs".into() } else { found.join(", ") };
        format!("{} objects compared: {found}", self.compared)
    }
}

impl Line {
    fn text(&self, color: bool) -> String {
        let namespace = if self.namespace.is_empty() { String::new() } else { format!("{}/", self.namespace) };
        let name = format!("{}/{namespace}{}", self.kind, self.name);
        match &self.shown {
            Some(shown) => shown.text(&name, ("live", "applied"), &self.notes, color),
            None => {
                let word = match self.outcome {
                    Outcome::Refused => "refused",
                    Outcome::Kept => "kept",
                    Outcome::New | Outcome::Changed | Outcome::Pruned => "differs only in the order of its fields",
                };
                let notes: String =
                    self.notes.iter().map(|note| format!("#   {}\n", note.replace('\n', "\n#   "))).collect();
                format!("# {word}: {name}\n{notes}")
            }
        }
    }
}

#[cfg(test)]
mod tests;
