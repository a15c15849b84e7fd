//! The images that objects name as upstream wrote them, before anything is replaced or taken away.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::{embedded, path};
use super::find::Found;
use super::{carrier, find, name};
use crate::model::{Object, ObjectId, Result};

/// Where one image is named: the object, and the path in it.
pub(in crate::adapt) type Place = (ObjectId, String);

/// Every image by its full name at the source.
pub(in crate::adapt) fn scan(objects: &[Object], registry: &str) -> Result<BTreeMap<String, Vec<Place>>> {
    let mut images: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    for object in objects {
        for carrier in carrier::all()?.iter().filter(|carrier| carrier.target.matches(object)) {
            let mut note = |prefix: &str, data: &Value| -> Result<()> {
                for one in find::find(&carrier.form, data)? {
                    let at = format!("{prefix}{}", one.pointer);
                    for full in names(&one, data, registry) {
                        images.entry(full).or_default().push((object.id(), at.clone()));
                    }
                }
                Ok(())
            };
            let Some(within) = &carrier.within else {
                note("", &object.0)?;
                continue;
            };
            for place in path::find(&object.0, &path::parse(within)) {
                let text = object.0.pointer(&place).and_then(Value::as_str);
                if let Some(data) = text.and_then(embedded::read) {
                    note(&format!("{place}»"), &data)?;
                }
            }
        }
    }
    Ok(images)
}

/// The full names that a place stands for.
fn names(one: &Found, data: &Value, registry: &str) -> Vec<String> {
    let Some(text) = data.pointer(&one.pointer).and_then(Value::as_str) else { return Vec::new() };
    let part = &text[one.range.clone()];
    let whole = one.tails.iter().map(|tail| format!("{part}{tail}"));
    whole.map(|whole| name::source(registry, &whole).unwrap_or_else(|| name::full(&whole))).collect()
}
