//! What is known about the built-in kinds: whether they have a namespace, and which of their lists are merged by key.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

/// The built-in schema as a table.
const TABLE: &str = include_str!("schema.txt");
static BUILT_IN: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(Schema::parse(TABLE)));

/// Kinds, types and their merged lists.
#[derive(Debug, Default)]
pub struct Schema {
    pub(super) types: Vec<HashMap<String, Field>>,
    pub(super) kinds: HashMap<(String, String), Kind>,
}

#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub(super) cluster_scoped: bool,
    pub(super) of: Option<usize>,
}

#[derive(Debug, Clone)]
pub(super) struct Field {
    /// The merge keys; `None` if the field isn't a merged list.
    pub(super) keys: Option<Vec<String>>,
    /// The type of the map or of the list's elements.
    pub(super) of: Option<usize>,
}

/// A place in an object, as far as the schema knows it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    schema: &'a Schema,
    at: At<'a>,
}

#[derive(Debug, Clone, Copy)]
enum At<'a> {
    /// Below no known kind.
    Unknown,
    /// A value of a type; `None` if nothing is known of its fields.
    Type(Option<usize>),
    /// A field that is a list merged by keys.
    List(&'a Field),
}

/// True if the kind is known and has no namespace.
pub fn is_cluster_scoped(api_version: &str, kind: &str) -> bool {
    BUILT_IN.kind(api_version, kind).is_some_and(|kind| kind.cluster_scoped)
}

impl Schema {
    /// The built-in schema.
    pub fn built_in() -> &'static Schema {
        &BUILT_IN
    }

    /// The built-in schema, to be held.
    pub fn built_in_shared() -> Arc<Schema> {
        BUILT_IN.clone()
    }

    /// The place of a built-in type among the types.
    pub(super) fn built_in_type(name: &str) -> Option<usize> {
        let mut names = TABLE.lines().filter_map(|line| line.strip_prefix("type ")?.split(' ').next());
        names.position(|known| known == name)
    }

    /// True if it has the kind of an object.
    pub fn has_kind(&self, object: &Value) -> bool {
        let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
        self.kind(text("apiVersion"), text("kind")).is_some()
    }

    fn kind(&self, api_version: &str, kind: &str) -> Option<&Kind> {
        self.kinds.get(&(api_version.to_owned(), kind.to_owned()))
    }

    /// Where a walk through an object begins.
    pub fn start(&self) -> Place<'_> {
        Place { schema: self, at: At::Unknown }
    }

    fn parse(text: &str) -> Schema {
        let lines =
            || text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(' ').collect::<Vec<_>>());
        let names: HashMap<&str, usize> =
            lines().filter(|words| words[0] == "type").enumerate().map(|(i, words)| (words[1], i)).collect();
        let mut schema = Schema::default();
        for words in lines() {
            if words[0] == "type" {
                schema.types.push(words[2..].iter().map(|field| parse_field(field, &names)).collect());
            } else if let [scope, api_version, kinds @ .., ":", of] = &words[..] {
                for kind in kinds {
                    let known = Kind { cluster_scoped: *scope == "cluster", of: names.get(of).copied() };
                    schema.kinds.insert(((*api_version).to_owned(), (*kind).to_owned()), known);
                }
            }
        }
        schema
    }
}

fn parse_field(text: &str, names: &HashMap<&str, usize>) -> (String, Field) {
    let (name, of) = text.split_once('=').unwrap_or((text, ""));
    let of = names.get(of).copied();
    match name.strip_suffix(']').and_then(|list| list.split_once('[')) {
        Some((name, keys)) => {
            let keys = keys.split('+').filter(|key| !key.is_empty()).map(str::to_owned).collect();
            (name.to_owned(), Field { keys: Some(keys), of })
        }
        None => (name.to_owned(), Field { keys: None, of }),
    }
}

impl<'a> Place<'a> {
    /// The same place, looked up by `apiVersion` and `kind` of the values there if nothing is known yet.
    pub fn at(self, values: [Option<&Value>; 2]) -> Place<'a> {
        if !matches!(self.at, At::Unknown) {
            return self;
        }
        for value in values.into_iter().flatten() {
            let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
            if let Some(kind) = self.schema.kind(text("apiVersion"), text("kind")) {
                return Place { at: At::Type(kind.of), ..self };
            }
        }
        self
    }

    /// The place of a field.
    pub fn field(self, name: &str) -> Place<'a> {
        let At::Type(Some(of)) = self.at else { return Place { at: At::Unknown, ..self } };
        match self.schema.types.get(of).and_then(|fields| fields.get(name)) {
            Some(field) if field.keys.is_some() => Place { at: At::List(field), ..self },
            Some(field) => Place { at: At::Type(field.of), ..self },
            None => Place { at: At::Unknown, ..self },
        }
    }

    /// The place of a list's elements.
    pub fn elements(self) -> Place<'a> {
        match self.at {
            At::List(field) => Place { at: At::Type(field.of), ..self },
            _ => Place { at: At::Unknown, ..self },
        }
    }

    /// The keys by which a list at this place is merged: `None` if it is replaced, no key if it is one of plain values.
    pub fn merge_keys(self) -> Option<&'a [String]> {
        match self.at {
            At::List(field) => field.keys.as_deref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        let schema = Schema::built_in();
        assert_eq!(schema.kinds.len(), 78);
        let lines = TABLE.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
        for line in lines {
            let of = line.rsplit(' ').next().unwrap();
            let known = line.starts_with("type") || of == "-" || line.contains(&format!(": {of}"));
            assert!(known, "{line}");
        }
        assert!(is_cluster_scoped("v1", "Namespace") && !is_cluster_scoped("v1", "Pod"));
        assert!(!is_cluster_scoped("example.com/v1", "Namespace"));
    }

    #[test]
    fn merge_keys_are_found_by_kind_and_path() {
        let object = serde_json::json!({"apiVersion": "apps/v1", "kind": "Deployment"});
        let place = Schema::built_in().start().at([Some(&object), None]);
        let containers = ["spec", "template", "spec", "containers"].iter().fold(place, |p, name| p.field(name));
        assert_eq!(containers.merge_keys(), Some(&["name".to_owned()][..]));
        assert_eq!(containers.elements().field("args").merge_keys(), None);
        assert_eq!(containers.elements().field("ports").merge_keys().map(<[String]>::len), Some(2));
        assert_eq!(place.field("metadata").field("finalizers").merge_keys(), Some(&[][..]));
        let custom = serde_json::json!({"apiVersion": "example.com/v1", "kind": "Deployment"});
        assert_eq!(Schema::built_in().start().at([Some(&custom), None]).field("spec").merge_keys(), None);
    }
}
