//! Carries out the changes of an adaptation on one object.

use regex::Regex;
use serde_json::Value;

use super::rules::Change;
use super::values::Values;
use super::{embedded, path, template};
use crate::model::{Error, ErrorClass, Result};

/// What became of a change.
#[derive(Debug, PartialEq)]
pub(super) enum Effect {
    /// It was carried out (which may change nothing, the second time).
    Done,
    /// The place that it names isn't in the object.
    NoPlace(String),
    /// The object shall go.
    Delete,
}

/// Carries out one change on one object.
pub(super) fn run(change: &Change, object: &mut Value, values: &Values) -> Result<Effect> {
    match change {
        Change::Set { path, value, within } => {
            let value = template::fill(value, values)?;
            match within {
                None => Ok(set(object, path, &value)),
                Some(text_path) => set_within(object, text_path, path, &value),
            }
        }
        Change::Put { path, value, by } => Ok(put(object, path, template::fill(value, values)?, by)),
        Change::Remove { path, equals } => {
            for place in path::find(object, &path::parse(path)).into_iter().rev() {
                if equals.as_ref().is_none_or(|wanted| object.pointer(&place) == Some(wanted)) {
                    path::remove(object, &place);
                }
            }
            Ok(Effect::Done)
        }
        Change::Substitute { path, find, with } => substitute(object, path, find, with, values),
        Change::Delete => Ok(Effect::Delete),
        Change::Add { .. } | Change::Image { .. } | Change::Code => Ok(Effect::Done),
    }
}

fn no_place(path: &str) -> Effect {
    Effect::NoPlace(path.to_owned())
}

fn set(object: &mut Value, path: &str, value: &Value) -> Effect {
    let places = path::find_or_create(object, &path::parse(path));
    for place in &places {
        if let Some(slot) = object.pointer_mut(place) {
            *slot = value.clone();
        }
    }
    if places.is_empty() { no_place(path) } else { Effect::Done }
}

fn set_within(object: &mut Value, text_path: &str, path: &str, value: &Value) -> Result<Effect> {
    let places = path::find(object, &path::parse(text_path));
    let mut effect = no_place(text_path);
    for place in places {
        let Some(Value::String(text)) = object.pointer_mut(&place) else { continue };
        let Some(before) = embedded::read(text) else {
            return Err(Error::new(ErrorClass::Config, format!("{text_path} holds neither YAML nor JSON")));
        };
        let mut data = before.clone();
        effect = set(&mut data, path, value);
        if data != before
            && let Some(written) = embedded::write(&data, text)
        {
            *text = written;
        }
    }
    Ok(effect)
}

fn put(object: &mut Value, path: &str, item: Value, by: &str) -> Effect {
    let places = path::find_or_create(object, &path::parse(path));
    for place in &places {
        let Some(slot) = object.pointer_mut(place) else { continue };
        if slot.is_null() {
            *slot = Value::Array(Vec::new());
        }
        let Value::Array(items) = slot else { continue };
        // An item that isn't a map, such as an argument, is told by itself.
        let same = |other: &Value| match item.get(by) {
            Some(name) => other.get(by) == Some(name),
            None => *other == item,
        };
        match items.iter_mut().find(|other| same(other)) {
            Some(other) => *other = item.clone(),
            None => items.push(item.clone()),
        }
    }
    if places.is_empty() { no_place(path) } else { Effect::Done }
}

fn substitute(object: &mut Value, path: &str, find: &str, with: &str, values: &Values) -> Result<Effect> {
    let expression = Regex::new(find)
        .map_err(|error| Error::new(ErrorClass::Bug, "an embedded expression").caused_by(error.to_string()))?;
    let with = match template::fill(&Value::String(with.to_owned()), values)? {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let mut effect = no_place(path);
    for place in path::find(object, &path::parse(path)) {
        if let Some(Value::String(text)) = object.pointer_mut(&place)
            && expression.is_match(text)
        {
            *text = expression.replace_all(text, with.as_str()).into_owned();
            effect = Effect::Done;
        }
    }
    Ok(effect)
}
