//! From a file to a valid configuration.

use std::path::Path;

use serde_saphyr::{Options, Spanned};

use super::problem::{self, Problem};
use super::tree::Node;
use super::{Config, rules, schema, shape};
use crate::model::{Error, ErrorClass, Result};

/// Reads and validates a file. All errors are of class `Config` and carry file, line and column.
pub fn load(path: &Path) -> Result<Config> {
    let origin = path.display().to_string();
    let text = fs_err::read_to_string(path).map_err(|e| {
        let error = Error::new(ErrorClass::Config, format!("can't read {origin}")).caused_by(e.kind().to_string());
        match e.kind() {
            std::io::ErrorKind::NotFound => error.hint("`kfctl-cn init` writes one; -f names another file"),
            _ => error,
        }
    })?;
    parse(&text, &origin)
}

/// Validates a text; `origin` is the file's name for messages.
pub fn parse(text: &str, origin: &str) -> Result<Config> {
    let root: Spanned<Node> = serde_saphyr::from_str_with_options(text, options()).map_err(|e| syntax(origin, &e))?;
    if matches!(root.value, Node::Null) {
        return Err(
            Error::new(ErrorClass::Config, format!("{origin} is empty")).hint("`kfctl-cn init --force` writes one")
        );
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

fn syntax(origin: &str, error: &serde_saphyr::Error) -> Error {
    let location = error.location();
    let message = error.without_snippet().to_string();
    // The location is told in front, as compilers do.
    let message = message.split(" at line ").next().unwrap_or(&message).to_string();
    problem::error(origin, None, vec![Problem { path: String::new(), location, message, hint: String::new() }])
}
