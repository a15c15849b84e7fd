//! Merging lists by key.

use serde_json::Value;

use super::super::fields::Place;
use super::super::invalid;
use super::super::yaml::text;
use super::merge::{Directive, Merged, take_list_directive, walk};
use crate::model::Result;

/// Merges a list of the object with one of the patch. No key means plain values.
pub(super) fn walk_list(
    own: Option<Value>,
    patch: Option<Value>,
    place: Place<'_>,
    keys: &[String],
    depth: usize,
) -> Result<Option<Merged>> {
    let list = |value: Option<Value>| match value {
        Some(Value::Array(items)) => Some(items),
        _ => None,
    };
    if patch.as_ref().is_some_and(Value::is_null) {
        return Ok(None);
    }
    let (base, patch, in_place) = match (list(own), list(patch)) {
        (None, Some(patch)) => (patch.clone(), Some(patch), false),
        (Some(own), Some(mut patch)) => match take_list_directive(&mut patch)? {
            Directive::Delete => return Ok(None),
            Directive::Replace => (patch.clone(), Some(patch), false),
            Directive::Merge => (own, Some(patch), true),
        },
        (Some(own), None) => (own, None, true),
        (None, None) => return Ok(None),
    };
    let plain = [String::new()];
    let merger = Merger { keys: if keys.is_empty() { &plain } else { keys }, place: place.elements(), depth };
    let merged = merger.run(base, patch.unwrap_or_default())?;
    Ok(Some(Merged { value: Value::Array(merged), in_place }))
}

/// The values of an element's merge keys; empty where a key is missing.
type Values = Vec<String>;

struct Merger<'a> {
    keys: &'a [String],
    place: Place<'a>,
    depth: usize,
}

impl Merger<'_> {
    fn run(&self, mut base: Vec<Value>, patch: Vec<Value>) -> Result<Vec<Value>> {
        let mut all: Vec<Values> = Vec::new();
        for item in patch.iter().chain(&base) {
            let values: Values = self.keys.iter().map(|key| value_of(item, key)).collect();
            if !all.contains(&values) {
                all.push(values);
            }
        }
        if all.is_empty() {
            return Ok(base);
        }
        if self.keys.len() > 1 {
            complete(&mut all);
        }
        let mut changed: Vec<Value> = Vec::new();
        let mut used: Vec<String> = Vec::new();
        for values in &all {
            let (keys, values) = self.used_keys(&all, values);
            used.clone_from(&keys);
            let (find_keys, find_values) = narrow(&keys, &values);
            let own = base.iter().position(|item| is_match(item, &find_keys, &find_values));
            let new = patch.iter().find(|item| is_match(item, &find_keys, &find_values));
            let merged = walk(own.map(|i| base[i].clone()), new.cloned(), self.place, self.depth + 1)
                .map_err(|error| error.context(format!("in the element `{}`", values.join(", "))))?;
            let gone = |value: &Value| value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
            let Some(Merged { mut value, in_place }) = merged.filter(|m| !gone(&m.value)) else {
                set(&mut base, &keys, &values, None)?;
                continue;
            };
            if let Value::Object(map) = &mut value {
                for (key, text) in keys.iter().zip(&values).filter(|(_, text)| !text.is_empty()) {
                    map.entry(key.as_str()).or_insert_with(|| text.as_str().into());
                }
            }
            if let Some(i) = own.filter(|_| in_place) {
                base[i] = value.clone();
            }
            set(&mut changed, &keys, &values, Some(value))?;
        }
        append(&mut changed, base, &used)?;
        Ok(changed)
    }

    /// The keys that any element of the list has, with an element's values of them.
    fn used_keys(&self, all: &[Values], values: &[String]) -> (Vec<String>, Values) {
        let used = |i: usize| all.iter().any(|values| values.get(i).is_some_and(|v| !v.is_empty()));
        if !(0..self.keys.len()).any(used) {
            return (self.keys.to_vec(), values.to_vec());
        }
        let kept = (0..self.keys.len()).filter(|i| used(*i));
        kept.map(|i| (self.keys[i].clone(), values.get(i).cloned().unwrap_or_default())).unzip()
    }
}

