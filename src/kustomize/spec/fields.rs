//! Reading a map field by field: unknown fields and wrong types are errors, the case of names doesn't matter.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::super::invalid;
use crate::model::{Error, Result};

/// The fields of a map that aren't read yet.
#[derive(Debug)]
pub struct Fields<'a> {
    origin: String,
    left: Vec<(&'a str, &'a Value)>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of a value that must be a map. `origin` says where it stands.
    pub fn new(value: &'a Value, origin: &str) -> Result<Fields<'a>> {
        let map: &Map<String, Value> =
            value.as_object().ok_or_else(|| invalid(format!("{origin}: a map expected, found `{}`", brief(value))))?;
        let left = map.iter().map(|(k, v)| (k.as_str(), v)).collect();
        Ok(Fields { origin: origin.to_owned(), left, known: Vec::new() })
    }

    /// True if no field with a value is left.
    pub fn nothing_left(&self) -> bool {
        self.left.iter().all(|(_, value)| value.is_null() || value.as_str() == Some(""))
    }

    /// An error about this map.
    pub fn error(&self, message: &str) -> Error {
        invalid(format!("{}: {message}", self.origin))
    }

    /// A field's value; `None` if it is missing or null.
    pub fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        let exact = self.left.iter().position(|(key, _)| *key == name);
        let at = exact.or_else(|| self.left.iter().position(|(key, _)| key.eq_ignore_ascii_case(name)))?;
        let (_, value) = self.left.swap_remove(at);
        Some(value).filter(|v| !v.is_null())
    }

    fn wrong(&self, name: &str, wanted: &str, value: &Value) -> Error {
        self.error(&format!("`{name}` must be {wanted}, found `{}`", brief(value)))
    }

    /// A text; empty if missing.
    pub fn text(&mut self, name: &'static str) -> Result<String> {
        match self.take(name) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(self.wrong(name, "a text", other).hint("put it in quotes")),
        }
    }

    /// A boolean; false if missing.
    pub fn flag(&mut self, name: &'static str) -> Result<bool> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(self.wrong(name, "true or false", other)),
        }
    }

    /// A list of texts; empty if missing.
    pub fn texts(&mut self, name: &'static str) -> Result<Vec<String>> {
        let Some(value) = self.take(name) else { return Ok(Vec::new()) };
        let items = value.as_array().ok_or_else(|| self.wrong(name, "a list of texts", value))?;
        items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(|| self.wrong(name, "a list of texts", item)))
            .collect()
    }

    /// A map of texts; empty if missing.
    pub fn text_map(&mut self, name: &'static str) -> Result<IndexMap<String, String>> {
        let Some(value) = self.take(name) else { return Ok(IndexMap::new()) };
        let map = value.as_object().ok_or_else(|| self.wrong(name, "a map of texts", value))?;
        map.iter()
            .map(|(key, value)| match value {
                Value::String(text) => Ok((key.clone(), text.clone())),
                Value::Null => Ok((key.clone(), String::new())),
                other => Err(self.wrong(&format!("{name}.{key}"), "a text", other).hint("put the value in quotes")),
            })
            .collect()
    }

    /// A list of maps, each read by a function.
    pub fn list<T>(&mut self, name: &'static str, read: impl Fn(&mut Fields<'a>) -> Result<T>) -> Result<Vec<T>> {
        let Some(value) = self.take(name) else { return Ok(Vec::new()) };
        let items = value.as_array().ok_or_else(|| self.wrong(name, "a list", value))?;
        let mut all = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            all.push(Fields::whole(item, &format!("{}: {name}[{i}]", self.origin), &read)?);
        }
        Ok(all)
    }

    /// A map read by a function; `None` if missing.
    pub fn nested<T>(&mut self, name: &'static str, read: impl Fn(&mut Fields<'a>) -> Result<T>) -> Result<Option<T>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        Fields::whole(value, &format!("{}: {name}", self.origin), &read).map(Some)
    }

    /// Reads a whole map with a function; what it leaves is unknown.
    pub fn whole<T>(value: &'a Value, origin: &str, read: &impl Fn(&mut Fields<'a>) -> Result<T>) -> Result<T> {
        let mut fields = Fields::new(value, origin)?;
        let result = read(&mut fields)?;
        fields.done()?;
        Ok(result)
    }

    /// Says that all fields are read: any that is left is an error.
    pub fn done(self) -> Result<()> {
        let Some((unknown, _)) = self.left.first() else { return Ok(()) };
        let error = self.error(&format!("unknown field `{unknown}`"));
        Err(match nearest(unknown, &self.known) {
            Some(name) => error.hint(format!("did you mean `{name}`?")),
            None => error,
        })
    }
}

fn brief(value: &Value) -> String {
    let text = value.to_string();
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The known name that differs least, if it is near enough.
fn nearest(unknown: &str, known: &[&'static str]) -> Option<&'static str> {
    let (distance, name) = known.iter().map(|name| (distance(unknown, name), *name)).min()?;
    (distance <= 3 && distance < name.len()).then_some(name)
}

/// The number of edits between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, c) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, d) in b.iter().enumerate() {
            let next = (diagonal + usize::from(c != *d)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}
