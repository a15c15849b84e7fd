//! Reading YAML into JSON values.
//!
//! Kubernetes manifests are read with YAML 1.2 booleans (`yes` is a string) and old octals (`0644` is 420). Kustomization
//! files and JSON patches go through the older rules, where `yes` is a boolean.

use serde_json::{Map, Value};
use serde_saphyr::{DuplicateKeyPolicy, MergeKeyPolicy, Options};

use super::super::invalid;
use super::unique::Unique;
use crate::model::{Object, Result};

/// The deepest nesting of a document.
const MAX_DEPTH: usize = 200;

pub(super) fn options(strict_booleans: bool, keys_twice: DuplicateKeyPolicy) -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_documents: 100_000,
            max_nodes: 5_000_000,
            max_events: 20_000_000,
            max_total_scalar_bytes: 256 * 1024 * 1024,
        },
        duplicate_keys: keys_twice,
        strict_booleans: strict_booleans,
        legacy_octal_numbers: true,
        with_snippet: false,
        emit_comments: false,
    }
}

/// Reads all documents of a text, without the empty ones. `origin` names the text in errors.
fn documents(text: &str, origin: &str) -> Result<Vec<Value>> {
    if let Some(documents) = read_plain(text) {
        return Ok(documents);
    }
    read(text, origin, options(true, DuplicateKeyPolicy::Error))
}

/// The quick way, for texts without merge keys: the same documents in two thirds of the time. `None` if there is any fault: the
/// slow way says which, and where.
fn read_plain(text: &str) -> Option<Vec<Value>> {
    if text.contains("<<") {
        return None;
    }
    let mut options = options(true, DuplicateKeyPolicy::PassThrough);
    options.merge_keys = MergeKeyPolicy::AsOrdinary;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let documents: Vec<Unique> = serde_saphyr::from_multiple_with_options(text, options).ok()?;
    Some(documents.into_iter().map(|document| document.0).filter(|d| !d.is_null()).collect())
}

fn read(text: &str, origin: &str, options: Options) -> Result<Vec<Value>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let documents: Vec<Value> =
        serde_saphyr::from_multiple_with_options(text, options).map_err(|error| malformed(&error, origin))?;
    Ok(documents.into_iter().filter(|d| !d.is_null()).collect())
}

/// Says file, line and column, then what the parser found.
fn malformed(error: &serde_saphyr::Error, origin: &str) -> crate::model::Error {
    let plain = error.without_snippet().to_string();
    let found = plain.lines().next().unwrap_or("malformed YAML").trim().to_owned();
    let place = match error.location() {
        Some(at) if at.line() > 0 => format!("{origin}:{}:{}", at.line(), at.column()),
        _ => origin.to_owned(),
    };
    invalid(format!("{place}: {found}")).hint("the file must be YAML; mind the indentation and tabs at that line")
}

/// Reads one YAML document as data: an empty text is `null`, more than one document an error.
pub fn parse_value(text: &str, origin: &str) -> Result<Value> {
    single(documents(text, origin)?, origin)
}

/// As [`parse_value`], by the rules of YAML 1.1 for booleans, which kustomize has for its own files. It takes a key that is
/// there twice, too; here, that is an error if it makes a difference which one counts.
pub fn parse_legacy(text: &str, origin: &str) -> Result<Value> {
    let by = |policy| read(text, origin, options(false, policy));
    let documents = by(DuplicateKeyPolicy::Error).or_else(|error| {
        match (by(DuplicateKeyPolicy::FirstWins), by(DuplicateKeyPolicy::LastWins)) {
            (Ok(first), Ok(last)) if first == last => Ok(last),
            _ => Err(error),
        }
    })?;
    single(documents, origin)
}

fn single(mut documents: Vec<Value>, origin: &str) -> Result<Value> {
    if documents.len() > 1 {
        return Err(invalid(format!("{origin}: one YAML document expected, {} found", documents.len())));
    }
    Ok(documents.pop().unwrap_or(Value::Null))
}

/// Reads the Kubernetes objects of a YAML text with any number of documents; lists (`kind: List`, `kind: RoleList`) are
/// taken apart. Each object must have a kind and a name.
pub fn parse_yaml(text: &str, origin: &str) -> Result<Vec<Object>> {
    Ok(parse_objects(text, origin)?.into_iter().map(Object).collect())
}

/// As [`parse_yaml`], as plain values.
pub fn parse_objects(text: &str, origin: &str) -> Result<Vec<Value>> {
    let mut queue: std::collections::VecDeque<Value> = documents(text, origin)?.into();
    let mut objects = Vec::new();
    while let Some(mut value) = queue.pop_front() {
        if matches!(&value, Value::Object(map) if map.is_empty()) {
            continue;
        }
        let Value::Object(map) = &mut value else {
            return Err(invalid(format!("{origin}: a Kubernetes object expected, found {}", kind_of(&value))));
        };
        match map.get("kind").and_then(Value::as_str).filter(|k| !k.is_empty()) {
            None => return Err(invalid(format!("{origin}: missing kind in object {}", brief(map)))),
            Some(kind) if kind.ends_with("List") => match map.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) => queue.extend(items.into_iter().filter(|i| !i.is_null())),
                Some(Value::Null) => {}
                Some(other) => {
                    return Err(invalid(format!(
                        "{origin}: items of a list must be a list, found {}",
                        kind_of(&other)
                    )));
                }
                None => objects.push(value),
            },
            Some(kind) => {
                let name = map.get("metadata").and_then(|m| m.get("name"));
                if name.map(super::scalar::text).is_none_or(|n| n.is_empty()) {
                    return Err(invalid(format!("{origin}: missing metadata.name in object of kind {kind}")));
                }
                objects.push(value);
            }
        }
    }
    Ok(objects)
}

fn brief(map: &Map<String, Value>) -> String {
    let keys: Vec<&str> = map.keys().take(5).map(String::as_str).collect();
    format!("with the fields {}", keys.join(", "))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
