//! The reference of the configuration as Markdown, made from the schema; docs/reference/config.md is held against it.

use serde_json::Value;

use super::schema::{allows, choices, description, resolve, schema};

/// The reference, a table a section.
pub fn reference() -> String {
    let schema = schema();
    let mut text = String::from(
        "# Configuration\n\n\
         `kfctl-cn.yaml`. This page is made from the program's schema (`kfctl-cn config schema`); a test holds it to that.\n\
         Fields without a default are optional unless they are marked as required.\n",
    );
    section(&schema, &schema, None, "", &mut text);
    text
}

fn section(root: &Value, object: &Value, defaults: Option<&Value>, path: &str, text: &mut String) {
    let object = resolve(root, object);
    let fields: Vec<_> = object["properties"].as_object().into_iter().flatten().collect();
    let required: Vec<&str> = object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let title = if path.is_empty() { "The file" } else { path };
    *text += &format!("\n## {title}\n\n| field | type | default | meaning |\n|---|---|---|---|\n");
    let default_of =
        |name: &str, field: &Value| defaults.and_then(|d| d.get(name)).or_else(|| field.get("default")).cloned();
    for (name, field) in &fields {
        let default = match default_of(name, field) {
            _ if resolve(root, field)["properties"].is_object() => String::new(),
            Some(Value::Null) | None if required.contains(&name.as_str()) => "**required**".into(),
            Some(Value::Null) | None => String::new(),
            Some(value) => format!("`{value}`"),
        };
        let meaning = description(root, field).replace('\n', " ");
        *text += &format!("| `{name}` | {} | {default} | {meaning} |\n", kind(root, field));
    }
    for (name, field) in &fields {
        let inner = resolve(root, field);
        if inner["properties"].is_object() {
            let here = if path.is_empty() { (*name).clone() } else { format!("{path}.{name}") };
            section(root, inner, default_of(name, field).as_ref(), &here, text);
        }
    }
}

/// The type in words; the words of an enumeration.
fn kind(root: &Value, field: &Value) -> String {
    let inner = resolve(root, field);
    let words = choices(root, inner);
    if !words.is_empty() {
        return words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    if inner["properties"].is_object() {
        return "section".into();
    }
    if allows(inner, "array") {
        return format!("list of {}", kind(root, &inner["items"]));
    }
    if allows(inner, "object") {
        return "map of text".into();
    }
    [("string", "text"), ("integer", "whole number"), ("boolean", "`true`, `false`")]
        .into_iter()
        .find(|(name, _)| allows(inner, name))
        .map_or_else(String::new, |(_, words)| words.into())
}
