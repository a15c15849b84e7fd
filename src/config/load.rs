//! From a file to a valid configuration.

use std::io::ErrorKind;
use std::path::Path;

use serde_saphyr::{Options, Spanned};

use super::problem::{self, Problem};
use super::tree::Node;
use super::{Config, overlays, rules, schema, shape};
use crate::model::{Error, ErrorClass, Result};

/// Reads and validates a file, and finds the folders that it names: their paths are then as seen from the working folder.
/// All errors are of class `Config` and carry file, line and column.
pub fn load(path: &Path) -> Result<Config> {
    let origin = path.display().to_string();
    let text = fs_err::read_to_string(path).map_err(|e| {
        let error = |why: &str| Error::new(ErrorClass::Config, format!("can't read {origin}")).caused_by(why);
        match e.kind() {
            ErrorKind::NotFound => {
                error("there is no such file").hint("`kfctl-cn init` writes one; -f names another file")
            }
            ErrorKind::InvalidData => error("it is not text in UTF-8").hint("-f names another file"),
            ErrorKind::IsADirectory => error("it is a folder").hint("-f names the file"),
            kind => error(&kind.to_string()),
        }
    })?;
    let mut config = parse(&text, &origin)?;
    let problems = overlays::find(&mut config, path.parent().unwrap_or(Path::new("")));
    if problems.is_empty() {
        return Ok(config);
    }
    // It was read before; only the places of what is wrong are missing.
    let root: Option<Spanned<Node>> = serde_saphyr::from_str_with_options(&text, options()).ok();
    Err(problem::error(&origin, root.as_ref(), problems))
}

/// Validates a text; `origin` is the file's name for messages.
pub fn parse(text: &str, origin: &str) -> Result<Config> {
    let root: Spanned<Node> = serde_saphyr::from_str_with_options(text, options()).map_err(|e| syntax(origin, &e))?;
    if matches!(root.value, Node::Null) {
        return Err(
            Error::new(ErrorClass::Config, format!("{origin} is empty")).hint("`kfctl-cn init --force` writes one")
        );
    }
    if let Some(problem) = rules::foreign(&root.value) {
        return Err(problem::error(origin, Some(&root), vec![problem]));
    }
    let problems = shape::check(&schema(), &root);
    if !problems.is_empty() {
        return Err(problem::error(origin, Some(&root), problems));
    }
    let config: Config = serde_saphyr::from_str_with_options(text, options()).map_err(|e| syntax(origin, &e))?;
    let problems = rules::check(&config);
    if !problems.is_empty() {
        return Err(problem::error(origin, Some(&root), problems));
    }
    Ok(config)
}

/// Strict booleans: a country code `no` is text.
fn options() -> Options {
    serde_saphyr::options! { strict_booleans: true, with_snippet: false }
}

/// An error of the parser in the words of this program: what the library says is for those who call it.
fn syntax(origin: &str, error: &serde_saphyr::Error) -> Error {
    let error = error.without_snippet();
    let text = error.to_string();
    // The location is told in front, as compilers do.
    let said = text.split(" at line ").next().unwrap_or(&text);
    let (message, hint) = match error {
        serde_saphyr::Error::DuplicateMappingKey { key: Some(key), .. } => {
            (format!("`{key}` is given twice"), "keep one of the two")
        }
        serde_saphyr::Error::DuplicateMappingKey { key: None, .. } => {
            ("a key is given twice".to_owned(), "keep one of the two")
        }
        // One inside of an alias comes as text only.
        _ if said.starts_with("budget breached") => {
            ("the file grows beyond what a configuration can be".to_owned(), "write out what aliases (`*`) repeat")
        }
        _ if said.contains("tabs") => ("a tab is not possible here".to_owned(), "YAML is indented with spaces"),
        _ => (said.to_owned(), ""),
    };
    problem::error(
        origin,
        None,
        vec![Problem { path: String::new(), location: error.location(), message, hint: hint.into() }],
    )
}
