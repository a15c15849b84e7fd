//! Finds the images that a carrier names in a tree of data.

use regex::Regex;
use serde_json::Value;

use super::super::path;
use super::carrier::Form;
use super::name;
use crate::model::{Error, ErrorClass, Result, glob};

/// One text that names an image, or the part of a name that holds the host.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    /// Where it stands.
    pub(super) pointer: String,
    /// The part of the text that is the name.
    pub(super) range: std::ops::Range<usize>,
    /// What is put behind it to get whole names; one empty text, if it is whole.
    pub(super) tails: Vec<String>,
}

impl Found {
    fn whole(pointer: String, text: &str) -> Self {
        Found { pointer, range: 0..text.len(), tails: vec![String::new()] }
    }
}

/// All that a form finds in a tree.
pub(super) fn find(form: &Form, value: &Value) -> Result<Vec<Found>> {
    Ok(match form {
        Form::Containers => {
            containers(value).into_iter().flat_map(|at| names(value, &[format!("{at}/image")])).collect()
        }
        Form::Names(paths) => paths.iter().flat_map(|p| names(value, &path::find(value, &path::parse(p)))).collect(),
        Form::Env(patterns) => containers(value).iter().flat_map(|at| env(value, at, patterns)).collect(),
        Form::Repository { env: name, tags } => {
            let mut found: Vec<Found> =
                containers(value).iter().flat_map(|at| env(value, at, std::slice::from_ref(name))).collect();
            found.iter_mut().for_each(|one| one.tails = tags.iter().map(|tag| format!(":{tag}")).collect());
            found
        }
        Form::Flags(flags) => containers(value).iter().flat_map(|at| arguments(value, at, flags)).collect(),
        Form::Split { at, name, tags } => at.iter().flat_map(|at| split(value, at, name, tags)).collect(),
        Form::Join { hub, names, tag } => join(value, hub, names, tag).into_iter().collect(),
        Form::Text { path, find, tag } => text(value, path, find, tag.as_deref())?,
    })
}

/// The pointers of all containers, however deep.
pub(in crate::adapt) fn containers(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, String::new(), &mut found);
    found
}

fn collect(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, child) in map {
                let at = format!("{at}/{}", path::escape(key));
                match child {
                    Value::Array(items)
                        if ["containers", "initContainers", "ephemeralContainers"].contains(&key.as_str()) =>
                    {
                        found.extend((0..items.len()).filter(|i| items[*i].is_object()).map(|i| format!("{at}/{i}")));
                    }
                    _ => collect(child, at, found),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn str_at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn names(value: &Value, pointers: &[String]) -> Vec<Found> {
    let named = |pointer: &String| {
        let text = str_at(value, pointer).filter(|text| name::is_name(text))?;
        Some(Found::whole(pointer.clone(), text))
    };
    pointers.iter().filter_map(named).collect()
}

fn env(value: &Value, container: &str, patterns: &[String]) -> Vec<Found> {
    let list = value.pointer(&format!("{container}/env")).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let value_of = |wanted: &str| {
        list.iter().find(|entry| entry["name"] == wanted).and_then(|entry| entry["value"].as_str()).map(str::to_owned)
    };
    let mut found = Vec::new();
    for (index, entry) in list.iter().enumerate() {
        let key = entry["name"].as_str().unwrap_or_default();
        let Some(text) = entry["value"].as_str().filter(|text| name::is_name(text)) else { continue };
        if !patterns.iter().any(|pattern| glob::matches(pattern, key)) {
            continue;
        }
        let mut one = Found::whole(format!("{container}/env/{index}/value"), text);
        if let Some(tag) = key.strip_suffix("_IMAGE").and_then(|stem| value_of(&format!("{stem}_TAG"))) {
            one.tails = vec![format!(":{tag}")];
        }
        found.push(one);
    }
    found
}

fn arguments(value: &Value, container: &str, flags: &[String]) -> Vec<Found> {
    let mut found = Vec::new();
    for list in ["args", "command"] {
        let at = format!("{container}/{list}");
        let items = value.pointer(&at).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut named_before = false;
        for (index, item) in items.iter().enumerate() {
            let text = item.as_str().unwrap_or_default();
            let pointer = format!("{at}/{index}");
            if named_before && name::is_name(text) {
                found.push(Found::whole(pointer, text));
            } else if let Some((flag, image)) = text.split_once('=')
                && flags.iter().any(|known| known == flag)
                && name::is_name(image)
            {
                let range = flag.len() + 1..text.len();
                found.push(Found { range, ..Found::whole(pointer, text) });
            }
            named_before = flags.iter().any(|known| known == text);
        }
    }
    found
}

fn split(value: &Value, at: &str, field: &str, tags: &[String]) -> Vec<Found> {
    let mut found = Vec::new();
    for place in path::find(value, &path::parse(at)) {
        let pointer = format!("{place}/{field}");
        let Some(text) = str_at(value, &pointer).filter(|text| name::is_name(text)) else { continue };
        let tails: Vec<String> = tags
            .iter()
            .filter_map(|tag| str_at(value, &format!("{place}/{tag}")))
            .map(|tag| format!(":{tag}"))
            .collect();
        let mut one = Found::whole(pointer, text);
        if !tails.is_empty() {
            one.tails = tails;
        }
        found.push(one);
    }
    found
}

fn join(value: &Value, hub: &str, names: &[String], tag: &str) -> Option<Found> {
    let text = str_at(value, hub)?;
    let tag = str_at(value, tag)?;
    // An image with a slash is a whole name by itself and doesn't use the hub.
    let mut tails: Vec<String> = names
        .iter()
        .filter_map(|name| str_at(value, name))
        .filter(|image| !image.contains('/'))
        .map(|image| format!("/{image}:{tag}"))
        .collect();
    tails.dedup();
    Some(Found { tails, ..Found::whole(hub.to_owned(), text) })
}

fn text(value: &Value, at: &str, find: &str, tag: Option<&str>) -> Result<Vec<Found>> {
    let expression = Regex::new(find)
        .map_err(|error| Error::new(ErrorClass::Bug, "an embedded expression").caused_by(error.to_string()))?;
    let mut found = Vec::new();
    for pointer in path::find(value, &path::parse(at)) {
        let text = str_at(value, &pointer).unwrap_or_default();
        for group in expression.captures_iter(text).filter_map(|captures| captures.get(1)) {
            found.push(Found {
                pointer: pointer.clone(),
                range: group.range(),
                tails: vec![tag.map(|tag| format!(":{tag}")).unwrap_or_default()],
            });
        }
    }
    Ok(found)
}
