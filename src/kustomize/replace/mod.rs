//! `replacements`: reads a value of one object and writes it into fields of others.

mod path;
mod structured;
mod write;

use serde_json::Value;

use super::resource::{Id, Resource, Targets};
use super::source::Source;
use super::spec::{Fields, Replacement, ReplacementEntry, ReplacementSource, ReplacementTarget, Selector};
use super::yaml::text;
use super::{invalid, yaml};
use crate::model::Result;
use write::Found;

/// Reads the replacements that a kustomization lists, those in files too.
pub fn load(source: &Source, entries: &[ReplacementEntry]) -> Result<Vec<Replacement>> {
    let mut all = Vec::new();
    for entry in entries {
        match entry {
            ReplacementEntry::Inline(replacement) => all.push(Replacement::clone(replacement)),
            ReplacementEntry::File(path) => {
                let origin = source.display(path);
                let document = yaml::parse_legacy(&source.text(path)?, &origin)?;
                match &document {
                    Value::Array(items) => {
                        for (i, item) in items.iter().enumerate() {
                            all.push(Fields::whole(item, &format!("{origin}: [{i}]"), &Replacement::read)?);
                        }
                    }
                    other => all.push(Fields::whole(other, &origin, &Replacement::read)?),
                }
            }
        }
    }
    Ok(all)
}

/// Does one replacement.
pub fn run(list: &mut [Resource], replacement: &Replacement) -> Result<()> {
    let found = match &replacement.source {
        ReplacementSource::Text(text) => Found::of_text(text),
        ReplacementSource::Field { object, path, part } => {
            let resource = source_of(list, object)?;
            let id = resource.id();
            let value = path::lookup(&resource.value, &path::split(path))
                .filter(|value| !is_empty(value))
                .ok_or_else(|| invalid(format!("a replacement reads `{path}` of {id}, which is missing")))?;
            Found::part_of(value, part).map_err(|error| error.context(format!("reading `{path}` of {id}")))?
        }
    };
    replacement.targets.iter().try_for_each(|target| write_to(list, target, &found))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// The one object that a source means, by its identity of today or an earlier one.
fn source_of<'a>(list: &'a [Resource], wanted: &Selector) -> Result<&'a Resource> {
    let namespace = Id::new(wanted.gvk.clone(), String::new(), &wanted.namespace).namespace;
    let is_meant = |id: &Id| {
        (wanted.name.is_empty() || wanted.name == id.name)
            && (wanted.namespace.is_empty() || namespace == id.namespace)
            && id.gvk.is_selected_by(&wanted.gvk)
    };
    let mut meant = list.iter().filter(|resource| resource.all_ids().iter().any(is_meant));
    let what = || format!("{} `{}`", wanted.gvk.kind, wanted.name);
    match (meant.next(), meant.next()) {
        (Some(resource), None) => Ok(resource),
        (None, _) => Err(invalid(format!("a replacement reads {}, which doesn't exist", what()))
            .hint("check group, version, kind, name and namespace of its `source`")),
        (Some(first), Some(second)) => {
            let (first, second) = (first.id(), second.id());
            Err(invalid(format!("a replacement reads {}, which could be {first} or {second}", what()))
                .hint("set `namespace`, `group` or `version` in its `source`"))
        }
    }
}

fn write_to(list: &mut [Resource], target: &ReplacementTarget, found: &Found) -> Result<()> {
    let select = Targets::new(&target.select)?;
    let reject: Vec<Targets> = target.reject.iter().map(Targets::new).collect::<Result<_>>()?;
    for resource in list.iter_mut() {
        let ids: Vec<Id> = resource.previous_ids().into_iter().chain([written_id(resource)]).collect();
        let rejected = |targets: &Targets| {
            (targets.has_metadata() && targets.match_metadata(resource))
                || (targets.has_id() && ids.iter().any(|id| targets.match_id(id)))
        };
        let meant = select.match_metadata(resource) && ids.iter().any(|id| select.match_id(id));
        if !meant || reject.iter().any(rejected) {
            continue;
        }
        let id = resource.id();
        for path in &target.paths {
            write::write(&mut resource.value, path, target, found)
                .map_err(|error| error.context(format!("replacing `{path}` of {id}")))?;
        }
    }
    Ok(())
}

/// The identity of today with the namespace as it is written, empty if it isn't.
fn written_id(resource: &Resource) -> Id {
    Id { namespace: resource.namespace(), ..resource.id() }
}

/// The type that a plain YAML scalar has.
fn plain(scalar: &str) -> Value {
    match yaml::parse_value(scalar, "a value") {
        Ok(value) if !(value.is_array() || value.is_object()) => value,
        _ => Value::String(scalar.to_owned()),
    }
}

/// A value in place of a scalar: a text stays a text; what isn't gets the type that the new text has.
fn retyped(old: &Value, new: &str) -> Value {
    if old.is_string() { Value::String(new.to_owned()) } else { plain(new) }
}

/// The text of a scalar; an error for maps and lists.
fn scalar_text(value: &Value) -> Result<String> {
    if value.is_array() || value.is_object() {
        return Err(invalid("`delimiter` works on texts and numbers only"));
    }
    Ok(text(value))
}
