//! JSON patches (RFC 6902).

use serde_json::Value;

use super::super::invalid;
use super::super::yaml;
use crate::model::{Error, Result};

/// One operation.
#[derive(Debug, Clone)]
struct Operation {
    op: String,
    path: Option<String>,
    from: Option<String>,
    value: Option<Value>,
}

/// The operations of a patch, in order.
#[derive(Debug, Clone)]
pub struct JsonPatch(Vec<Operation>);

impl JsonPatch {
    /// Reads a patch from JSON or YAML.
    pub fn parse(text: &str, origin: &str) -> Result<JsonPatch> {
        let wrong = || {
            invalid(format!("{origin}: a JSON patch must be a list of operations"))
                .hint("each has `op`, `path` and, as needed, `value` or `from`")
        };
        let document = yaml::parse_legacy(text, origin)?;
        let items = document.as_array().ok_or_else(wrong)?;
        let field = |item: &Value, name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
        items
            .iter()
            .map(|item| {
                let map = item.as_object().ok_or_else(wrong)?;
                Ok(Operation {
                    op: field(item, "op").unwrap_or_default(),
                    path: field(item, "path"),
                    from: field(item, "from"),
                    value: map.get("value").cloned(),
                })
            })
            .collect::<Result<_>>()
            .map(JsonPatch)
    }

    /// True if there is no operation.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Applies the operations to an object.
    pub fn apply(&self, object: &mut Value) -> Result<()> {
        self.0.iter().try_for_each(|operation| {
            operation.apply(object).map_err(|error| {
                let path = operation.path.as_deref().unwrap_or_default();
                error.context(format!("JSON patch: {} `{path}`", operation.op))
            })
        })
    }
}

impl Operation {
    fn apply(&self, object: &mut Value) -> Result<()> {
        let path = self.path.as_deref().ok_or_else(|| invalid("the operation has no path"))?;
        let from = || self.from.as_deref().ok_or_else(|| invalid("the operation has no `from`"));
        match self.op.as_str() {
            "add" => add(object, path, self.value.clone().unwrap_or(Value::Null)),
            "remove" => remove(object, path).map(drop),
            "replace" => {
                let value = self.value.clone().unwrap_or(Value::Null);
                *get(object, path)?.ok_or_else(|| missing(path))? = value;
                Ok(())
            }
            "move" => {
                let value = remove(object, from()?)?;
                add(object, path, value)
            }
            "copy" => {
                let value = get(object, from()?)?.ok_or_else(|| missing(path))?.clone();
                add(object, path, value)
            }
            "test" => {
                let wanted = self.value.clone().unwrap_or(Value::Null);
                let found = get(object, path)?.map_or(Value::Null, |value| value.clone());
                if same(&found, &wanted) { Ok(()) } else { Err(invalid(format!("the value is not `{wanted}`"))) }
            }
            other => Err(invalid(format!("unknown operation `{other}`"))),
        }
    }
}

/// Equal as data: 1 and 1.0 are.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn missing(path: &str) -> Error {
    invalid(format!("`{path}` does not exist"))
}

fn names(path: &str) -> Result<Vec<String>> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let rest = path.strip_prefix('/').ok_or_else(|| invalid("a path must begin with `/`"))?;
    Ok(rest.split('/').map(|name| name.replace("~1", "/").replace("~0", "~")).collect())
}

/// An index into a list of a length: from its start, or from its end if negative.
fn index(name: &str, len: usize) -> Result<usize> {
    let wrong = || invalid(format!("`{name}` is not an index below {len}"));
    let number: i64 = name.parse().map_err(|_| wrong())?;
    let index = if number < 0 { number + len as i64 } else { number };
    usize::try_from(index).ok().filter(|i| *i < len).ok_or_else(wrong)
}

fn child<'a>(value: &'a mut Value, name: &str) -> Result<Option<&'a mut Value>> {
    match value {
        Value::Object(map) => Ok(map.get_mut(name)),
        Value::Array(items) => {
            let i = index(name, items.len())?;
            Ok(items.get_mut(i))
        }
        _ => Ok(None),
    }
}

fn get<'a>(object: &'a mut Value, path: &str) -> Result<Option<&'a mut Value>> {
    let mut at = object;
    for name in names(path)? {
        match child(at, &name)? {
            Some(value) => at = value,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// The parent of a path's end, and the last name.
fn parent<'a>(object: &'a mut Value, path: &str) -> Result<(&'a mut Value, String)> {
    let mut names = names(path)?;
    let last = names.pop().ok_or_else(|| invalid("the whole object can't be added or removed"))?;
    let mut at = object;
    for name in names {
        at = child(at, &name)?.ok_or_else(|| missing(path))?;
    }
    Ok((at, last))
}

fn add(object: &mut Value, path: &str, value: Value) -> Result<()> {
    match parent(object, path)? {
        (Value::Object(map), name) => {
            map.insert(name, value);
            Ok(())
        }
        (Value::Array(items), name) => {
            let at = if name == "-" { items.len() } else { index(&name, items.len() + 1)? };
            items.insert(at, value);
            Ok(())
        }
        _ => Err(missing(path)),
    }
}

fn remove(object: &mut Value, path: &str) -> Result<Value> {
    match parent(object, path)? {
        (Value::Object(map), name) => map.shift_remove(&name).ok_or_else(|| missing(path)),
        (Value::Array(items), name) => {
            let at = index(&name, items.len())?;
            Ok(items.remove(at))
        }
        _ => Err(missing(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(object: Value, patch: &str) -> Result<Value> {
        let mut object = object;
        JsonPatch::parse(patch, "test")?.apply(&mut object)?;
        Ok(object)
    }

    #[test]
    fn operations_do_what_the_rfc_says() {
        for (object, patch, expected) in [
            (json!({}), "[{op: add, path: /a, value: 1}]", json!({"a": 1})),
            (json!({"a": [1, 2]}), "[{op: add, path: /a/1, value: 9}]", json!({"a": [1, 9, 2]})),
            (json!({"a": [1]}), "[{op: add, path: /a/-, value: 9}]", json!({"a": [1, 9]})),
            (json!({"a": [1, 2]}), "[{op: replace, path: /a/-1, value: 9}]", json!({"a": [1, 9]})),
            (json!({"a/b": 1}), "[{op: remove, path: /a~1b}]", json!({})),
            (json!({"a": 1}), "[{op: move, from: /a, path: /b}]", json!({"b": 1})),
            (json!({"a": {"x": 1}}), "[{op: copy, from: /a, path: /b}]", json!({"a": {"x": 1}, "b": {"x": 1}})),
            (json!({"a": 1.0}), "[{op: test, path: /a, value: 1}]", json!({"a": 1.0})),
        ] {
            assert_eq!(run(object, patch).unwrap(), expected, "{patch}");
        }
        for patch in [
            "[{op: replace, path: /x, value: 1}]",
            "[{op: remove, path: /x}]",
            "[{op: add, path: /x/y, value: 1}]",
            "[{op: add, path: /a/2, value: 1}]",
            "[{op: test, path: /a/0, value: 2}]",
            "[{op: add, path: '', value: 1}]",
            "[{op: nonsense, path: /a}]",
            "[{op: add}]",
            "{op: add}",
        ] {
            assert!(run(json!({"a": [1]}), patch).is_err(), "{patch}");
        }
    }
}
