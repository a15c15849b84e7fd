//! A YAML file as a tree that knows where each part stands.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

/// A part of the file.
#[derive(Debug, Clone)]
pub enum Node {
    /// Nothing, `null` or `~`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A whole number; what is read from it is the typed configuration, so its size doesn't matter here.
    Integer(i128),
    /// A number with a fraction, such as an unquoted `1.35`.
    Float,
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Spanned<Node>>),
    /// Keys and values, in the order of the file.
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl Node {
    /// The kind of value in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Node::Null => "nothing",
            Node::Bool => "true or false",
            Node::Integer(_) => "a number",
            Node::Float => "a number with a fraction",
            Node::Text(_) => "text",
            Node::List(_) => "a list",
            Node::Map(_) => "a map",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Bool)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Node, E> {
        Ok(Node::Integer(value))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Float)
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }
}

/// Where the value at a path such as `spec.gpu.families[0]` stands; the nearest part above it that is written, if it
/// isn't.
pub fn locate(root: &Spanned<Node>, path: &str) -> Location {
    let mut here = root;
    let mut location = root.referenced;
    for part in path.split(['.', '[']) {
        let next = match &here.value {
            Node::Map(entries) => entries.iter().find(|(key, _)| key.value == part).map(|(key, value)| {
                location = key.referenced;
                value
            }),
            Node::List(items) => {
                part.trim_end_matches(']').parse().ok().and_then(|i: usize| items.get(i)).inspect(|v| {
                    location = v.referenced;
                })
            }
            _ => None,
        };
        match next {
            Some(next) => here = next,
            None => break,
        }
    }
    location
}
