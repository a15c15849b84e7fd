//! `journal.jsonl`: one line an event, with a number and a checksum. The end may be torn; nothing else may be wrong.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::engine::Record;
use crate::model::{Action, Addr, Error, ErrorClass, Result};

use super::document::Document;
use super::files::Intent;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(super) enum Entry {
    /// An action will be tried.
    Intended { addr: Addr, action: Action, token: String },
    /// A resource is known to exist.
    Acknowledged { addr: Addr, record: Record },
    /// An attempt was refused.
    Abandoned { addr: Addr },
    /// A resource is known to be gone.
    Forgotten { addr: Addr },
}

/// A line without its checksum.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    seq: u64,
    at: String,
    #[serde(flatten)]
    entry: Entry,
}

const PREFIX: &str = r#"{"sum":""#;
const SUM: usize = 16;

/// The bytes of a line: `{"sum":"<16 hex digits>","seq":...}` and a line feed. The sum covers the lineage and all after it.
pub(super) fn encode(lineage: &str, seq: u64, at: &str, entry: &Entry) -> Result<Vec<u8>> {
    let line = Line { seq, at: at.to_owned(), entry: entry.clone() };
    let body = serde_json::to_string(&line)
        .map_err(|error| Error::new(ErrorClass::Bug, format!("a journal line can't be written as JSON: {error}")))?;
    let rest = &body[1..];
    Ok(format!("{PREFIX}{}\",{rest}\n", sum(lineage, rest)).into_bytes())
}

fn sum(lineage: &str, rest: &str) -> String {
    let digest = Sha256::new().chain_update(lineage).chain_update(rest).finalize();
    digest.iter().take(SUM / 2).map(|byte| format!("{byte:02x}")).collect()
}

fn decode(lineage: &str, line: &[u8]) -> Result<Line, String> {
    let text = std::str::from_utf8(line).map_err(|_| "it isn't text")?;
    let found = text.strip_prefix(PREFIX).and_then(|t| t.get(..SUM).zip(t.get(SUM..)?.strip_prefix("\",")));
    let (found, rest) = found.ok_or("it doesn't begin with a checksum")?;
    if found != sum(lineage, rest) {
        return Err("its checksum is wrong".into());
    }
    serde_json::from_str(&format!("{{{rest}")).map_err(|error| error.to_string())
}

/// Adds the events of a journal to a document. Returns how many bytes of it are whole: the rest is a torn last line.
pub(super) fn replay(document: &mut Document, bytes: &[u8], path: &Path) -> Result<u64> {
    let mut whole = 0;
    let mut before = None;
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let Some(line_text) = line.strip_suffix(b"\n") else { break };
        let damaged = |what: String| damaged(path, number + 1, &what);
        let line_read = decode(&document.lineage, line_text).map_err(damaged)?;
        if before.is_some_and(|seq: u64| line_read.seq != seq + 1) || line_read.seq > document.journaled + 1 {
            return Err(damaged(format!("line {} of the run is missing before it", document.journaled + 1)));
        }
        before = Some(line_read.seq);
        whole += line.len() as u64;
        // The snapshot was written and the journal not yet emptied.
        if line_read.seq <= document.journaled {
            continue;
        }
        apply(document, line_read.entry, &line_read.at).map_err(damaged)?;
        document.journaled = line_read.seq;
    }
    Ok(whole)
}

/// Every legal transition of what is known of a resource.
pub(super) fn apply(document: &mut Document, entry: Entry, at: &str) -> Result<(), String> {
    let (resources, intents) = (&mut document.resources, &mut document.intents);
    match entry {
        Entry::Intended { addr, action, token } if action.writes() => {
            intents.insert(addr, Intent { action, token, at: at.to_owned() });
        }
        Entry::Intended { addr, action, .. } => return Err(format!("{addr}: {action:?} can't be intended")),
        Entry::Acknowledged { addr, record } => {
            // Not seen ready yet: reads may not show it either, and its token must not be lost.
            if record.ready || intents.get(&addr).is_none_or(|intent| intent.action == Action::Delete) {
                intents.remove(&addr);
            }
            resources.insert(addr, record);
        }
        Entry::Abandoned { addr } => {
            intents.remove(&addr).ok_or_else(|| format!("{addr}: nothing was intended that could be refused"))?;
        }
        Entry::Forgotten { addr } => {
            let intent = intents.remove(&addr).is_some();
            if !(resources.remove(&addr).is_some() || intent) {
                return Err(format!("{addr}: it can't be gone, for it was never there"));
            }
        }
    }
    Ok(())
}

fn damaged(path: &Path, line: usize, what: &str) -> Error {
    Error::new(ErrorClass::StateIo, format!("{} is damaged in line {line}: {what}", path.display()))
        .hint(format!(
            "keep a copy, and cut it off before line {line}: the next run reads what exists and goes on from there"
        ))
        .hint("or move the whole folder away and run `kfctl-cn up`: it adopts everything that exists")
}
