//! What looks like the name of an image, wherever it stands: by its form, or because its field speaks of an image.
//! Knows no registry and no carrier, so that it finds what the carriers don't.

use serde_json::Value;

use super::super::{embedded, path};
use super::name;

/// Names by form alone: a digest, or a tag after a path.
pub(in crate::adapt) fn by_form(word: &str) -> Option<&str> {
    let word = word.trim_end_matches(['.', ':', '/', '-']);
    let (name, digest) = match word.split_once("@sha256:") {
        Some((name, digest)) => (name, Some(digest)),
        None => (word, None),
    };
    let repository = name::repository(name);
    let path = name::host(repository).map_or(repository, |host| &repository[host.len() + 1..]);
    let tag = name.strip_prefix(repository).and_then(|rest| rest.strip_prefix(':'));
    let tagged = repository.contains('/') && tag.is_some_and(is_tag);
    let pinned = digest.is_some_and(|digest| digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()));
    (path.split('/').all(is_component) && (pinned || tagged && digest.is_none())).then_some(word)
}

/// The texts whose field, variable or flag speaks of an image and that can be a name; by JSON pointer, with `»` where it
/// leads into data that stands as text.
pub(in crate::adapt) fn by_field(value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(value, "", "", &mut found);
    found
}

fn walk(value: &Value, at: &str, key: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => {
            if speaks_of_image(key) {
                push(at, text, found);
            }
            if text.contains("mage") {
                match embedded::read(text) {
                    Some(data) => walk(&data, &format!("{at}»"), "", found),
                    None => lines(text, at, found),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{at}/{index}"), key, found);
            }
        }
        Value::Object(map) => {
            let variable = map.get("name").and_then(Value::as_str).unwrap_or_default();
            for (key, child) in map {
                // The description of a field in a schema and its examples name what they like.
                if key == "description" {
                    continue;
                }
                let key_or_variable = if key == "value" { variable } else { key };
                walk(child, &format!("{at}/{}", path::escape(key)), key_or_variable, found);
            }
        }
        _ => {}
    }
}

/// `--some-image=name` and `image: name` inside a text.
fn lines(text: &str, at: &str, found: &mut Vec<(String, String)>) {
    for line in text.lines().filter(|line| line.contains("mage")) {
        let line = line.trim_start_matches([' ', '-']);
        if let Some((key, rest)) = line.split_once(['=', ':'])
            && speaks_of_image(key)
        {
            push(at, rest.trim().trim_matches(['"', '\'']), found);
        }
    }
}

fn push(at: &str, text: &str, found: &mut Vec<(String, String)>) {
    let repository = name::repository(text);
    let path = name::host(repository).map_or(repository, |host| &repository[host.len() + 1..]);
    if name::is_name(text) && path.split('/').all(is_component) && !matches!(text, "true" | "false" | "null") {
        found.push((at.to_owned(), text.to_owned()));
    }
}

/// True for `image`, `sidecarImage`, `AN_IMAGE`, `executor-image`, `IMAGE_NAME`; not for `imagePullPolicy`, `imageVersion`.
fn speaks_of_image(key: &str) -> bool {
    let mut words = words(key);
    while ["name", "repository", "repo", "url", "uri", "ref"].contains(&words.last().map_or("", String::as_str)) {
        words.pop();
    }
    words.last().is_some_and(|word| word == "image" || word == "images")
}

/// The words of a name in camel, kebab or snake case, in small letters.
fn words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut before = '_';
    for c in key.chars() {
        if !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && before.is_ascii_lowercase()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A part of a repository's path, as the distribution specification has it.
fn is_component(part: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    edge(part.chars().next())
        && edge(part.chars().next_back())
        && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
}

fn is_tag(tag: &str) -> bool {
    tag.len() <= 128
        && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && tag.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_digest_or_a_tag_after_a_path_is_a_name() {
        let digest = format!("@sha256:{}", "0a".repeat(32));
        for name in ["evil-gcr.io.example/a:1", "a/b:v1", "localhost:5000/a:b", &format!("a.io/b{digest}")] {
            assert_eq!(by_form(name), Some(name));
        }
        assert_eq!(by_form("see.io/a:1."), Some("see.io/a:1"), "the end of a sentence");
        for other in ["http://a.io:80/b", "a.io/b", "host.name:8080", "v1:2", "/a/b:c", "a/B:c", "a/b:", "key:value"] {
            assert_eq!(by_form(other), None, "{other}");
        }
    }

    #[test]
    fn fields_variables_flags_and_lines_that_speak_of_an_image() {
        let value = json!({
            "sidecarImage": "a", "images": ["b", "auto"], "imagePullPolicy": "always", "defaultImageVersion": "v1",
            "env": [{"name": "TF_IMAGE_NAME", "value": "c/d"}, {"name": "IMAGE_COUNT", "value": "seven"}],
            "args": ["--some-image=e:1", "--image-pull-policy=never", "image: {{ .Values.x }}"],
            "script": "# one\n{{ if x }}\n  - image: \"busybox:1.28\"\n", "config": "{\"x\": {\"image\": \"f/g\"}}",
            "image": {"description": "image: h", "default": "yes"}
        });
        let found = by_field(&value);
        let found: Vec<(&str, &str)> = found.iter().map(|(at, name)| (at.as_str(), name.as_str())).collect();
        assert_eq!(
            found,
            [
                ("/sidecarImage", "a"),
                ("/images/0", "b"),
                ("/env/0/value", "c/d"),
                ("/args/0", "e:1"),
                ("/script", "busybox:1.28"),
                ("/config»/x/image", "f/g"),
            ]
        );
    }
}
