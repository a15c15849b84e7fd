//! `generators`, `transformers` and `validators` of the built-in kinds: what the fields of a kustomization do, configured by an
//! object each (`apiVersion: builtin`) with field specs of its own.

mod generators;
mod transformers;

use serde_json::Value;

use super::fields::{FieldSpec, Schema};
use super::history::Origin;
use super::invalid;
use super::resource::{Resource, absorb};
use super::source::Source;
use super::spec::Fields;
use crate::model::{Error, Result};

/// Runs a generator and adds what it makes.
pub fn generate(list: &mut Vec<Resource>, config: &Resource, source: &Source) -> Result<()> {
    let mut made = generators::generate(&checked(config)?, source).map_err(|error| of(config, error))?;
    made.origin = Origin::plugin(config);
    absorb(list, made)
}

/// Runs a transformer.
pub fn transform(list: &mut Vec<Resource>, config: &Resource, source: &Source, schema: &Schema) -> Result<()> {
    transformers::transform(list, &checked(config)?, source, schema).map_err(|error| of(config, error))?;
    list.retain(|resource| !resource.is_gone());
    Ok(())
}

/// Runs a transformer that may find faults and must not change anything.
pub fn validate(list: &[Resource], config: &Resource, source: &Source, schema: &Schema) -> Result<()> {
    let mut copy = list.to_vec();
    transform(&mut copy, config, source, schema)?;
    let same = copy.len() == list.len() && copy.iter().zip(list).all(|(new, old)| new.value == old.value);
    if same {
        return Ok(());
    }
    let error = invalid("a validator must not change objects").hint("list it in `transformers` instead");
    Err(of(config, error))
}

/// Checks that a plugin is built in.
pub fn check(config: &Resource) -> Result<()> {
    checked(config).map(drop)
}

/// A plugin's kind and configuration. Kinds that aren't built in are programs or containers.
fn checked(config: &Resource) -> Result<Config<'_>> {
    let gvk = config.gvk();
    if gvk.api_version() != "builtin" {
        return Err(invalid(format!("{} is not built in: plugins are not supported", config.id())).hint(
            "run the plugin beforehand and list its output in `resources`, or use a kind of apiVersion `builtin`",
        ));
    }
    Ok(Config { kind: gvk.kind, name: config.name(), namespace: config.namespace(), value: &config.value })
}

fn of(config: &Resource, error: Error) -> Error {
    error.context(format!("{} `{}`", config.gvk().kind, config.name()))
}

/// The configuration of a plugin.
struct Config<'a> {
    kind: String,
    name: String,
    namespace: String,
    value: &'a Value,
}

impl<'a> Config<'a> {
    /// Reads the fields besides type and metadata; what is left is unknown.
    fn read<T>(&self, read: impl Fn(&mut Fields<'a>) -> Result<T>) -> Result<T> {
        Fields::whole(self.value, &self.kind, &|fields| {
            for own in ["apiVersion", "kind", "metadata"] {
                fields.take(own);
            }
            read(fields)
        })
    }

    fn unknown(&self, what: &str) -> Error {
        invalid(format!("`{}` is no {what}", self.kind))
            .hint("kinds of apiVersion `builtin` are spelt like PrefixTransformer or ConfigMapGenerator")
    }
}

/// Reads `fieldSpecs`. Their `name` is read and without effect, as in kustomize.
fn field_specs(fields: &mut Fields<'_>) -> Result<Vec<FieldSpec>> {
    fields.list("fieldSpecs", |f| {
        f.take("name");
        FieldSpec::read(f)
    })
}
