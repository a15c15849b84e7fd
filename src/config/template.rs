//! The commented file that `init` writes: every field, with its meaning and its default, taken from the schema.

use serde_json::Value;

use super::schema::{choices, description, resolve, schema};
use super::{API_VERSION, KIND};
use crate::model::Region;

/// A commented configuration for a name and a region. Fields without a default are written as comments.
pub fn template(name: &str, region: Region) -> String {
    let schema = schema();
    let mut text = String::from(
        "# A deployment of Kubeflow on Amazon EKS in AWS China. `kfctl-cn config view --resolved` shows what it comes to.\n",
    );
    let mut writer = Writer { schema: &schema, text: &mut text, fixed: fixed(name, region) };
    writer.fields(&schema, None, 0, "");
    text
}

fn fixed(name: &str, region: Region) -> Vec<(&'static str, String)> {
    vec![
        ("apiVersion", API_VERSION.into()),
        ("kind", KIND.into()),
        ("metadata.name", name.into()),
        ("spec.region", region.to_string()),
    ]
}

struct Writer<'a> {
    schema: &'a Value,
    text: &'a mut String,
    fixed: Vec<(&'static str, String)>,
}

impl Writer<'_> {
    /// Writes the fields of an object; `defaults` are the values that it has if nothing is written.
    fn fields(&mut self, object: &Value, defaults: Option<&Value>, depth: usize, path: &str) {
        let object = resolve(self.schema, object);
        for (name, field) in object["properties"].as_object().into_iter().flatten() {
            let here = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let default = defaults.and_then(|d| d.get(name)).or_else(|| field.get("default"));
            self.comment(field, depth);
            let inner = resolve(self.schema, field);
            let indent = "  ".repeat(depth);
            if let Some((_, value)) = self.fixed.iter().find(|(p, _)| *p == here) {
                *self.text += &format!("{indent}{name}: {value}\n");
            } else if inner["properties"].is_object() && matches!(default, Some(Value::Null)) {
                let start = self.text.len();
                *self.text += &format!("{indent}{name}:\n");
                self.fields(inner, None, depth + 1, &here);
                self.comment_out(start);
            } else if inner["properties"].is_object() {
                *self.text += &format!("{indent}{name}:\n");
                self.fields(inner, default, depth + 1, &here);
            } else {
                match default {
                    None | Some(Value::Null) => *self.text += &format!("{indent}# {name}:\n"),
                    Some(value) => *self.text += &format!("{indent}{name}: {value}\n"),
                }
            }
        }
    }

    /// Makes comments of all keys from a place on: a section that isn't there by default.
    fn comment_out(&mut self, start: usize) {
        let section = self.text.split_off(start);
        for line in section.lines() {
            let key = line.trim_start();
            let indent = &line[..line.len() - key.len()];
            *self.text += &if key.starts_with('#') { format!("{line}\n") } else { format!("{indent}# {key}\n") };
        }
    }

    fn comment(&mut self, field: &Value, depth: usize) {
        let indent = "  ".repeat(depth);
        let mut lines = wrap(description(self.schema, field), 110 - indent.len());
        for (word, meaning) in choices(self.schema, items_or_self(self.schema, field)) {
            lines.push(if meaning.is_empty() { format!("- {word}") } else { format!("- {word}: {meaning}") });
        }
        if depth < 2 {
            *self.text += "\n";
        }
        for line in lines {
            *self.text += &format!("{indent}# {line}\n");
        }
    }
}

/// The schema of the items of a list, or the schema itself.
fn items_or_self<'a>(root: &'a Value, field: &'a Value) -> &'a Value {
    let inner = resolve(root, field);
    if inner["items"].is_object() { &inner["items"] } else { field }
}

/// Breaks a text into lines.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => *line += &format!(" {word}"),
            _ => lines.push(word.into()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Cluster, Gpu, parse};

    #[test]
    fn the_template_is_a_valid_configuration_with_all_defaults() {
        for region in Region::ALL {
            let text = template("demo", region);
            let config = parse(&text, "kfctl-cn.yaml").unwrap();
            assert_eq!(config.spec.region, region);
            assert_eq!(config.spec.cluster, Cluster::default());
            assert_eq!(config.spec.gpu, Gpu::default());
        }
    }
}
