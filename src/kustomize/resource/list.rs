//! Lists of objects: no two have the same identity.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::super::invalid;
use super::super::spec::Behavior;
use super::{Id, Resource, as_map};
use crate::model::Result;
use crate::model::near::nearest;

/// Appends to a list and refuses identities that are taken.
pub struct Appender<'a> {
    list: &'a mut Vec<Resource>,
    ids: HashSet<Id>,
}

impl<'a> Appender<'a> {
    /// An appender to a list.
    pub fn new(list: &'a mut Vec<Resource>) -> Appender<'a> {
        let ids = list.iter().map(Resource::id).collect();
        Appender { list, ids }
    }

    /// Appends an object.
    pub fn push(&mut self, resource: Resource) -> Result<()> {
        let id = resource.id();
        if self.ids.contains(&id) {
            return Err(invalid(format!("{id} is there twice")).hint(
                "the same object comes from two files or bases: list it once, or set different names or namespaces",
            ));
        }
        self.ids.insert(id);
        self.list.push(resource);
        Ok(())
    }
}

/// Appends objects to a list.
pub fn append_all(list: &mut Vec<Resource>, more: Vec<Resource>) -> Result<()> {
    // Only an object of the same name can be the same: no need to know what all others are.
    let names: HashSet<String> = more.iter().map(Resource::name).collect();
    let ids = list.iter().filter(|resource| names.contains(&resource.name())).map(Resource::id).collect();
    let mut appender = Appender { list, ids };
    more.into_iter().try_for_each(|resource| appender.push(resource))
}

/// Places of the objects of which any identity satisfies a condition.
pub fn find_any(list: &[Resource], matches: impl Fn(&Id) -> bool) -> Vec<usize> {
    let hit = |r: &Resource| !r.is_gone() && r.all_ids().iter().any(&matches);
    list.iter().enumerate().filter(|(_, r)| hit(r)).map(|(i, _)| i).collect()
}

/// The place of the one object that has or had an identity.
pub fn find_one(list: &[Resource], id: &Id) -> Result<usize> {
    match find_any(list, |other| other == id)[..] {
        [place] => Ok(place),
        [] => {
            let error = invalid(format!("no object is {id}, which a patch is for"));
            Err(match near_object(list, &id.gvk.kind, &id.name) {
                Some(near) => error.hint(format!("did you mean {near}?")),
                None => error.hint("check apiVersion, kind, name and namespace of the patch against the object"),
            })
        }
        _ => Err(invalid(format!("more than one object is or was {id}, which a patch is for"))),
    }
}

/// The object of a kind that probably was meant by a name: the same name elsewhere, else one that resembles it.
pub fn near_object(list: &[Resource], kind: &str, name: &str) -> Option<Id> {
    let ids: Vec<Id> = list.iter().map(Resource::id).filter(|id| kind.is_empty() || id.gvk.kind == kind).collect();
    let meant = nearest(name, ids.iter().map(|id| id.name.as_str()))?.to_owned();
    ids.into_iter().find(|id| id.name == meant)
}

/// Adds a generated object: creates, replaces or merges, as its generator says.
pub fn absorb(list: &mut Vec<Resource>, mut new: Resource) -> Result<()> {
    let id = new.id();
    match find_any(list, |other| *other == id)[..] {
        [] if new.behavior == Behavior::Create => append_all(list, vec![new]),
        [] => Err(invalid(format!("{id} does not exist: it can't be merged or replaced"))),
        [place] => {
            let old = &list[place];
            match new.behavior {
                Behavior::Create => {
                    return Err(invalid(format!("{id} exists already"))
                        .hint("set `behavior: merge` or `behavior: replace` on the generator"));
                }
                Behavior::Replace => keep_metadata(&mut new, old),
                Behavior::Merge => {
                    keep_metadata(&mut new, old);
                    new.origin = old.origin.clone();
                    merge_data(&mut new, old)?;
                }
            }
            list[place] = new;
            Ok(())
        }
        _ => Err(invalid(format!("more than one object is or was {id}: which one to change is ambiguous"))),
    }
}

fn merged(old: IndexMap<String, String>, new: IndexMap<String, String>) -> IndexMap<String, String> {
    let mut all = old;
    all.extend(new);
    all
}

/// Takes labels, annotations, identity and history over from the object that is replaced.
fn keep_metadata(new: &mut Resource, old: &Resource) {
    new.set_metadata("labels", &merged(old.labels(), new.labels()));
    new.set_metadata("annotations", &merged(old.annotations(), new.annotations()));
    new.set_name(&old.name());
    new.set_namespace(&old.namespace());
    new.previous = old.previous.clone();
    new.prefixes = old.prefixes.clone();
    new.suffixes = old.suffixes.clone();
    new.vars = old.vars.clone();
    new.behavior = old.behavior;
    new.transformations = old.transformations.clone();
    new.needs_hash &= old.needs_hash;
}

fn merge_data(new: &mut Resource, old: &Resource) -> Result<()> {
    let mut data = Resource::texts(old.value.get("data"));
    if old.value.get("kind").and_then(Value::as_str) == Some("Secret") {
        for (key, value) in old.value.get("stringData").and_then(Value::as_object).unwrap_or(&Map::new()) {
            if value.is_array() || value.is_object() {
                return Err(invalid(format!("stringData.{key} of {} must be a text", old.id())));
            }
            data.insert(key.clone(), STANDARD.encode(super::super::yaml::text(value)));
        }
    }
    let data = merged(data, Resource::texts(new.value.get("data")));
    let binary = merged(Resource::texts(old.value.get("binaryData")), Resource::texts(new.value.get("binaryData")));
    let Some(map) = new.value.as_object_mut() else { return Ok(()) };
    for (field, texts) in [("data", data), ("binaryData", binary)] {
        map.shift_remove(field);
        if !texts.is_empty() {
            map.insert(field.into(), as_map(&texts));
        }
    }
    Ok(())
}
