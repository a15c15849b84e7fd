//! The JSON schema of the configuration: for editors, for the check of a file's shape, for `init` and for the reference.

use serde_json::Value;

use super::Config;

/// The JSON schema (draft 2020-12).
pub fn schema() -> Value {
    schemars::schema_for!(Config).to_value()
}

/// Follows a `$ref`, and takes the part of an `anyOf` that isn't `null`.
pub fn resolve<'a>(root: &'a Value, mut schema: &'a Value) -> &'a Value {
    loop {
        let next = if let Some(reference) = schema["$ref"].as_str() {
            root.pointer(reference.trim_start_matches('#'))
        } else if let Some(parts) = schema["anyOf"].as_array() {
            parts.iter().find(|part| part["type"] != "null")
        } else {
            None
        };
        match next {
            Some(next) => schema = next,
            None => return schema,
        }
    }
}

/// The texts that a schema allows, with what they mean; empty if it is no enumeration.
pub fn choices<'a>(root: &'a Value, schema: &'a Value) -> Vec<(&'a str, &'a str)> {
    let schema = resolve(root, schema);
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().filter_map(|v| Some((v.as_str()?, ""))).collect();
    }
    let one = |v: &'a Value| Some((v["const"].as_str()?, v["description"].as_str().unwrap_or_default()));
    schema["oneOf"].as_array().map(|all| all.iter().filter_map(one).collect()).unwrap_or_default()
}

/// True if the schema allows a type by name.
pub fn allows(schema: &Value, kind: &str) -> bool {
    match &schema["type"] {
        Value::String(only) => only == kind,
        Value::Array(several) => several.iter().any(|t| t == kind),
        _ => false,
    }
}

/// What a field is for, in one paragraph: of the field, or else of its type.
pub fn description<'a>(root: &'a Value, field: &'a Value) -> &'a str {
    field["description"].as_str().or_else(|| resolve(root, field)["description"].as_str()).unwrap_or_default()
}
