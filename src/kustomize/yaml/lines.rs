//! On which line each part of a YAML text stands: read only once something is wrong.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Spanned};

/// The lines of the fields of a document.
#[derive(Debug, Default)]
pub struct Lines(Node);

/// Keys (or the numbers of list items), where they stand, and what is below them.
#[derive(Debug, Default)]
struct Node(Vec<(String, u64, Node)>);

impl Lines {
    /// Reads a text; what can't be read has no lines.
    pub fn read(text: &str) -> Lines {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let options = super::read::options(false, DuplicateKeyPolicy::LastWins);
        Lines(serde_saphyr::from_str_with_options(text, options).unwrap_or_default())
    }

    /// The line (from 1) of a path such as `images[2].name`, else of the nearest part above it; `None` if nothing of it is
    /// there. The case of names doesn't matter.
    pub fn of(&self, path: &str) -> Option<u64> {
        let mut here = &self.0;
        let mut line = None;
        for part in path.split(['.', '[']).map(|part| part.trim_end_matches(']')) {
            let Some((_, at, below)) = here.0.iter().find(|(key, ..)| key.eq_ignore_ascii_case(part)) else { break };
            (here, line) = (below, Some(*at).filter(|at| *at > 0));
        }
        line
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

/// Scalars have nothing below them.
macro_rules! scalars {
    ($($method:ident: $type:ty),*) => {
        $(fn $method<E>(self, _: $type) -> Result<Node, E> {
            Ok(Node::default())
        })*
    };
}

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_i128: i128, visit_f64: f64, visit_str: &str);

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::default())
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<Spanned<Node>>()? {
            items.push((items.len().to_string(), item.referenced.line(), item.value));
        }
        Ok(Node(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<Spanned<String>, Node>()? {
            entries.push((key.value, key.referenced.line(), value));
        }
        Ok(Node(entries))
    }
}
