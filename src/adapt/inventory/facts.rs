//! What is known of sources and of programs that name images: `manifests/policies/`.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::super::table;
use crate::model::{Result, glob};

/// What is known of a source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFact {
    /// The full names; `*` stands for any run of characters.
    pub image: String,
    /// Whether it can be pulled.
    pub state: SourceState,
    /// What happened.
    pub note: String,
    /// Where the fact comes from.
    pub source: String,
}

/// Whether a source can be pulled, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceState {
    /// It can't.
    Gone,
    /// Perhaps.
    Doubtful,
}

/// An image whose name stands in a program.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompiledIn {
    /// The full name; without a tag, people choose it.
    pub image: String,
    /// The program.
    pub into: String,
    /// The flag or variable that an adaptation sets to the registry's copy, or `nothing`.
    pub covered: String,
    /// What it is for.
    pub note: String,
    /// Where the fact comes from.
    pub source: String,
}

macro_rules! policy {
    ($name:literal, $kind:ty) => {{
        static TABLE: OnceLock<Result<Vec<$kind>>> = OnceLock::new();
        let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/policies/", $name));
        match TABLE.get_or_init(|| table::read(concat!("policies/", $name), text)) {
            Ok(all) => Ok(all.as_slice()),
            Err(error) => Err(error.clone()),
        }
    }};
}

/// What is known against the source of an image, by its full name.
///
/// # Errors
/// A fault of the program, if the embedded data can't be read.
pub fn source_fact(full: &str) -> Result<Option<&'static SourceFact>> {
    let all: &'static [SourceFact] = policy!("image-sources.yaml", SourceFact)?;
    Ok(all.iter().find(|fact| glob::matches(&fact.image, full)))
}

/// The images whose names stand in programs.
///
/// # Errors
/// A fault of the program, if the embedded data can't be read.
pub fn compiled_in() -> Result<&'static [CompiledIn]> {
    policy!("compiled-in-images.yaml", CompiledIn)
}
