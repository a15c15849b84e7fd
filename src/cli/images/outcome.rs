//! What became of each image, as data and as an exit code.

use serde::Serialize;

use super::super::{Global, printer};
use crate::model::{Error, ErrorClass, ExitStatus, Result};
use crate::registry::copy::{Ended, Job};

#[derive(Serialize)]
struct Line {
    source: String,
    target: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Line {
    fn of(job: &Job, ended: &Ended) -> Line {
        let (outcome, digest, reason) = match ended {
            Ended::Copied(digest) => ("copied", Some(digest.to_string()), None),
            Ended::Present(digest) => ("present", digest.map(|d| d.to_string()), None),
            Ended::Kept(why) => ("kept", None, Some(why.clone())),
            Ended::Missing => ("missing", None, None),
            Ended::Different(why) => ("different", None, Some(why.clone())),
            Ended::Failed(error) => ("failed", None, Some(error.to_string())),
        };
        Line { source: job.source.to_string(), target: job.target.to_string(), outcome, digest, reason }
    }
}

/// Prints what became of the images.
///
/// # Errors
/// If some failed: with the class of all of them if it is one, else `Permanent`; both mean that the same command goes on.
pub(super) fn report(global: &Global, jobs: &[Job], all: &[Ended]) -> Result<ExitStatus> {
    let lines: Vec<Line> = jobs.iter().zip(all).map(|(job, ended)| Line::of(job, ended)).collect();
    printer::value(global.output, &lines, |lines| {
        let row = |l: &Line| {
            format!("{}\t{}\t{}\t{}\n", l.outcome, l.source, l.target, l.reason.as_deref().unwrap_or_default())
        };
        lines.iter().map(row).collect()
    })?;
    let count = |what| lines.iter().filter(|line| line.outcome == what).count();
    let counted = ["copied", "present", "kept", "missing", "different", "failed"].map(|what| (count(what), what));
    let words: Vec<String> = counted.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    printer::note(&format!("{} images: {}", lines.len(), words.join(", ")));
    let failed: Vec<&Error> =
        all.iter().filter_map(|ended| if let Ended::Failed(error) = ended { Some(error) } else { None }).collect();
    let Some(first) = failed.first() else { return Ok(ExitStatus::OK) };
    let same = failed.iter().all(|error| error.class == first.class);
    let class = if same { first.class } else { ErrorClass::Permanent };
    let mut error = Error::new(class, format!("{} of {} images failed", failed.len(), lines.len()));
    error.chain.extend(first.chain.iter().cloned());
    let mut hints: Vec<String> = Vec::new();
    for hint in failed.iter().flat_map(|error| &error.hints) {
        if !hints.contains(hint) {
            hints.push(hint.clone());
        }
    }
    error.hints = hints;
    Err(error)
}
