//! The recursion over kustomizations.
//!
//! A kustomization's objects are those of its resources, then its generators'; its transformers change them all. Names are
//! made final only at the root: content hashes, references and vars come last.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;
use serde_json::Value;

use super::fields::Config;
use super::history::{self, Origin};
use super::refs::{VarSet, fix_names, resolve_vars};
use super::resource::{Resource, absorb, append_all, sort};
use super::source::Source;
use super::spec::{BuildMetadata, Kustomization};
use super::{Options, Reorder, faults, generate, invalid, plugins, transform, yaml};
use crate::model::{Error, Object, Result};

/// What kustomizations have gathered so far.
#[derive(Debug, Default)]
struct Gathered {
    list: Vec<Resource>,
    config: Option<Arc<Config>>,
    vars: VarSet,
}

/// Renders a folder, without the objects of some files.
pub fn run(dir: &Path, options: &Options, left_out: &dyn Fn(&str) -> bool) -> Result<Vec<Object>> {
    let what = format!("cannot render `{}`", dir.display());
    let how = Root { options, left_out, allowed: &|_| Ok(()) };
    let rendered =
        Source::root(dir, options.files_from_anywhere).and_then(|source| root(source, Gathered::default(), &how));
    rendered.map_err(|error| faults::explain(dir, &what, options, error))
}

/// Lays the kustomization of a folder over objects that are there already, as a component is laid over what its
/// kustomization gathered.
pub fn overlay(dir: &Path, objects: Vec<Object>, options: &Options) -> Result<Vec<Object>> {
    let what = format!("cannot lay the overlay `{}` over what is rendered", dir.display());
    let list = objects.into_iter().map(|object| Resource::new(object.0)).collect();
    let start = Gathered { list, config: Some(START.clone()?), vars: VarSet::default() };
    let options = Options { reorder: Reorder::None, ..*options };
    let how = Root { options: &options, left_out: &|_| false, allowed: &refuse_to_move };
    let laid = Source::root(dir, options.files_from_anywhere).and_then(|source| root(source.laid_over(), start, &how));
    laid.map_err(|error| faults::explain(dir, &what, &options, error))
}

/// Refuses the fields that would rename or move everything that an overlay lies over.
fn refuse_to_move(spec: &Kustomization) -> Result<()> {
    let fields = [("namespace", &spec.namespace), ("namePrefix", &spec.name_prefix), ("nameSuffix", &spec.name_suffix)];
    match fields.into_iter().find(|(_, value)| !value.is_empty()) {
        None => Ok(()),
        Some((field, _)) => Err(invalid(format!("`{field}` in an overlay would change every object that it lies over"))
            .hint(format!("for your own objects: put them into a folder with a kustomization of its own that has `{field}`, and list the folder in `resources`"))),
    }
}

/// What is particular to a root.
struct Root<'a> {
    options: &'a Options,
    /// Whether the objects of a file are left out of the result.
    left_out: &'a dyn Fn(&str) -> bool,
    /// Refuses kustomizations that may not be a root here.
    allowed: &'a dyn Fn(&Kustomization) -> Result<()>,
}

fn root(source: Source, start: Gathered, how: &Root) -> Result<Vec<Object>> {
    let (spec, path) = read(&source)?;
    let source = source.noting_changes(spec.build_metadata.transformations);
    let in_root = |error: Error| error.context(format!("in {}", path.display()));
    (how.allowed)(&spec).map_err(in_root)?;
    let gathered = accumulate(&source, &spec, start).map_err(in_root)?;
    finish_all(gathered, &spec, how).map_err(in_root)
}

