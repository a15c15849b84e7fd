//! Reading a map field by field: unknown fields and wrong types are errors, the case of names doesn't matter.

use std::cell::RefCell;
use std::rc::Rc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::super::invalid;
use super::super::yaml::Lines;
use crate::model::near::nearest;
use crate::model::{Error, Result};

/// The fields of a map that aren't read yet.
#[derive(Debug)]
pub struct Fields<'a> {
    place: Place,
    left: Vec<(&'a str, &'a Value)>,
    known: Vec<&'static str>,
}

/// Where a map stands, for errors.
#[derive(Debug, Clone)]
pub struct Place {
    /// The file, or what else the text came from.
    pub origin: String,
    /// The map within it, such as `images[0]`; empty for the whole.
    pub path: String,
    /// The lines of the file, if known.
    pub lines: Option<Rc<Lines>>,
    /// Where faults go that reading can go on after; else the first ends it.
    pub faults: Option<Faults>,
}

/// The faults found so far, shared by all that read a file.
pub type Faults = Rc<RefCell<Vec<Error>>>;

impl Place {
    /// All of a file.
    pub fn whole(origin: &str) -> Place {
        Place { origin: origin.to_owned(), path: String::new(), lines: None, faults: None }
    }

    /// All of a file with this text, so that its lines are known.
    pub fn in_text(origin: &str, text: &str) -> Place {
        Place { lines: Some(Rc::new(Lines::read(text))), ..Place::whole(origin) }
    }

    /// The same place, with faults gathered.
    pub fn gathering(&self) -> (Place, Faults) {
        let faults = Faults::default();
        (Place { faults: Some(faults.clone()), ..self.clone() }, faults)
    }

    /// Gathers a fault of a part that can be left out (`None` then), or ends with it.
    fn tolerate<T>(&self, result: Result<T>) -> Result<Option<T>> {
        match (result, &self.faults) {
            (Ok(part), _) => Ok(Some(part)),
            (Err(error), None) => Err(error),
            (Err(error), Some(faults)) => {
                faults.borrow_mut().push(error);
                Ok(None)
            }
        }
    }

    fn within(&self, name: &str) -> Place {
        let dot = if self.path.is_empty() { "" } else { "." };
        Place { path: format!("{}{dot}{name}", self.path), ..self.clone() }
    }

    /// An error about this map: file, line if known, field, message.
    fn error(&self, message: &str, field: &str) -> Error {
        let line = self.lines.as_ref().and_then(|lines| lines.of(&self.within(field).path));
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        let path = if self.path.is_empty() { String::new() } else { format!("{}: ", self.path) };
        invalid(format!("{}{line}: {path}{message}", self.origin))
    }
}

impl<'a> Fields<'a> {
    /// The fields of a value that must be a map.
    pub fn at(value: &'a Value, place: Place) -> Result<Fields<'a>> {
        let map: &Map<String, Value> =
            value.as_object().ok_or_else(|| place.error(&format!("a map expected, found `{}`", brief(value)), ""))?;
        let left = map.iter().map(|(k, v)| (k.as_str(), v)).collect();
        Ok(Fields { place, left, known: Vec::new() })
    }

    /// True if no field with a value is left.
    pub fn nothing_left(&self) -> bool {
        self.left.iter().all(|(_, value)| value.is_null() || value.as_str() == Some(""))
    }

    /// An error about this map.
    pub fn error(&self, message: &str) -> Error {
        self.place.error(message, "")
    }

    /// An error about one of its fields.
    pub fn error_at(&self, message: &str, field: &str) -> Error {
        self.place.error(message, field)
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
        self.place.error(&format!("`{name}` must be {wanted}, found `{}`", brief(value)), name)
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
        let text = |(i, item): (usize, &Value)| {
            let text = item.as_str().map(str::to_owned);
            // An empty text in the place of a wrong one: the others keep their numbers.
            let text = text.ok_or_else(|| self.wrong(&format!("{name}[{i}]"), "a text", item));
            Ok(self.place.tolerate(text)?.unwrap_or_default())
        };
        items.iter().enumerate().map(text).collect()
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
            let entry = Fields::whole_at(item, self.place.within(&format!("{name}[{i}]")), &read);
            all.extend(self.place.tolerate(entry)?);
        }
        Ok(all)
    }

    /// A map read by a function; `None` if missing.
    pub fn nested<T>(&mut self, name: &'static str, read: impl Fn(&mut Fields<'a>) -> Result<T>) -> Result<Option<T>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        Fields::whole_at(value, self.place.within(name), &read).map(Some)
    }

    /// Reads a whole map with a function; what it leaves is unknown.
    pub fn whole<T>(value: &'a Value, origin: &str, read: &impl Fn(&mut Fields<'a>) -> Result<T>) -> Result<T> {
        Fields::whole_at(value, Place::whole(origin), read)
    }

    fn whole_at<T>(value: &'a Value, place: Place, read: &impl Fn(&mut Fields<'a>) -> Result<T>) -> Result<T> {
        let mut fields = Fields::at(value, place)?;
        let result = read(&mut fields)?;
        fields.done()?;
        Ok(result)
    }

    /// Says that all fields are read: any that is left is an error.
    pub fn done(self) -> Result<()> {
        self.left.iter().try_for_each(|(unknown, _)| self.place.tolerate(Err::<(), _>(self.unknown(unknown))).map(drop))
    }

    fn unknown(&self, name: &str) -> Error {
        let error = self.place.error(&format!("unknown field `{name}`"), name);
        match nearest(name, self.known.iter().copied()) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")),
            None => error.hint(format!("the fields here are: {}", self.known.join(", "))),
        }
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
