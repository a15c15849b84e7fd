//! All output: data to stdout, the rest to stderr. Whoever closes the pipe has seen enough; that is no error.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use super::Output;
use crate::model::{Error, ErrorClass, Result};

/// Writes data to stdout, exactly as given.
pub fn data(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Error::new(ErrorClass::StateIo, "can't write the output").caused_by(e.to_string()))
        }
        _ => Ok(()),
    }
}

/// Writes a value to stdout as JSON or YAML; `table` makes the text for people, ends with a line break if it isn't empty.
pub fn value<T: Serialize>(output: Output, value: &T, table: impl FnOnce(&T) -> String) -> Result<()> {
    match output {
        Output::Table => data(&table(value)),
        Output::Json => data(&json(value)?),
        Output::Yaml | Output::Dir => data(&yaml(value)?),
    }
}

/// A value as indented JSON with a line break at the end.
pub fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|e| bug(&e))
}

/// A value as YAML with a line break at the end.
pub fn yaml<T: Serialize>(value: &T) -> Result<String> {
    let text = serde_saphyr::to_string(value).map_err(|e| bug(&e))?;
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

fn bug(error: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorClass::Bug, "a value can't be written as text").caused_by(error.to_string())
}

/// Tells people something on stderr, as a line.
pub fn note(text: &str) {
    error(&format!("{text}\n"));
}

/// Writes to stderr, exactly as given. Where that can't be written there is nobody left to tell.
pub fn error(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}
