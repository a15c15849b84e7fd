//! Following a field spec's path into an object.

use serde_json::{Map, Value};

use super::super::invalid;
use super::FieldSpec;
use crate::model::Result;

/// What is made where a field is missing and the spec says `create`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Create {
    /// Nothing: a missing field is left out.
    Nothing,
    /// A map.
    Map,
    /// A scalar, null until it is set.
    Scalar,
}

/// The longest path, in names, so that no object gets deeper than one that can be read.
const MAX_PARTS: usize = 200;

/// Refuses an endless path. It isn't shown: it may be megabytes.
pub fn bounded(parts: usize) -> Result<()> {
    if parts > MAX_PARTS { Err(invalid(format!("the path has more than {MAX_PARTS} parts"))) } else { Ok(()) }
}

/// A path as names.
fn split_path(path: &str) -> Vec<String> {
    split_by(path, '/')
}

/// A path as names, by a divider that a backslash makes part of a name.
pub fn split_by(path: &str, divider: char) -> Vec<String> {
    let path = if path.len() > 1 { path.strip_prefix(divider).unwrap_or(path) } else { path };
    let mut names: Vec<String> = Vec::new();
    for part in path.split(divider) {
        match names.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(divider);
                last.push_str(part);
            }
            _ => names.push(part.to_owned()),
        }
    }
    names
}

/// Calls `set` on every value that a field spec leads to, if the object is of its kind. Lists on the way are followed into
/// every element.
pub fn apply(
    object: &mut Value,
    spec: &FieldSpec,
    create: Create,
    set: &mut dyn FnMut(&mut Value) -> Result<()>,
) -> Result<()> {
    if spec.gvk.selects(object) { follow(object, spec, create, set) } else { Ok(()) }
}

/// As [`apply`], whatever the object's kind.
pub fn follow(
    object: &mut Value,
    spec: &FieldSpec,
    create: Create,
    set: &mut dyn FnMut(&mut Value) -> Result<()>,
) -> Result<()> {
    let names = split_path(&spec.path);
    bounded(names.len())?;
    let create = if spec.create { create } else { Create::Nothing };
    walk(object, &names, create, set).map_err(|error| {
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
        error.context(format!("field `{}` of {kind} `{name}`", spec.path))
    })
}

fn walk(
    value: &mut Value,
    names: &[String],
    create: Create,
    set: &mut dyn FnMut(&mut Value) -> Result<()>,
) -> Result<()> {
    let Some((name, rest)) = names.split_first() else { return set(value) };
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => items.iter_mut().try_for_each(|item| walk(item, names, create, set)),
        Value::Object(map) => {
            let Some(child) = step(map, name, rest.is_empty(), create)? else { return Ok(()) };
            walk(child, rest, create, set)
        }
        _ => Err(invalid(format!("a map or a list expected before `{name}`"))),
    }
}

fn step<'a>(map: &'a mut Map<String, Value>, name: &str, last: bool, create: Create) -> Result<Option<&'a mut Value>> {
    let (name, is_list) = match name.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (name, false),
    };
    if name.is_empty() {
        return Err(invalid("an empty name in the path"));
    }
    let make = match create {
        _ if is_list => None,
        Create::Nothing => None,
        Create::Scalar if last => Some(Value::Null),
        Create::Scalar | Create::Map => Some(Value::Object(Map::new())),
    };
    if let Some(value) = make {
        let child = map.entry(name).or_insert_with(|| value.clone());
        if child.is_null() {
            *child = value;
        }
        return Ok(Some(child));
    }
    let child = map.get_mut(name);
    // A list that is null becomes an empty one.
    Ok(child.map(|child| {
        if is_list && child.is_null() {
            *child = Value::Array(Vec::new());
        }
        child
    }))
}

#[cfg(test)]
mod tests {
    use super::super::super::resource::Gvk;
    use super::*;

    #[test]
    fn an_endless_path_is_an_error() {
        let spec = FieldSpec { path: "a/".repeat(500_000) + "a", create: true, gvk: Gvk::default() };
        let mut object = serde_json::json!({});
        let error = apply(&mut object, &spec, Create::Map, &mut |_| Ok(())).unwrap_err().to_string();
        assert!(error.contains("more than 200 parts") && error.len() < 200, "{error}");
    }

    #[test]
    fn slashes_in_names_are_escaped() {
        assert_eq!(split_path(r"metadata/annotations/a.io\/b"), ["metadata", "annotations", "a.io/b"]);
        assert_eq!(split_path("/a/b"), ["a", "b"]);
        assert_eq!(split_path(""), [""]);
    }
}
