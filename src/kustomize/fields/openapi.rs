//! A schema of the user's own: an OpenAPI document (version 2) with `definitions`, as `kustomize openapi fetch` gives it.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::super::invalid;
use super::schema::{Field, Kind, Schema};
use crate::model::Result;

/// The deepest nesting of types inside a definition.
const MAX_DEPTH: usize = 64;
/// Where a reference to a definition begins.
const DEFINITIONS: &str = "#/definitions/";

impl Schema {
    /// Reads a schema. It takes the place of the built-in one: kinds that it doesn't have are merged as if nothing were known.
    pub fn from_openapi(document: &Value, origin: &str) -> Result<Schema> {
        let definitions = document
            .get("definitions")
            .and_then(Value::as_object)
            .ok_or_else(|| invalid(format!("{origin}: an OpenAPI schema has a map `definitions`")))?;
        let names = definitions.keys().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
        let mut reader = Reader { names, types: definitions.iter().map(|_| HashMap::new()).collect() };
        let mut kinds = HashMap::new();
        for (i, definition) in definitions.values().enumerate() {
            reader.types[i] = reader.fields(definition, 0);
            let types = definition.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
            for gvk in types.into_iter().flatten() {
                let part = |name: &str| gvk.get(name).and_then(Value::as_str).unwrap_or_default();
                let version = match part("group") {
                    "" => part("version").to_owned(),
                    group => format!("{group}/{}", part("version")),
                };
                kinds.insert((version, part("kind").to_owned()), Kind { cluster_scoped: false, of: Some(i) });
            }
        }
        Ok(Schema { types: reader.types, kinds })
    }
}

struct Reader<'a> {
    names: HashMap<&'a str, usize>,
    types: Vec<HashMap<String, Field>>,
}

impl Reader<'_> {
    /// The fields of a map, without those of which nothing is known.
    fn fields(&mut self, schema: &Value, depth: usize) -> HashMap<String, Field> {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return HashMap::new() };
        if depth > MAX_DEPTH {
            return HashMap::new();
        }
        properties
            .iter()
            .map(|(name, property)| {
                let keys = merge_keys(property);
                let inner = if keys.is_some() { property.get("items") } else { Some(property) };
                (name.clone(), Field { keys, of: inner.and_then(|inner| self.type_of(inner, depth)) })
            })
            .collect()
    }

    fn type_of(&mut self, schema: &Value, depth: usize) -> Option<usize> {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            return self.names.get(name.strip_prefix(DEFINITIONS)?).copied();
        }
        let fields = self.fields(schema, depth + 1);
        if fields.is_empty() {
            return None;
        }
        self.types.push(fields);
        Some(self.types.len() - 1)
    }
}

/// The keys by which a list is merged; `None` if it is replaced.
fn merge_keys(property: &Value) -> Option<Vec<String>> {
    let empty = Map::new();
    let of = property.as_object().unwrap_or(&empty);
    let strategy = of.get("x-kubernetes-patch-strategy")?.as_str()?;
    if !strategy.split(',').any(|part| part == "merge") || of.get("type").and_then(Value::as_str) != Some("array") {
        return None;
    }
    if let Some(Value::Array(keys)) = of.get("x-kubernetes-list-map-keys") {
        return Some(keys.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    }
    Some(of.get("x-kubernetes-patch-merge-key").and_then(Value::as_str).map(str::to_owned).into_iter().collect())
}
