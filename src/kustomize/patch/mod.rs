//! Patches: reading them and applying them to lists of objects.

mod json;
mod lists;
mod merge;

use serde_json::Value;

use super::fields::Schema;
use super::resource::{Appender, Id, Resource, find_one, near_object, select};
use super::source::Source;
use super::spec::{Patch, Selector};
use super::{invalid, yaml};
use crate::model::Result;
use json::JsonPatch;

/// A strategic merge patch.
#[derive(Debug, Clone)]
pub struct MergePatch {
    value: Value,
    rename: bool,
    rekind: bool,
}

/// A patch that is read and ready.
#[derive(Debug)]
pub enum Loaded {
    /// `patchesStrategicMerge`: all of them.
    Strategic(Vec<MergePatch>),
    /// An entry of `patches` with strategic merge patches.
    Merge(Vec<MergePatch>, Option<Selector>),
    /// An entry of `patches` or `patchesJson6902` with operations; the flag is true for the former.
    Json(JsonPatch, Selector, bool),
}

/// Reads `patchesStrategicMerge`: each entry is a file or inline text.
pub fn load_strategic(source: &Source, entries: &[String]) -> Result<Loaded> {
    let mut all = Vec::new();
    for entry in entries {
        let values = read_strategic(source, entry)?;
        all.extend(values.into_iter().map(|value| MergePatch { value, rename: false, rekind: false }));
    }
    if all.is_empty() {
        return Err(invalid(format!("the strategic merge patches are empty: {}", entries.join(", "))));
    }
    Ok(Loaded::Strategic(all))
}

/// Reads an entry of `patchesStrategicMerge`: a file or inline text with any number of patches.
pub fn read_strategic(source: &Source, entry: &str) -> Result<Vec<Value>> {
    match yaml::parse_objects(entry, "an inline patch") {
        Ok(values) => Ok(values),
        Err(error) if entry.trim_end().contains('\n') => Err(error),
        Err(_) => yaml::parse_objects(&source.text(entry)?, &source.display(entry)),
    }
}

/// Reads an entry of `patches`, which may be of either kind.
pub fn load_any(source: &Source, patch: &Patch) -> Result<Option<Loaded>> {
    let inline = patch.inline.trim();
    let (text, origin) = match (inline.is_empty(), patch.path.is_empty()) {
        (true, true) => return Err(invalid("an entry of `patches` needs `patch` or `path`")),
        (false, false) => return Err(invalid("an entry of `patches` can't have both `patch` and `path`")),
        (false, true) => (inline.to_owned(), "an inline patch".to_owned()),
        (true, false) => (source.text(&patch.path)?, source.display(&patch.path)),
    };
    let merge = yaml::parse_objects(&text, &origin);
    let json = if text.is_empty() { None } else { JsonPatch::parse(&text, &origin).ok() };
    match (merge, json) {
        (Ok(values), None) if values.is_empty() => Ok(None),
        (Ok(values), _) => {
            let merge = |value| MergePatch { value, rename: patch.rename, rekind: patch.rekind };
            Ok(Some(Loaded::Merge(values.into_iter().map(merge).collect(), patch.target.clone())))
        }
        (Err(_), Some(json)) => {
            let target = patch.target.clone().ok_or_else(|| {
                invalid(format!("{origin}: a JSON patch needs a target")).hint("set `target` with kind and name")
            })?;
            Ok(Some(Loaded::Json(json, target, true)))
        }
        (Err(error), None) => Err(error.context("neither a strategic merge patch nor a JSON patch")),
    }
}

/// Reads an entry of `patchesJson6902`.
pub fn load_json(source: &Source, patch: &Patch) -> Result<Loaded> {
    let named = patch.target.clone().filter(|target| !target.name.is_empty());
    let target = named.ok_or_else(|| invalid("an entry of `patchesJson6902` needs a target with a name"))?;
    let (text, origin) = match (patch.inline.is_empty(), patch.path.is_empty()) {
        (true, true) => return Err(invalid("an entry of `patchesJson6902` needs `patch` or `path`")),
        (false, false) => return Err(invalid("an entry of `patchesJson6902` can't have both `patch` and `path`")),
        (false, true) => (patch.inline.clone(), "an inline patch".to_owned()),
        (true, false) => (source.text(&patch.path)?, source.display(&patch.path)),
    };
    let operations = JsonPatch::parse(&text, &origin)?;
    if operations.is_empty() {
        return Err(invalid(format!("{origin}: the patch is empty")));
    }
    Ok(Loaded::Json(operations, target, false))
}