/// The keys of which an element has values, with them; all if it has none.
fn narrow(keys: &[String], values: &[String]) -> (Vec<String>, Values) {
    if values.iter().all(String::is_empty) {
        return (keys.to_vec(), values.to_vec());
    }
    keys.iter().zip(values).filter(|(_, v)| !v.is_empty()).map(|(k, v)| (k.clone(), v.clone())).unzip()
}

/// Fills missing key values from elements that agree in the others.
fn complete(all: &mut [Values]) {
    for i in 0..all.len() {
        for j in 0..all.len() {
            if let Some(joined) = join(&all[i], &all[j]) {
                all[i].clone_from(&joined);
                all[j] = joined;
            }
        }
    }
}

fn join(a: &[String], b: &[String]) -> Option<Values> {
    if a.len() != b.len() {
        return None;
    }
    let mut common = false;
    let mut joined = Vec::with_capacity(a.len());
    for (a, b) in a.iter().zip(b) {
        common |= a == b;
        match (a.is_empty(), b.is_empty()) {
            (false, false) if a != b => return None,
            (false, _) => joined.push(a.clone()),
            (true, _) => joined.push(b.clone()),
        }
    }
    common.then_some(joined)
}

fn value_of(item: &Value, key: &str) -> String {
    if key.is_empty() { text(item) } else { item.get(key).map(text).unwrap_or_default() }
}

/// True if an element has exactly these values of these keys.
fn is_match(item: &Value, keys: &[String], values: &[String]) -> bool {
    if keys.first().is_some_and(String::is_empty) {
        return Some(&text(item)) == values.first();
    }
    item.is_object()
        && keys.iter().zip(values).all(|(key, value)| item.get(key.as_str()).is_some_and(|v| text(v) == *value))
}

/// Replaces the elements with these key values, or appends one; without a new one they are taken out. An empty value stands
/// for any.
fn set(list: &mut Vec<Value>, keys: &[String], values: &[String], new: Option<Value>) -> Result<()> {
    let of_maps = keys.first().is_some_and(|k| !k.is_empty()) && values.first().is_some_and(|v| !v.is_empty());
    let mut found_any = false;
    let mut kept = Vec::with_capacity(list.len() + 1);
    for item in list.drain(..) {
        if item.is_null() || item.as_object().is_some_and(serde_json::Map::is_empty) {
            continue;
        }
        if of_maps && !item.is_object() {
            kept.push(item);
            continue;
        }
        let mut hit = false;
        for (i, key) in keys.iter().enumerate() {
            if let Some(value) = values.get(i) {
                hit = has(&item, key, value)?;
            }
            if !hit {
                break;
            }
        }
        if hit {
            found_any = true;
            kept.extend(new.clone());
        } else if !values.is_empty() {
            kept.push(item);
        }
    }
    if !found_any {
        kept.extend(new);
    }
    *list = kept;
    Ok(())
}

fn has(item: &Value, key: &str, value: &str) -> Result<bool> {
    if key.is_empty() {
        return match item {
            Value::Array(_) | Value::Object(_) => Err(invalid("plain values and maps are mixed in a list")),
            scalar => Ok(text(scalar) == value),
        };
    }
    let Some(map) = item.as_object() else { return Err(invalid("plain values and maps are mixed in a list")) };
    Ok(map.get(key).is_some_and(|own| value.is_empty() || text(own) == value))
}

/// Appends the object's elements to those of the patch, each at the place of its key.
fn append(list: &mut Vec<Value>, items: Vec<Value>, keys: &[String]) -> Result<()> {
    for item in items {
        if keys.first().is_some_and(String::is_empty) {
            let value = text(&item);
            set(list, keys, &[value], Some(item))?;
            continue;
        }
        let mut values = Values::new();
        for key in keys {
            match item.get(key.as_str()).filter(|v| !v.is_null()) {
                Some(value) => values.push(text(value)),
                None => list.push(item.clone()),
            }
        }
        if keys.len() > 1 {
            set(list, keys, &values, None)?;
        }
        set(list, keys, &values, Some(item))?;
    }
    Ok(())
}
