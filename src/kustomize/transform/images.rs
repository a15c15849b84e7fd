//! `images`: names, tags and digests of container images.

use regex::Regex;
use serde_json::Value;

use super::super::fields::{Create, FieldSpec, apply};
use super::super::invalid;
use super::super::resource::Resource;
use super::super::spec::Image;
use crate::model::Result;

/// Changes an image everywhere: in all `containers` and `initContainers` at any depth, and in the known fields.
pub fn set(list: &mut [Resource], image: &Image, specs: &[FieldSpec]) -> Result<()> {
    // A name that is no regular expression matches nothing.
    let tag = r"(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?";
    let pattern = Regex::new(&format!("^{}{tag}$", image.name)).ok();
    let change = |value: &mut Value| -> Result<()> {
        let text = match value {
            Value::Array(_) | Value::Object(_) => return Err(invalid("an image must be a text")),
            Value::String(text) => text,
            _ => return Ok(()),
        };
        if pattern.as_ref().is_some_and(|p| p.is_match(text)) {
            *text = changed(text, image);
        }
        Ok(())
    };
    let wanted = |r: &&mut Resource| r.value.get("kind").and_then(Value::as_str) != Some("CustomResourceDefinition");
    for resource in list.iter_mut().filter(wanted) {
        walk(&mut resource.value, &change)?;
    }
    for resource in list.iter_mut().filter(wanted) {
        for spec in specs {
            apply(&mut resource.value, spec, Create::Nothing, &mut |value| change(value))?;
        }
    }
    Ok(())
}

fn walk(value: &mut Value, change: &impl Fn(&mut Value) -> Result<()>) -> Result<()> {
    match value {
        Value::Object(map) => {
            for (key, child) in map.iter_mut() {
                walk(child, change)?;
                if let (true, Value::Array(items)) = (key == "containers" || key == "initContainers", child) {
                    for image in items.iter_mut().filter_map(|item| item.get_mut("image")) {
                        change(image)?;
                    }
                }
            }
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| walk(item, change)),
        _ => Ok(()),
    }
}

/// Name, tag and digest of an image.
fn split(image: &str) -> (&str, &str, &str) {
    let path = image.find('/').filter(|i| *i > 0).unwrap_or(0);
    let find = |c: char| image[path..].find(c).map(|i| i + path);
    match (find(':'), find('@')) {
        (None, None) => (image, "", ""),
        (Some(colon), None) => (&image[..colon], &image[colon + 1..], ""),
        (Some(colon), Some(at)) if colon < at => (&image[..colon], &image[colon + 1..at], &image[at + 1..]),
        (_, Some(at)) => (&image[..at], "", &image[at + 1..]),
    }
}

fn changed(text: &str, image: &Image) -> String {
    let (name, tag, digest) = split(text);
    let name = if image.new_name.is_empty() { name } else { &image.new_name };
    let (tag, digest) = if !image.new_tag.is_empty() || !image.digest.is_empty() {
        (image.new_tag.clone(), image.digest.as_str())
    } else if image.tag_suffix.is_empty() {
        (tag.to_owned(), digest)
    } else {
        (format!("{tag}{}", image.tag_suffix), "")
    };
    let mut result = name.to_owned();
    if !tag.is_empty() {
        result = format!("{result}:{tag}");
    }
    if !digest.is_empty() {
        result = format!("{result}@{digest}");
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_split_at_tag_and_digest() {
        assert_eq!(split("a"), ("a", "", ""));
        assert_eq!(split("h:5000/a"), ("h:5000/a", "", ""));
        assert_eq!(split("h:5000/a:v1"), ("h:5000/a", "v1", ""));
        assert_eq!(split("h/a@sha256:1f"), ("h/a", "", "sha256:1f"));
        assert_eq!(split("h/a:v1@sha256:1f"), ("h/a", "v1", "sha256:1f"));
    }
}