/// What is done once, at the root: hashes, references, vars, order.
fn finish_all(gathered: Gathered, spec: &Kustomization, how: &Root) -> Result<Vec<Object>> {
    let Gathered { mut list, config, vars } = gathered;
    let config = config.unwrap_or_else(Config::defaults);
    generate::add_hashes(&mut list);
    fix_names(&mut list, &config.name_reference)?;
    resolve_vars(&mut list, &vars, &config.var_reference)?;
    list.retain(|resource| !is_local(resource));
    // Only now: what stays may refer to what goes, under the name that it would have had.
    list.retain(|resource| !resource.origin.as_ref().is_some_and(|origin| (how.left_out)(origin.path())));
    match &spec.sort_options {
        Some(sorting) if sorting.legacy => sort(&mut list, sorting.kinds.as_ref()),
        Some(_) => {}
        None if how.options.reorder == Reorder::None => {}
        None => sort(&mut list, None),
    }
    Ok(list.into_iter().map(|resource| finish(resource, &spec.build_metadata)).collect())
}

fn read(source: &Source) -> Result<(Kustomization, std::path::PathBuf)> {
    let (text, path) = source.kustomization()?;
    Ok((Kustomization::parse(&text, &path)?, path))
}

/// Adds a kustomization's objects to those gathered (by the kustomization that a component belongs to, else none).
fn accumulate(source: &Source, spec: &Kustomization, start: Gathered) -> Result<Gathered> {
    source.choose_schema(spec.openapi.as_ref())?;
    let mut all = start;
    for entry in &spec.resources {
        resource(source, entry, &mut all)?;
    }
    all.add_config(&own_config(source, &spec.configurations)?)?;
    for file in &spec.crds {
        let origin = source.display(file);
        all.add_config(&Arc::new(Config::from_crds(&yaml::parse_value(&source.text(file)?, &origin)?, &origin)?))?;
    }
    for generator in &spec.generators {
        let mut made = generate::generate(source, generator)?;
        made.origin = Some(Origin::generator(source, generator.kind));
        absorb(&mut all.list, made)?;
    }
    for config in plugin_objects(source, &spec.generator_objects, "generators")? {
        plugins::generate(&mut all.list, &config, source)?;
    }
    for entry in &spec.components {
        all = base(source, entry, all, true)?;
    }
    let config = all.config.clone().unwrap_or_else(Config::defaults);
    transform::run(&mut all.list, spec, source, &config, source.schema())?;
    if source.notes_changes() {
        history::note_fields(&mut all.list, spec, source);
    }
    for config in plugin_objects(source, &spec.transformers, "transformers")? {
        plugins::transform(&mut all.list, &config, source, source.schema())?;
        if let Some(change) = Origin::plugin(&config).filter(|_| source.notes_changes()) {
            history::note(&mut all.list, &change);
        }
    }
    for config in plugin_objects(source, &spec.validators, "validators")? {
        plugins::validate(&all.list, &config, source, source.schema())?;
    }
    all.vars.define(&spec.vars, &mut all.list)?;
    Ok(all)
}

/// The objects that configure plugins: those that stand in the kustomization first, then those of files and folders.
pub fn plugin_objects(source: &Source, entries: &[String], field: &str) -> Result<Vec<Resource>> {
    let mut all = Gathered::default();
    let mut paths = Vec::new();
    for entry in entries {
        match yaml::parse_objects(entry, "an inline object") {
            Ok(values) => append_all(&mut all.list, resources(source, values, &source.kustomization_place()))?,
            Err(_) if !entry.contains('\n') => paths.push(entry),
            Err(error) => return Err(error.context(format!("in `{field}`"))),
        }
    }
    for path in paths {
        resource(source, path, &mut all).map_err(|error| error.context(format!("in `{field}`")))?;
    }
    Ok(all.list)
}

/// The built-in field specs with those of a kustomization's files.
pub fn own_config(source: &Source, files: &[String]) -> Result<Arc<Config>> {
    if files.is_empty() {
        return Ok(Config::defaults());
    }
    let mut own = Config::default();
    for file in files {
        own.merge(&Config::parse(&source.text(file)?, &source.display(file))?)?;
    }
    let mut all = Config::clone(&Config::defaults());
    all.merge(&own)?;
    Ok(Arc::new(all))
}

