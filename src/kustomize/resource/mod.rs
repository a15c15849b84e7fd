//! An object with its history, lists of objects, their order.

mod id;
mod list;
mod order;
mod select;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::history::Origin;
use super::spec::Behavior;
use super::yaml::text;

pub use id::{Gvk, Id};
pub use list::{Appender, absorb, append_all, find_any, find_one, near_object};
pub use order::{sort, type_key};
pub use select::{Targets, select};

/// An earlier identity of an object; group and version are always those of today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    /// The kind it had.
    pub kind: String,
    /// The name it had.
    pub name: String,
    /// The effective namespace it had.
    pub namespace: String,
}

/// An object that is being transformed. What kustomize keeps in annotations while it builds is kept in fields here.
#[derive(Debug, Clone, Default)]
pub struct Resource {
    /// The object; null if a patch deleted it.
    pub value: Value,
    /// Its earlier identities, oldest first.
    pub previous: Vec<Previous>,
    /// Prefixes that its name got, innermost first.
    pub prefixes: Vec<String>,
    /// Suffixes that its name got, innermost first.
    pub suffixes: Vec<String>,
    /// Names of the vars that read it.
    pub vars: Vec<String>,
    /// What its generator may do to an object of the same identity.
    pub behavior: Behavior,
    /// True if its name gets a hash of its content.
    pub needs_hash: bool,
    /// Where it comes from; none for what is made on the way.
    pub origin: Option<Origin>,
    /// What changed it, oldest first.
    pub transformations: Vec<Origin>,
}

impl Resource {
    /// An object without history.
    pub fn new(value: Value) -> Resource {
        Resource { value, ..Resource::default() }
    }

    /// True if a patch deleted the object.
    pub fn is_gone(&self) -> bool {
        match &self.value {
            Value::Object(map) => map.is_empty(),
            _ => true,
        }
    }

    /// Its type today.
    pub fn gvk(&self) -> Gvk {
        Gvk::of(&self.value)
    }

    fn metadata(&self) -> Option<&Map<String, Value>> {
        self.value.get("metadata")?.as_object()
    }

    /// Its name today.
    pub fn name(&self) -> String {
        self.metadata().and_then(|m| m.get("name")).map(text).unwrap_or_default()
    }

    /// Its namespace as written today; empty for none.
    pub fn namespace(&self) -> String {
        self.metadata().and_then(|m| m.get("namespace")).map(text).unwrap_or_default()
    }

    /// Its identity today.
    pub fn id(&self) -> Id {
        Id::new(self.gvk(), self.name(), &self.namespace())
    }

    /// Its earlier identities, oldest first.
    pub fn previous_ids(&self) -> Vec<Id> {
        if self.previous.is_empty() {
            return Vec::new();
        }
        let gvk = self.gvk();
        let id = |p: &Previous| Id {
            gvk: Gvk { kind: p.kind.clone(), ..gvk.clone() },
            name: p.name.clone(),
            namespace: p.namespace.clone(),
        };
        self.previous.iter().map(id).collect()
    }

    /// Its first identity.
    pub fn original_id(&self) -> Id {
        self.previous_ids().into_iter().next().unwrap_or_else(|| self.id())
    }

    /// All identities that it has had, and the one it has.
    pub fn all_ids(&self) -> Vec<Id> {
        let mut ids = self.previous_ids();
        ids.push(self.id());
        ids
    }

    /// Remembers the identity before a change.
    pub fn remember(&mut self) {
        let Id { gvk, name, namespace } = self.id();
        self.previous.push(Previous { kind: gvk.kind, name, namespace });
    }

    fn metadata_mut(&mut self) -> Option<&mut Map<String, Value>> {
        let map = self.value.as_object_mut()?;
        let metadata = map.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
        if metadata.is_null() {
            *metadata = Value::Object(Map::new());
        }
        metadata.as_object_mut()
    }

    /// Sets the name.
    pub fn set_name(&mut self, name: &str) {
        if let Some(metadata) = self.metadata_mut() {
            metadata.insert("name".into(), name.into());
        }
    }

    /// Sets the namespace; an empty one takes the field away.
    pub fn set_namespace(&mut self, namespace: &str) {
        let Some(metadata) = self.metadata_mut() else { return };
        if namespace.is_empty() {
            metadata.shift_remove("namespace");
        } else {
            metadata.insert("namespace".into(), namespace.into());
        }
    }

    /// A map of texts below `metadata` (labels, annotations), or below the object itself (data).
    pub fn texts(value: Option<&Value>) -> IndexMap<String, String> {
        let Some(map) = value.and_then(Value::as_object) else { return IndexMap::new() };
        map.iter().map(|(key, value)| (key.clone(), text_of(value))).collect()
    }

    /// The labels as texts.
    pub fn labels(&self) -> IndexMap<String, String> {
        Resource::texts(self.metadata().and_then(|m| m.get("labels")))
    }

    /// The annotations as texts.
    pub fn annotations(&self) -> IndexMap<String, String> {
        Resource::texts(self.metadata().and_then(|m| m.get("annotations")))
    }

    /// Writes a map of texts below `metadata`; an empty one takes the field away.
    pub fn set_metadata(&mut self, field: &str, texts: &IndexMap<String, String>) {
        let Some(metadata) = self.metadata_mut() else { return };
        metadata.shift_remove(field);
        if !texts.is_empty() {
            metadata.insert(field.to_owned(), as_map(texts));
        }
    }
}

/// The text of a node as it stands in YAML, where null is a word too.
fn text_of(value: &Value) -> String {
    if value.is_null() { "null".into() } else { text(value) }
}

/// A map of texts as a value.
pub fn as_map(texts: &IndexMap<String, String>) -> Value {
    Value::Object(texts.iter().map(|(k, v)| (k.clone(), Value::String(v.clone()))).collect())
}
