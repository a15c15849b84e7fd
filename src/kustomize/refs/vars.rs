//! Vars: `$(NAME)` in the fields that `varReference` lists becomes the value of an object's field.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::fields::{Create, FieldSpec, apply, split_by};
use super::super::invalid;
use super::super::resource::{Id, Resource, find_any};
use super::super::spec::Var;
use super::super::yaml::text;
use crate::model::Result;

/// The vars of a kustomization and its bases, by name.
#[derive(Debug, Clone, Default)]
pub struct VarSet(BTreeMap<String, Var>);

impl VarSet {
    /// Adds vars; a name that is taken is an error.
    pub fn add(&mut self, vars: impl IntoIterator<Item = Var>) -> Result<()> {
        for var in vars {
            if self.0.contains_key(&var.name) {
                return Err(invalid(format!("the var `{}` is there twice", var.name))
                    .hint("a base that defines vars can be used once; define the var in the overlay instead"));
            }
            self.0.insert(var.name.clone(), var);
        }
        Ok(())
    }

    /// Adds the vars of a base.
    pub fn merge(&mut self, other: VarSet) -> Result<()> {
        self.add(other.0.into_values())
    }

    /// Adds a kustomization's own vars and marks the objects that they read.
    pub fn define(&mut self, vars: &[Var], list: &mut [Resource]) -> Result<()> {
        for var in vars {
            let wanted = |id: &Id| {
                id.gvk == var.gvk
                    && id.name == var.object
                    && (var.namespace.is_empty() || id.namespace == var.namespace)
            };
            match find_any(list, wanted)[..] {
                [] => {}
                [place] => list[place].vars.push(var.name.clone()),
                ref places => {
                    return Err(invalid(format!(
                        "the var `{}` could read any of {} objects called `{}`",
                        var.name,
                        places.len(),
                        var.object
                    ))
                    .hint("set `namespace` in its `objref`"));
                }
            }
        }
        self.add(vars.iter().cloned())
    }
}

/// Replaces all vars.
pub fn resolve_vars(list: &mut [Resource], vars: &VarSet, specs: &[FieldSpec]) -> Result<()> {
    let mut values: BTreeMap<&str, Value> = BTreeMap::new();
    for var in vars.0.values() {
        let Some(object) = list.iter().find(|resource| resource.vars.contains(&var.name)) else {
            return Err(invalid(format!(
                "the var `{}` reads {} `{}`, which doesn't exist",
                var.name, var.gvk.kind, var.object
            )));
        };
        let Some(value) = lookup(&object.value, &var.path) else {
            return Err(invalid(format!(
                "the var `{}` reads `{}` of {}, which is missing",
                var.name,
                var.path,
                object.id()
            )));
        };
        values.insert(&var.name, value.clone());
    }
    if values.is_empty() {
        return Ok(());
    }
    for resource in list.iter_mut() {
        for spec in specs {
            apply(&mut resource.value, spec, Create::Nothing, &mut |value| replace(value, &values))?;
        }
    }
    Ok(())
}

/// The value at a dotted path; elements of lists by index (`a[0]`, `a.0`) or by a field (`a.[name=x]`).
fn lookup<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    let mut at = object;
    for part in path_parts(path) {
        at = match at {
            Value::Array(items) => match part.strip_prefix('[').and_then(|p| p.strip_suffix(']')) {
                Some(wanted) => {
                    let (key, value) = wanted.split_once('=')?;
                    items.iter().find(|item| {
                        let own = if key.is_empty() { Some(*item) } else { item.get(key) };
                        own.is_some_and(|v| text(v) == value)
                    })?
                }
                None if part == "-" => items.last()?,
                None => items.get(part.parse::<usize>().ok()?)?,
            },
            Value::Object(map) => map.get(&part)?,
            _ => return None,
        };
    }
    Some(at)
}

