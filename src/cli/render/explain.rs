//! `--explain`: which adaptation changed what in which object, why, and where that is known from.

use std::fmt::Write;

use serde::Serialize;

use crate::adapt::{self, Adapted, Set};
use crate::cli::{Global, printer};
use crate::model::Result;

/// How the ids of users' overlays begin.
const OVERLAY: &str = "overlay/";
/// Reason and source of what they change.
const OWN: (&str, &str) = ("an overlay of the configuration", "spec.kubeflow.overlays");

#[derive(Serialize)]
struct Change<'a> {
    set: &'a str,
    adaptation: &'a str,
    object: String,
    changes: &'a [String],
    reason: &'a str,
    source: &'a str,
}

/// Prints the changes: for people by adaptation, so that each reason stands once; as data one entry an object.
pub(super) fn print(global: &Global, rendered: &[(Set, Adapted)]) -> Result<()> {
    let mut all: Vec<Change<'_>> = Vec::new();
    for (set, adapted) in rendered {
        all.extend(adapted.applied.iter().map(|applied| {
            let known = adapt::adaptations().iter().find(|known| known.id == applied.id);
            let own = if applied.id.starts_with(OVERLAY) { OWN } else { ("", "") };
            Change {
                set: set.as_str(),
                adaptation: &applied.id,
                object: applied.object.to_string(),
                changes: &applied.changes,
                reason: known.map_or(own.0, |known| known.reason.trim()),
                source: known.map_or(own.1, |known| known.source.trim()),
            }
        }));
    }
    printer::value(global.output, &all, |all| text(all))
}

fn text(all: &[Change<'_>]) -> String {
    let mut ids: Vec<&str> = Vec::new();
    for change in all {
        if !ids.contains(&change.adaptation) {
            ids.push(change.adaptation);
        }
    }
    let mut out = String::new();
    for id in ids {
        let group: Vec<&Change<'_>> = all.iter().filter(|change| change.adaptation == id).collect();
        let (reason, source) = (group[0].reason.replace('\n', " "), group[0].source);
        // Writing to a string can't fail.
        let _ = writeln!(out, "{id}\n  why: {reason}\n  source: {source}");
        for change in group {
            let _ = writeln!(out, "  {} ({})\n    {}", change.object, change.set, change.changes.join("\n    "));
        }
        out.push('\n');
    }
    out
}
