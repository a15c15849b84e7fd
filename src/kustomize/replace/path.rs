//! Dotted paths of replacements: names, `[key=value]`, `[=value]`, indices and `*`.

use regex::Regex;
use serde_json::{Map, Value};

use super::super::fields::split_by;
use super::super::invalid;
use super::super::yaml::text;
use crate::model::Result;

/// What is made at the end of a path that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    /// Nothing.
    Nothing,
    /// A scalar.
    Scalar,
    /// A map.
    Map,
    /// A list.
    List,
}

/// A path as its parts. A part in brackets is one part whatever dots it has; the brackets stay if it has a `=`.
pub fn split(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut pieces = split_by(path, '.').into_iter();
    while let Some(piece) = pieces.next() {
        if !piece.starts_with('[') || piece.ends_with(']') {
            parts.push(piece);
            continue;
        }
        let mut whole = piece;
        for next in pieces.by_ref() {
            whole = format!("{whole}.{next}");
            if next.ends_with(']') {
                break;
            }
        }
        parts.push(if whole.contains('=') { whole } else { whole.trim_matches(['[', ']']).to_owned() });
    }
    parts
}

/// `key` and `value` of a part `[key=value]`.
fn element(part: &str) -> Option<(&str, &str)> {
    part.strip_prefix('[')?.strip_suffix(']')?.split_once('=')
}

fn index(part: &str) -> Option<usize> {
    part.parse().ok()
}

/// The value at a path; elements of lists are the first that match.
pub fn lookup<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).try_fold(object, |at, part| match at {
        Value::Array(items) => items.get(place(items, part)?),
        Value::Object(map) => map.get(part),
        _ => None,
    })
}

/// As [`lookup`], to be changed.
pub fn lookup_mut<'a>(object: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).try_fold(object, |at, part| match at {
        Value::Array(items) => {
            let place = place(items, part)?;
            items.get_mut(place)
        }
        Value::Object(map) => map.get_mut(part),
        _ => None,
    })
}

/// The place of the first element of a list that a part means.
fn place(items: &[Value], part: &str) -> Option<usize> {
    match element(part) {
        Some((key, value)) => items.iter().position(|item| {
            let own = if key.is_empty() { Some(item) } else { item.get(key) };
            own.is_some_and(|own| text(own) == value)
        }),
        None if part == "-" => items.len().checked_sub(1),
        None => index(part),
    }
}

/// Calls `set` on every value that a path leads to and says how many these are. The flag that it gets is true for values that
/// were made. Below a scalar, nothing is found.
pub fn visit(
    value: &mut Value,
    path: &[String],
    make: Make,
    made: bool,
    set: &mut dyn FnMut(&mut Value, bool) -> Result<()>,
) -> Result<usize> {
    let Some((part, rest)) = path.split_first() else {
        set(value, made)?;
        return Ok(1);
    };
    if let Some(index) = index(part) {
        let items = items(value, part)?;
        let new = items.len() == index && make != Make::Nothing;
        if new {
            items.push(blank(rest, make));
        }
        let count = items.len();
        let item = items
            .get_mut(index)
            .ok_or_else(|| invalid(format!("the index {index} is beyond the list, which has {count} elements")))?;
        return visit(item, rest, make, new, set);
    }
    if let Some((key, wanted)) = element(part) {
        return visit_matching(items(value, part)?, (key, wanted), rest, make, set);
    }
    if part == "*" {
        return items(value, part)?.iter_mut().map(|item| visit(item, rest, make, false, set)).sum();
    }
    match value {
        Value::Object(map) => {
            let new = !map.contains_key(part);
            if new && make == Make::Nothing {
                return Ok(0);
            }
            let child = map.entry(part.as_str()).or_insert_with(|| blank(rest, make));
            visit(child, rest, make, new, set)
        }
        Value::Null => Ok(0),
        _ => Err(invalid(format!("a map expected before `{part}`"))),
    }
}

fn items<'a>(value: &'a mut Value, part: &str) -> Result<&'a mut Vec<Value>> {
    value.as_array_mut().ok_or_else(|| invalid(format!("a list expected before `{part}`")))
}

/// The elements of which a field (or themselves) matches a regular expression, anywhere in its text.
fn visit_matching(
    items: &mut Vec<Value>,
    (key, wanted): (&str, &str),
    rest: &[String],
    make: Make,
    set: &mut dyn FnMut(&mut Value, bool) -> Result<()>,
) -> Result<usize> {
    let pattern = Regex::new(wanted).map_err(|_| invalid(format!("`{wanted}` is not a regular expression")))?;
    let matches = |item: &Value| {
        let own = if key.is_empty() { Some(item) } else { item.get(key) };
        own.is_some_and(|own| pattern.is_match(&text(own)))
    };
    let mut found = 0;
    for item in items.iter_mut().filter(|item| matches(item)) {
        found += if key.is_empty() {
            set(item, false)?;
            1
        } else {
            visit(item, rest, make, false, set)?
        };
    }
    if found > 0 || make == Make::Nothing {
        return Ok(found);
    }
    let value = super::plain(wanted);
    let mut new = if key.is_empty() { value } else { Value::Object(Map::from_iter([(key.to_owned(), value)])) };
    if key.is_empty() {
        set(&mut new, true)?;
        found = 1;
    } else {
        found = visit(&mut new, rest, make, true, set)?;
    }
    items.push(new);
    Ok(found)
}

/// What is made for a part that is missing, by what follows.
fn blank(rest: &[String], make: Make) -> Value {
    match rest.first().map(String::as_str) {
        Some(next) if index(next).is_some() || element(next).is_some() => Value::Array(Vec::new()),
        Some(next) if !next.is_empty() => Value::Object(Map::new()),
        _ => match make {
            Make::Map => Value::Object(Map::new()),
            Make::List => Value::Array(Vec::new()),
            Make::Nothing | Make::Scalar => Value::Null,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn brackets_hold_a_part_together() {
        assert_eq!(split("a.[name=x.y].b"), ["a", "[name=x.y]", "b"]);
        assert_eq!(split("a.[b.c/d]"), ["a", "b.c/d"]);
        assert_eq!(split(r"a.b\.c.0"), ["a", "b.c", "0"]);
    }

    #[test]
    fn what_is_missing_is_made_if_asked() {
        let mut object = json!({"l": [{"name": "a", "v": 1}, {"name": "b", "v": 2}]});
        let mut set = |value: &mut Value, _: bool| {
            *value = json!("new");
            Ok(())
        };
        let mut run = |path: &str, make| visit(&mut object, &split(path), make, false, &mut set);
        assert_eq!(run("l.*.v", Make::Nothing).unwrap(), 2);
        assert_eq!(run("l.[name=a].none", Make::Nothing).unwrap(), 0);
        assert_eq!(run("m.x.0", Make::Scalar).unwrap(), 1);
        assert_eq!(run("l.[name=c].v", Make::Scalar).unwrap(), 1);
        assert!(run("l.7", Make::Nothing).is_err());
        assert!(run("l.name", Make::Nothing).is_err());
        let wanted = json!({"l": [{"name": "a", "v": "new"}, {"name": "b", "v": "new"}, {"name": "c", "v": "new"}], "m": {"x": ["new"]}});
        assert_eq!(object, wanted);
    }
}
