//! `crds`: field specs that the OpenAPI definitions of custom kinds give by extensions of their properties.

use serde_json::Value;

use super::super::invalid;
use super::super::resource::Gvk;
use super::config::Config;
use super::spec::{FieldSpec, Referrers, merge_one, merge_referrers};
use crate::model::Result;

/// The deepest nesting of types.
const MAX_DEPTH: usize = 64;
/// The most properties of a file, counted at each place where a type is used.
const MAX_PROPERTIES: usize = 100_000;

impl Config {
    /// Reads a file of definitions: a map of type names to `Schema` with `properties`. The kind is the last part of the name.
    pub fn from_crds(document: &Value, origin: &str) -> Result<Config> {
        let types = document
            .as_object()
            .ok_or_else(|| invalid(format!("{origin}: a map of type names to OpenAPI definitions expected")))?;
        let mut walk = Walk { types: document, config: Config::default(), gvk: Gvk::default(), left: MAX_PROPERTIES };
        for name in types.keys() {
            let is_kind = properties(document, name).is_some_and(|known| {
                ["kind", "apiVersion", "metadata"].iter().all(|field| known.get(*field).is_some())
            });
            if is_kind {
                walk.gvk.kind = name.rsplit('.').next().unwrap_or(name).to_owned();
                walk.of_type(name, &mut Vec::new()).map_err(|error| error.context(format!("{origin}: type {name}")))?;
            }
        }
        Ok(walk.config)
    }
}

/// The properties of a type; the case of `Schema` doesn't matter.
fn properties<'a>(types: &'a Value, name: &str) -> Option<&'a Value> {
    let definition = types.get(name)?.as_object()?;
    let (_, schema) = definition.iter().find(|(key, _)| key.eq_ignore_ascii_case("schema"))?;
    schema.get("properties").filter(|properties| properties.is_object())
}

struct Walk<'a> {
    types: &'a Value,
    config: Config,
    gvk: Gvk,
    left: usize,
}

impl<'a> Walk<'a> {
    fn of_type(&mut self, name: &str, path: &mut Vec<&'a str>) -> Result<()> {
        let types = self.types;
        let Some(Value::Object(properties)) = properties(types, name) else { return Ok(()) };
        if path.len() > MAX_DEPTH || self.left < properties.len() {
            return Err(invalid("the definitions are too deep, or a type is part of itself")
                .hint("name the fields in a file under `configurations` instead"));
        }
        self.left -= properties.len();
        for (field, property) in properties {
            path.push(field);
            self.property(property, path)?;
            if let Some(Value::String(name)) = property.get("$ref") {
                self.of_type(name, path)?;
            }
            path.pop();
        }
        Ok(())
    }

    /// Adds what the extensions of a property say.
    fn property(&mut self, property: &Value, path: &[&str]) -> Result<()> {
        let says = |what: &str| property.get(format!("x-kubernetes-{what}")).and_then(Value::as_str);
        let field = FieldSpec { gvk: self.gvk.clone(), path: path.join("/"), create: false };
        for (what, list) in [
            ("annotation", &mut self.config.common_annotations),
            ("label-selector", &mut self.config.common_labels),
            ("identity", &mut self.config.name_prefix),
        ] {
            if says(what).is_some() {
                merge_one(list, field.clone())?;
            }
        }
        if let (Some(version), Some(kind)) = (says("object-ref-api-version"), says("object-ref-kind")) {
            let key = says("object-ref-name-key").unwrap_or("name");
            let referrers = Referrers {
                target: Gvk { group: String::new(), version: version.into(), kind: kind.into() },
                fields: vec![FieldSpec { path: format!("{}/{key}", field.path), ..field }],
            };
            merge_referrers(&mut self.config.name_reference, &[referrers])?;
        }
        Ok(())
    }
}