impl Loaded {
    /// Refuses a target that selects nothing; a patch without target is refused in any case, when it is applied.
    pub fn must_hit(&self, list: &[Resource]) -> Result<()> {
        let (Loaded::Merge(_, Some(target)) | Loaded::Json(_, target, _)) = self else { return Ok(()) };
        if !select(list, target)?.is_empty() {
            return Ok(());
        }
        let error = invalid(format!("the target of a patch selects no object: {target}"));
        Err(match near_object(list, &target.gvk.kind, &target.name) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint("check kind, name, namespace and selectors of the target against what is rendered"),
        })
    }

    /// Applies the patch to a list of objects; objects that it deletes are taken out.
    pub fn apply(&self, list: &mut Vec<Resource>, schema: &Schema) -> Result<()> {
        match self {
            Loaded::Strategic(patches) => {
                for patch in patches {
                    let place = find_one(list, &patch.id())?;
                    patch.apply_to_all(list, &[place], schema)?;
                }
            }
            Loaded::Merge(patches, Some(target)) => {
                let [patch] = &patches[..] else {
                    return Err(invalid("an entry of `patches` with a target must hold one patch")
                        .hint("make an entry of each, or leave the target away"));
                };
                let places = select(list, target)?;
                patch.apply_to_all(list, &places, schema)?;
            }
            Loaded::Merge(patches, None) => {
                for patch in patches {
                    let place = find_one(list, &patch.id())?;
                    patch.apply(&mut list[place], patch.value.clone(), schema)?;
                }
            }
            Loaded::Json(patch, target, remember) => {
                for place in select(list, target)? {
                    if *remember {
                        list[place].remember();
                    }
                    let id = list[place].id();
                    patch.apply(&mut list[place].value).map_err(|error| error.context(format!("patching {id}")))?;
                }
            }
        }
        list.retain(|resource| !resource.is_gone());
        Ok(())
    }
}

impl MergePatch {
    fn id(&self) -> Id {
        Resource::new(self.value.clone()).id()
    }

    /// Applies a patch to some objects of a list, whatever name and version it carries itself.
    fn apply_to_all(&self, list: &mut Vec<Resource>, places: &[usize], schema: &Schema) -> Result<()> {
        let mut own = Resource::new(self.value.clone());
        let (labels, annotations) = (own.labels(), own.annotations());
        own.set_metadata("labels", &labels);
        own.set_metadata("annotations", &annotations);
        for &place in places {
            let mut value = own.value.clone();
            if let Some(map) = value.as_object_mut() {
                map.insert("apiVersion".into(), list[place].gvk().api_version().into());
            }
            self.apply(&mut list[place], value, schema)?;
        }
        let all = std::mem::take(list);
        let mut appender = Appender::new(list);
        all.into_iter().filter(|r| !r.is_gone()).try_for_each(|resource| appender.push(resource))
    }

    fn apply(&self, resource: &mut Resource, patch: Value, schema: &Schema) -> Result<()> {
        let (id, namespace) = (resource.id(), resource.namespace());
        if self.rename || self.rekind {
            resource.remember();
        }
        let merged = merge::merge(resource.value.take(), &patch, schema)
            .map_err(|error| error.context(format!("patching {id}")))?;
        resource.value = merged.unwrap_or(Value::Null);
        if resource.is_gone() {
            return Ok(());
        }
        if !self.rekind
            && let Some(map) = resource.value.as_object_mut()
        {
            map.insert("kind".into(), id.gvk.kind.into());
        }
        if !self.rename {
            resource.set_name(&id.name);
        }
        resource.set_namespace(&namespace);
        Ok(())
    }
}
