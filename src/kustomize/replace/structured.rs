//! Fields inside a text that is itself JSON or YAML, such as a configuration file in a ConfigMap.

use serde_json::Value;

use super::super::yaml;
use super::path::{self, Make};
use crate::model::{Object, Result};

/// Writes below a scalar that holds a document. False if the path leads into none, or not to a field of it; then nothing is
/// changed.
pub fn write(
    object: &mut Value,
    parts: &[String],
    make: Make,
    put: &mut dyn FnMut(&mut Value, bool) -> Result<()>,
) -> bool {
    let Some((at, old, mut document)) = document(object, parts) else { return false };
    match path::visit(&mut document, &parts[at..], make, false, put) {
        Ok(count) if count > 0 => {}
        _ => return false,
    }
    let new = written(document, &old);
    match path::lookup_mut(object, &parts[..at]) {
        Some(field) => *field = Value::String(new),
        None => return false,
    }
    true
}

/// The first scalar on a path that isn't its end: the number of parts to it, its text, and the document that it holds.
fn document(object: &Value, parts: &[String]) -> Option<(usize, String, Value)> {
    (1..parts.len()).find_map(|at| {
        let text = path::lookup(object, &parts[..at])?.as_str()?;
        let document = yaml::parse_value(text, "a text").ok()?;
        Some((at, text.to_owned(), document))
    })
}

/// The document as a text, in the manner of the old text.
fn written(document: Value, old: &str) -> String {
    let is_json = old.trim_start().starts_with(['{', '[']);
    if !is_json {
        return yaml::to_yaml(&[Object(document)]).trim().to_owned();
    }
    let compact = yaml::go_json(&document);
    if !(old.contains('\n') && old.contains("  ")) {
        return compact;
    }
    // The keys are in order already; only the layout is another.
    serde_json::from_str::<Value>(&compact).ok().and_then(|v| serde_json::to_string_pretty(&v).ok()).unwrap_or(compact)
}
