//! Holds the tree of a file against the schema: unknown and missing keys, wrong types, unknown words. All at once.

use serde_json::{Map, Value};
use serde_saphyr::Spanned;
use similar::TextDiff;

use super::problem::Problem;
use super::schema::{allows, choices, resolve};
use super::tree::Node;

/// All that is wrong with the shape of a file.
pub fn check(schema: &Value, root: &Spanned<Node>) -> Vec<Problem> {
    let mut checker = Checker { schema, problems: Vec::new() };
    checker.value(schema, root, "");
    checker.problems
}

struct Checker<'a> {
    schema: &'a Value,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn say(&mut self, node: &Spanned<Node>, path: &str, message: String, hint: String) {
        self.problems.push(Problem { path: path.into(), location: Some(node.referenced), message, hint });
    }

    fn value(&mut self, written: &Value, node: &Spanned<Node>, path: &str) {
        let wanted = resolve(self.schema, written);
        if matches!(node.value, Node::Null) && may_be_nothing(written, wanted) {
            return;
        }
        let words = choices(self.schema, wanted);
        if !words.is_empty() {
            let words: Vec<&str> = words.into_iter().map(|(word, _)| word).collect();
            return self.word(&words, node, path);
        }
        match (&node.value, wanted["properties"].as_object()) {
            (Node::Map(entries), Some(fields)) => self.map(wanted, fields, entries, node, path),
            (Node::Map(entries), None) if allows(wanted, "object") => {
                for (key, value) in entries {
                    self.value(&wanted["additionalProperties"], value, &join(path, &key.value));
                }
            }
            (Node::List(items), _) if allows(wanted, "array") => {
                for (i, item) in items.iter().enumerate() {
                    self.value(&wanted["items"], item, &format!("{path}[{i}]"));
                }
            }
            (Node::Integer(n), _) if allows(wanted, "integer") => {
                if *n < 0 || *n > i128::from(u32::MAX) {
                    self.say(node, path, format!("{n} is out of range"), "a whole number from 0 on".into());
                }
            }
            (Node::Bool, _) if allows(wanted, "boolean") => {}
            // Whoever writes `version: 1.35` or an account without quotes means the text.
            (Node::Text(_) | Node::Integer(_) | Node::Float, _) if allows(wanted, "string") => {}
            (seen, _) => {
                let message = format!("must be {}, is {}", expected(wanted), seen.kind());
                self.say(node, path, message, String::new());
            }
        }
    }

    fn word(&mut self, words: &[&str], node: &Spanned<Node>, path: &str) {
        let seen = match &node.value {
            Node::Text(text) if words.contains(&text.as_str()) => return,
            Node::Text(text) => text.as_str(),
            other => return self.say(node, path, format!("must be text, is {}", other.kind()), one_of(words)),
        };
        let hint = near(seen, words.iter().copied()).map_or_else(|| one_of(words), |w| format!("did you mean `{w}`?"));
        self.say(node, path, format!("`{seen}` is not known here"), hint);
    }

    fn map(
        &mut self,
        wanted: &Value,
        fields: &Map<String, Value>,
        entries: &[(Spanned<String>, Spanned<Node>)],
        node: &Spanned<Node>,
        path: &str,
    ) {
        let mut meant = Vec::new();
        for (key, value) in entries {
            match fields.get(&key.value) {
                Some(field) => self.value(field, value, &join(path, &key.value)),
                None => {
                    let unused =
                        fields.keys().map(String::as_str).filter(|f| !entries.iter().any(|(k, _)| k.value == *f));
                    let hint = match near(&key.value, unused) {
                        Some(field) => {
                            meant.push(field);
                            format!("did you mean `{field}`?")
                        }
                        None => one_of(&fields.keys().map(String::as_str).collect::<Vec<_>>()),
                    };
                    self.problems.push(Problem {
                        path: join(path, &key.value),
                        location: Some(key.referenced),
                        message: "unknown key".into(),
                        hint,
                    });
                }
            }
        }
        for name in wanted["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !meant.contains(&name) && !entries.iter().any(|(key, _)| key.value == name) {
                self.say(node, &join(path, name), "is missing".into(), String::new());
            }
        }
    }
}

/// True for an optional value, and for a section of which every line is commented out.
fn may_be_nothing(written: &Value, wanted: &Value) -> bool {
    allows(wanted, "null")
        || written["anyOf"].is_array()
        || (allows(wanted, "object") && written.get("default").is_some())
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.into() } else { format!("{path}.{key}") }
}

fn one_of(words: &[&str]) -> String {
    format!("one of: {}", words.join(", "))
}

fn expected(schema: &Value) -> &'static str {
    [
        ("string", "text"),
        ("integer", "a whole number"),
        ("boolean", "true or false"),
        ("array", "a list"),
        ("object", "a map"),
    ]
    .into_iter()
    .find(|(kind, _)| allows(schema, kind))
    .map_or("something else", |(_, words)| words)
}

/// The word that was probably meant.
fn near<'a>(seen: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = seen.to_lowercase();
    words
        .map(|word| (TextDiff::from_chars(lower.as_str(), word.to_lowercase().as_str()).ratio(), word))
        .filter(|(ratio, _)| *ratio >= 0.65)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}