fn path_parts(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut open: Option<String> = None;
    // Brackets hold a part together.
    for part in split_by(path, '.') {
        let whole = match open.take() {
            Some(begun) => format!("{begun}.{part}"),
            None => part,
        };
        if whole.starts_with('[') && !whole.ends_with(']') {
            open = Some(whole);
        } else if whole.starts_with('[') && !whole.contains('=') {
            parts.push(whole.trim_matches(['[', ']']).to_owned());
        } else {
            match whole.strip_suffix(']').and_then(|p| p.rsplit_once('[')) {
                Some((name, index)) if !name.is_empty() && index.bytes().all(|b| b.is_ascii_digit()) => {
                    parts.extend([name.to_owned(), index.to_owned()]);
                }
                _ => parts.push(whole),
            }
        }
    }
    parts.extend(open);
    parts
}

fn replace(value: &mut Value, values: &BTreeMap<&str, Value>) -> Result<()> {
    match value {
        Value::String(text) => *value = expand(text, values),
        Value::Object(map) => {
            for item in map.values_mut() {
                if let Value::String(text) = item {
                    *item = expand(text, values);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::String(text) => *item = expand(text, values),
                    other => return Err(invalid(format!("vars are replaced in lists of texts only, found `{other}`"))),
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// A text with its vars replaced. A text that is nothing but a var takes the type of the value; `$$` stands for `$`; names
/// that are no var stay as they are.
fn expand(input: &str, values: &BTreeMap<&str, Value>) -> Value {
    let mut out = String::new();
    let mut rest = input;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        match after.chars().next() {
            None => {
                out.push('$');
                rest = "";
            }
            Some('$') => {
                out.push('$');
                rest = &after[1..];
            }
            Some('(') => match after.find(')') {
                Some(end) => {
                    let name = &after[1..end];
                    match values.get(name).filter(|v| !(v.is_array() || v.is_object())) {
                        Some(value) if input.len() == name.len() + 3 => return value.clone(),
                        Some(value) => out.push_str(&text(value)),
                        None => out.push_str(&rest[at..at + end + 2]),
                    }
                    rest = &after[end + 1..];
                }
                None => {
                    out.push_str("$(");
                    rest = &after[1..];
                }
            },
            Some(c) => {
                out.push('$');
                out.push(c);
                rest = &after[c.len_utf8()..];
            }
        }
    }
    out.push_str(rest);
    Value::String(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_expanded() {
        let values = BTreeMap::from([("A", json!("a")), ("N", json!(5)), ("REF", json!("$(A)")), ("MAP", json!({}))]);
        for (text, expected) in [
            ("$(A)", json!("a")),
            ("$(N)", json!(5)),
            ("x$(N)y$(A)", json!("x5ya")),
            ("$$(A)", json!("$(A)")),
            ("$(B)", json!("$(B)")),
            ("$(REF)", json!("$(A)")),
            ("$(MAP)", json!("$(MAP)")),
            ("$(A", json!("$(A")),
            ("$A$", json!("$A$")),
            ("$(A$(N))", json!("$(A$(N))")),
            ("${A}$é", json!("${A}$é")),
            ("", json!("")),
        ] {
            assert_eq!(expand(text, &values), expected, "{text}");
        }
    }

    #[test]
    fn paths_lead_into_maps_and_lists() {
        let object = json!({"a": {"b.c": 1, "l": [{"name": "x.y", "v": 2}, {"name": "z", "v": 3}]}});
        for (path, expected) in [
            (r"a.b\.c", Some(json!(1))),
            ("a.[b.c]", Some(json!(1))),
            ("a.l[1].v", Some(json!(3))),
            ("a.l.0.v", Some(json!(2))),
            ("a.l.[name=x.y].v", Some(json!(2))),
            ("a.l.-.v", Some(json!(3))),
            ("a.l[7].v", None),
            ("a.none", None),
        ] {
            assert_eq!(lookup(&object, path).cloned(), expected, "{path}");
        }
    }
}
