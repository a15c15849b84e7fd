//! Strategic merge: maps field by field, known lists by key, other lists as a whole; `null` takes a field away, `$patch`
//! deletes or replaces.
//!
//! The semantics are those of kustomize 5, oddities included: a merged list has the patch's elements first; all lists of
//! a patched object that are merged by key lose duplicates, touched or not.

use serde_json::{Map, Value};

use super::super::fields::{Place, Schema};
use super::super::invalid;
use super::lists;
use crate::model::Result;

/// The key of a directive.
const DIRECTIVE: &str = "$patch";
/// The deepest nesting of a merge.
const MAX_DEPTH: usize = 256;

/// What a `$patch` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

/// The result of merging a value.
#[derive(Debug)]
pub(super) struct Merged {
    /// The value.
    pub value: Value,
    /// True if it is the object's own value, changed in place; false if it came from the patch.
    pub in_place: bool,
}

impl Merged {
    fn own(value: Value) -> Option<Merged> {
        Some(Merged { value, in_place: true })
    }

    fn new(value: Value) -> Option<Merged> {
        (!value.is_null()).then_some(Merged { value, in_place: false })
    }
}

/// Applies a patch to an object: `None` if the patch deletes it.
pub fn merge(object: Value, patch: &Value, schema: &Schema) -> Result<Option<Value>> {
    Ok(walk(Some(object), Some(patch.clone()), schema.start(), 0)?.map(|merged| merged.value))
}

/// Merges a value of the object and one of the patch; either may be missing.
pub(super) fn walk(own: Option<Value>, patch: Option<Value>, place: Place<'_>, depth: usize) -> Result<Option<Merged>> {
    if depth > MAX_DEPTH {
        return Err(invalid(format!("a patch is nested deeper than {MAX_DEPTH}")));
    }
    let place = place.at([own.as_ref(), patch.as_ref()]);
    let shape = |value: &Option<Value>| value.as_ref().and_then(Shape::of);
    let wanted = shape(&own).or(shape(&patch)).unwrap_or(Shape::Map);
    for value in [&own, &patch] {
        if let Some(other) = shape(value).filter(|other| *other != wanted) {
            return Err(invalid(format!("{} can't be merged with {}", other.name(), wanted.name())));
        }
    }
    match wanted {
        Shape::Map => walk_map(own, patch, place, depth),
        Shape::List => match place.merge_keys() {
            Some(keys) => lists::walk_list(own, patch, place, keys, depth),
            None => Ok(override_with(own, patch)),
        },
        Shape::Scalar => Ok(override_with(own, patch)),
    }
}

/// The patch's value, else the object's.
fn override_with(own: Option<Value>, patch: Option<Value>) -> Option<Merged> {
    match patch {
        Some(value) => Merged::new(value),
        None => own.and_then(Merged::own),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Map,
    List,
    Scalar,
}

impl Shape {
    fn of(value: &Value) -> Option<Shape> {
        match value {
            Value::Null => None,
            Value::Object(_) => Some(Shape::Map),
            Value::Array(_) => Some(Shape::List),
            _ => Some(Shape::Scalar),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Shape::Map => "a map",
            Shape::List => "a list",
            Shape::Scalar => "a scalar",
        }
    }
}

fn walk_map(own: Option<Value>, patch: Option<Value>, place: Place<'_>, depth: usize) -> Result<Option<Merged>> {
    let (base, patch, in_place) = match (own, patch) {
        (None | Some(Value::Null), Some(Value::Object(mut patch))) => {
            // What a patch adds is merged with itself: directives and nulls in it are carried out.
            if take_directive(&mut patch).ok() == Some(Directive::Delete) {
                return Ok(None);
            }
            (patch.clone(), Some(patch), false)
        }
        (_, Some(Value::Null)) => return Ok(None),
        (Some(Value::Object(own)), Some(Value::Object(mut patch))) => match take_directive(&mut patch)? {
            Directive::Delete => return Ok(None),
            Directive::Replace => (patch.clone(), Some(patch), false),
            Directive::Merge => (own, Some(patch), true),
        },
        (Some(Value::Object(own)), None) => (own, None, true),
        (own, _) => return Ok(own.and_then(Merged::own)),
    };
    let merged = fields(base, patch, place, depth)?;
    Ok(Some(Merged { value: Value::Object(merged), in_place }))
}

fn fields(
    mut base: Map<String, Value>,
    patch: Option<Map<String, Value>>,
    place: Place<'_>,
    depth: usize,
) -> Result<Map<String, Value>> {
    let mut patch = patch.unwrap_or_default();
    let added: Vec<String> = patch.keys().filter(|key| !base.contains_key(*key)).cloned().collect();
    let names: Vec<String> = base.keys().cloned().chain(added).collect();
    for name in names {
        let own = base.get_mut(&name).map(Value::take);
        let merged = walk(own, patch.remove(&name), place.field(&name), depth + 1)
            .map_err(|error| error.context(format!("in `{name}`")))?;
        match merged {
            Some(merged) => {
                base.insert(name, merged.value);
            }
            None => {
                base.shift_remove(&name);
            }
        }
    }
    Ok(base)
}

/// The directive of a map, which is taken out of it.
fn take_directive(patch: &mut Map<String, Value>) -> Result<Directive> {
    let Some(value) = patch.get(DIRECTIVE) else { return Ok(Directive::Merge) };
    let directive = read_directive(value)?;
    patch.shift_remove(DIRECTIVE);
    Ok(directive)
}

fn read_directive(value: &Value) -> Result<Directive> {
    match value.as_str() {
        Some("merge") => Ok(Directive::Merge),
        Some("replace") => Ok(Directive::Replace),
        Some("delete") => Ok(Directive::Delete),
        _ => Err(invalid(format!("unknown patch strategy `{value}`")).hint("`$patch` is merge, replace or delete")),
    }
}

/// The directive of a list: an element that is nothing but a directive. It is taken out, and so is every other element with
/// the same directive.
pub(super) fn take_list_directive(patch: &mut Vec<Value>) -> Result<Directive> {
    let Some(Value::Object(first)) = patch.iter().find(|item| item.get(DIRECTIVE).is_some()) else {
        return Ok(Directive::Merge);
    };
    if first.len() > 1 {
        return Ok(Directive::Merge);
    }
    let value = first[DIRECTIVE].clone();
    let directive = read_directive(&value)?;
    patch.retain(|item| item.get(DIRECTIVE) != Some(&value));
    Ok(directive)
}
