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

/// Definitions that a schema may refer to without having them, and the built-in types they are.
const SHARED: [(&str, &str); 12] = [
    ("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "ObjectMeta"),
    ("io.k8s.api.core.v1.PodTemplateSpec", "PodTemplate"),
    ("io.k8s.api.core.v1.PodSpec", "PodSpec"),
    ("io.k8s.api.core.v1.Container", "Container"),
    ("io.k8s.api.core.v1.EphemeralContainer", "EphemeralContainer"),
    ("io.k8s.api.core.v1.Volume", "Volume"),
    ("io.k8s.api.core.v1.EphemeralVolumeSource", "EphemeralVolume"),
    ("io.k8s.api.core.v1.PersistentVolumeClaimTemplate", "Plain"),
    ("io.k8s.api.core.v1.ServiceSpec", "ServiceSpec"),
    ("io.k8s.api.apps.v1.DeploymentSpec", "Templated"),
    ("io.k8s.api.batch.v1.JobSpec", "Templated"),
    ("io.k8s.api.batch.v1beta1.JobTemplateSpec", "JobTemplate"),
];

impl Schema {
    /// Reads a schema. It takes the place of `base`, with which it is joined: what the base has counts.
    ///
    /// The base is empty where the schema is chosen before anything is read, as in kustomize: kinds that the schema doesn't
    /// have are then merged as if nothing were known.
    pub fn from_openapi(document: &Value, origin: &str, base: &Schema) -> Result<Schema> {
        let definitions = document
            .get("definitions")
            .and_then(Value::as_object)
            .ok_or_else(|| invalid(format!("{origin}: an OpenAPI schema has a map `definitions`")))?;
        let first = base.types.len();
        let mut names: HashMap<&str, usize> =
            definitions.keys().enumerate().map(|(i, name)| (name.as_str(), first + i)).collect();
        if first > 0 {
            names.extend(SHARED.iter().filter_map(|(name, of)| Some((*name, Schema::built_in_type(of)?))));
        }
        let mut types = base.types.clone();
        types.resize_with(first + definitions.len(), HashMap::new);
        let mut reader = Reader { names, types };
        let mut kinds = base.kinds.clone();
        for (i, definition) in (first..).zip(definitions.values()) {
            reader.types[i] = reader.fields(definition, 0);
            let types = definition.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
            for gvk in types.into_iter().flatten() {
                let part = |name: &str| gvk.get(name).and_then(Value::as_str).unwrap_or_default();
                let version = match part("group") {
                    "" => part("version").to_owned(),
                    group => format!("{group}/{}", part("version")),
                };
                let kind = Kind { cluster_scoped: false, of: Some(i) };
                kinds.entry((version, part("kind").to_owned())).or_insert(kind);
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
