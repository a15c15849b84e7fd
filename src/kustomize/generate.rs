//! ConfigMaps and Secrets from files, env files and literals, and the content hash in their names.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::resource::{Resource, as_map};
use super::source::Source;
use super::spec::{Generator, GeneratorKind};
use super::{invalid, yaml};
use crate::model::Result;

/// The length of a line of base64.
const BASE64_LINE: usize = 70;
/// The length of a hash in a name.
const HASH_LENGTH: usize = 10;

/// Makes the object of a generator.
pub fn generate(source: &Source, generator: &Generator) -> Result<Resource> {
    let named = |error: crate::model::Error| error.context(format!("generator `{}`", generator.name));
    let pairs = pairs(source, generator).map_err(named)?;
    let mut metadata = Map::from_iter([("name".to_owned(), json!(generator.name))]);
    if !generator.namespace.is_empty() {
        metadata.insert("namespace".into(), json!(generator.namespace));
    }
    for (field, texts) in [("labels", &generator.options.labels), ("annotations", &generator.options.annotations)] {
        if !texts.is_empty() {
            metadata.insert(field.into(), as_map(texts));
        }
    }
    let mut object = match generator.kind {
        GeneratorKind::ConfigMap => config_map(metadata, pairs),
        GeneratorKind::Secret => secret(metadata, &generator.secret_type, pairs),
    };
    if generator.options.immutable {
        object.insert("immutable".into(), true.into());
    }
    Ok(Resource {
        behavior: generator.behavior,
        needs_hash: !generator.options.disable_hash,
        ..Resource::new(Value::Object(object))
    })
}

fn config_map(metadata: Map<String, Value>, pairs: IndexMap<String, Vec<u8>>) -> Map<String, Value> {
    let mut object = Map::from_iter([
        ("apiVersion".to_owned(), json!("v1")),
        ("kind".to_owned(), json!("ConfigMap")),
        ("metadata".to_owned(), Value::Object(metadata)),
    ]);
    let (mut data, mut binary) = (Map::new(), Map::new());
    for (key, bytes) in pairs {
        match String::from_utf8(bytes) {
            Ok(text) => data.insert(key, text.into()),
            Err(error) => binary.insert(key, base64(error.as_bytes()).into()),
        };
    }
    for (field, map) in [("data", data), ("binaryData", binary)] {
        if !map.is_empty() {
            object.insert(field.into(), Value::Object(map));
        }
    }
    object
}

fn secret(metadata: Map<String, Value>, kind: &str, pairs: IndexMap<String, Vec<u8>>) -> Map<String, Value> {
    let data = pairs.into_iter().map(|(key, bytes)| (key, base64(&bytes).into())).collect();
    Map::from_iter([
        ("apiVersion".to_owned(), json!("v1")),
        ("kind".to_owned(), json!("Secret")),
        ("metadata".to_owned(), Value::Object(metadata)),
        ("type".to_owned(), json!(if kind.is_empty() { "Opaque" } else { kind })),
        ("data".to_owned(), Value::Object(data)),
    ])
}

/// Base64 in lines; a text that is shorter than one line has no line break.
fn base64(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    if text.len() < BASE64_LINE {
        return text;
    }
    let lines = text.as_bytes().chunks(BASE64_LINE).map(String::from_utf8_lossy);
    lines.fold(String::new(), |all, line| all + &line + "\n")
}

/// The keys and values of a generator: env files first, then literals, then files.
fn pairs(source: &Source, generator: &Generator) -> Result<IndexMap<String, Vec<u8>>> {
    let mut all = IndexMap::new();
    let mut add = |key: &str, value: Vec<u8>| match all.insert(key.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(invalid(format!("the key `{key}` is there twice"))),
    };
    for path in &generator.envs {
        for line in source.text(path)?.trim_start_matches('\u{feff}').lines() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            if !key.is_empty() {
                add(key, value.into())?;
            }
        }
    }
    for literal in &generator.literals {
        let (key, value) = literal
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| invalid(format!("the literal `{literal}` must be key=value")))?;
        add(key, unquote(value).into())?;
    }
    for file in &generator.files {
        let (key, path) = file_parts(file)?;
        add(key, source.bytes(path)?)?;
    }
    Ok(all)
}

/// The files that a generator reads: the field, the number in it, the path.
pub fn files(generator: &Generator) -> impl Iterator<Item = (&'static str, usize, &str)> {
    let files = generator.files.iter().enumerate().filter_map(|(i, file)| Some(("files", i, file_parts(file).ok()?.1)));
    files.chain(generator.envs.iter().enumerate().map(|(i, path)| ("envs", i, path.as_str())))
}

fn file_parts(file: &str) -> Result<(&str, &str)> {
    match file.split('=').collect::<Vec<_>>()[..] {
        [path] => Ok((path.rsplit('/').next().unwrap_or(path), path)),
        [key, path] if !key.is_empty() && !path.is_empty() => Ok((key, path)),
        _ => Err(invalid(format!("the file `{file}` must be path or key=path"))),
    }
}

fn unquote(text: &str) -> &str {
    let quoted = |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    if quoted('"') || quoted('\'') { &text[1..text.len() - 1] } else { text }
}

/// Appends to the names of generated objects a hash of their content, so that who refers to them notices a change.
pub fn add_hashes(list: &mut [Resource]) {
    for resource in list.iter_mut().filter(|resource| resource.needs_hash) {
        let name = format!("{}-{}", resource.name(), hash(&resource.value));
        resource.remember();
        resource.set_name(&name);
    }
}

/// The hash of an object's content, as kustomize makes it.
fn hash(object: &Value) -> String {
    let field = |name: &str| object.get(name).cloned().unwrap_or_else(|| json!(""));
    // The reference means to hash the name too, but looks it up where it never is.
    let name = "";
    let content = match object.get("kind").and_then(Value::as_str) {
        Some("Secret") => {
            let mut content = json!({"kind": "Secret", "type": field("type"), "name": name, "data": field("data")});
            if let Some(texts) = object.get("stringData").filter(|v| v.is_object()) {
                content["stringData"] = texts.clone();
            }
            content
        }
        _ => {
            let mut content = json!({"kind": "ConfigMap", "name": name, "data": field("data")});
            if let Some(binary) = object.get("binaryData").filter(|v| v.is_object()) {
                content["binaryData"] = binary.clone();
            }
            content
        }
    };
    let digest = Sha256::digest(yaml::go_json(&content));
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.chars().take(HASH_LENGTH).map(without_vowels).collect()
}

/// Replaces what could spell a word or be taken for another character.
fn without_vowels(c: char) -> char {
    match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    }
}