/// The built-in field specs as the start of what is gathered.
static START: LazyLock<Result<Arc<Config>>> = LazyLock::new(|| {
    let mut config = Config::default();
    config.merge(&Config::defaults())?;
    Ok(Arc::new(config))
});

impl Gathered {
    /// Adds field specs. All that is gathered holds the built-in ones, so that these are added once.
    fn add_config(&mut self, other: &Arc<Config>) -> Result<()> {
        let start = START.clone()?;
        let is_built_in = Arc::ptr_eq(other, &start) || Arc::ptr_eq(other, &Config::defaults());
        match &mut self.config {
            None if is_built_in => self.config = Some(start),
            None => {
                let mut config = Config::default();
                config.merge(other)?;
                self.config = Some(Arc::new(config));
            }
            Some(_) if is_built_in => {}
            Some(own) => Arc::make_mut(own).merge(other)?,
        }
        Ok(())
    }
}

/// An entry of `resources`: a file of objects, or the folder of another kustomization.
fn resource(source: &Source, entry: &str, all: &mut Gathered) -> Result<()> {
    if source.is_dir(entry) {
        let sub = base(source, entry, Gathered::default(), false)?;
        append_all(&mut all.list, sub.list)?;
        if let Some(config) = &sub.config {
            all.add_config(config)?;
        }
        return all.vars.merge(sub.vars);
    }
    let origin = source.display(entry);
    let values = yaml::parse_objects(&source.text(entry)?, &origin)?;
    append_all(&mut all.list, resources(source, values, &source.place(entry)))
        .map_err(|error| error.context(format!("adding {origin}")))
}

/// Checks that what is listed as a component is one, and nothing else.
pub fn check_role(spec: &Kustomization, component: bool, path: &Path) -> Result<()> {
    if spec.component == component {
        return Ok(());
    }
    let wanted = if component { "Component" } else { "Kustomization" };
    Err(invalid(format!("{} must be of kind {wanted}", path.display()))
        .hint("list components in `components`, all else in `resources`"))
}

/// Objects as they were read from a file at a place.
fn resources(source: &Source, values: Vec<Value>, place: &str) -> Vec<Resource> {
    source.need_schema_for(&values);
    let origin = Some(Origin::File(place.to_owned()));
    values.into_iter().map(|value| Resource { origin: origin.clone(), ..Resource::new(value) }).collect()
}

/// Gathers what the kustomization in another folder makes.
fn base(source: &Source, entry: &str, start: Gathered, component: bool) -> Result<Gathered> {
    let sub = source.base(entry)?;
    let sub = if component && source.is_overlay() { sub.laid_over() } else { sub };
    let (spec, path) = read(&sub)?;
    check_role(&spec, component, &path)?;
    accumulate(&sub, &spec, start).map_err(|error| error.context(format!("in {}", path.display())))
}

/// True for objects that are meant for other tools only.
fn is_local(resource: &Resource) -> bool {
    resource.annotations().get("config.kubernetes.io/local-config").is_some_and(|value| value != "false")
}

/// Annotations that kustomize and its kin keep for themselves.
const INTERNAL: [&str; 9] = [
    "config.kubernetes.io/index",
    "config.kubernetes.io/path",
    "config.kubernetes.io/id",
    history::ORIGIN,
    history::TRANSFORMATIONS,
    "config.k8s.io/id",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/id",
];

/// The object as it comes out: annotations are texts, whole numbers have no fraction.
fn finish(mut resource: Resource, wanted: &BuildMetadata) -> Object {
    let mut annotations: IndexMap<String, String> = resource.annotations();
    annotations.retain(|key, _| !INTERNAL.contains(&key.as_str()));
    let had = resource.value.pointer("/metadata/annotations").is_some();
    if had {
        resource.set_metadata("annotations", &annotations);
    }
    history::write(&mut resource, wanted);
    whole_numbers(&mut resource.value);
    Object(resource.value)
}

fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap_or_default();
            if float.fract() == 0.0 && float.abs() < 9e15 {
                *value = Value::from(float as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(map) => map.values_mut().for_each(whole_numbers),
        _ => {}
    }
}
