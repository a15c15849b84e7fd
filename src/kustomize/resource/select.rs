//! Which objects a patch with a target is for.

use indexmap::IndexMap;
use regex::Regex;

use super::super::invalid;
use super::super::spec::Selector;
use super::Resource;
use crate::model::Result;

/// The places of the objects that a selector matches.
pub fn select(list: &[Resource], selector: &Selector) -> Result<Vec<usize>> {
    let pattern = |text: &str| -> Result<Option<Regex>> {
        if text.is_empty() {
            return Ok(None);
        }
        Regex::new(&format!("^(?:{text})$"))
            .map(Some)
            .map_err(|_| invalid(format!("the target `{text}` of a patch is not a regular expression")))
    };
    let [group, version, kind] = [&selector.gvk.group, &selector.gvk.version, &selector.gvk.kind].map(|t| pattern(t));
    let (group, version, kind) = (group?, version?, kind?);
    let (name, namespace) = (pattern(&selector.name)?, pattern(&selector.namespace)?);
    let (labels, annotations) = (Requirement::parse(&selector.labels)?, Requirement::parse(&selector.annotations)?);
    let is = |pattern: &Option<Regex>, text: &str| pattern.as_ref().is_none_or(|p| p.is_match(text));
    let matches = |resource: &Resource| {
        let (now, first) = (resource.id(), resource.original_id());
        (is(&namespace, &first.namespace) || is(&namespace, &now.namespace))
            && (is(&name, &first.name) || is(&name, &now.name))
            && is(&group, &now.gvk.group)
            && is(&version, &now.gvk.version)
            && is(&kind, &now.gvk.kind)
            && (labels.is_empty() || Requirement::all(&labels, &resource.labels()))
            && (annotations.is_empty() || Requirement::all(&annotations, &resource.annotations()))
    };
    Ok(list.iter().enumerate().filter(|(_, r)| matches(r)).map(|(i, _)| i).collect())
}

/// One requirement of a label selector.
#[derive(Debug, PartialEq, Eq)]
enum Requirement {
    Exists(String),
    Missing(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
}

impl Requirement {
    fn all(requirements: &[Requirement], labels: &IndexMap<String, String>) -> bool {
        requirements.iter().all(|requirement| match requirement {
            Requirement::Exists(key) => labels.contains_key(key),
            Requirement::Missing(key) => !labels.contains_key(key),
            Requirement::In(key, values) => labels.get(key).is_some_and(|v| values.contains(v)),
            Requirement::NotIn(key, values) => labels.get(key).is_none_or(|v| !values.contains(v)),
        })
    }

    fn parse(text: &str) -> Result<Vec<Requirement>> {
        let mut parts = Vec::new();
        let (mut depth, mut start) = (0usize, 0);
        for (i, c) in text.char_indices() {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    parts.push(&text[start..i]);
                    start = i + 1;
                }
                _ => {}
            }
        }
        parts.push(&text[start..]);
        if text.trim().is_empty() {
            return Ok(Vec::new());
        }
        parts.into_iter().map(|part| Requirement::one(part.trim(), text)).collect()
    }

    fn one(part: &str, whole: &str) -> Result<Requirement> {
        let wrong = || invalid(format!("`{whole}` is not a label selector")).hint("write it as `a=b,c in (d,e),!f`");
        let key = |text: &str| {
            let text = text.trim();
            let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
            if text.is_empty() || !plain { Err(wrong()) } else { Ok(text.to_owned()) }
        };
        let set = |text: &str| -> Result<Vec<String>> {
            let inner = text.trim().strip_prefix('(').and_then(|t| t.strip_suffix(')')).ok_or_else(wrong)?;
            Ok(inner.split(',').map(|v| v.trim().to_owned()).collect())
        };
        if let Some(rest) = part.strip_prefix('!') {
            return Ok(Requirement::Missing(key(rest)?));
        }
        if let Some((left, right)) = part.split_once("!=") {
            return Ok(Requirement::NotIn(key(left)?, vec![right.trim().to_owned()]));
        }
        if let Some((left, right)) = part.split_once('=') {
            return Ok(Requirement::In(key(left)?, vec![right.trim_start_matches('=').trim().to_owned()]));
        }
        if let Some((left, right)) = part.split_once(" notin ") {
            return Ok(Requirement::NotIn(key(left)?, set(right)?));
        }
        if let Some((left, right)) = part.split_once(" in ") {
            return Ok(Requirement::In(key(left)?, set(right)?));
        }
        Ok(Requirement::Exists(key(part)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_match_as_in_kubernetes() {
        let labels: IndexMap<String, String> =
            [("app", "web"), ("tier", "front")].map(|(k, v)| (k.into(), v.into())).into();
        for (text, expected) in [
            ("app=web", true),
            ("app==web,tier=front", true),
            ("app!=web", false),
            ("none!=x", true),
            ("app in (a, web)", true),
            ("app notin (a,web)", false),
            ("tier", true),
            ("!tier", false),
            ("!none", true),
            ("app=", false),
        ] {
            assert_eq!(Requirement::all(&Requirement::parse(text).unwrap(), &labels), expected, "{text}");
        }
        for text in ["a b", "=b", "a in b", "a,,b", "!"] {
            assert!(Requirement::parse(text).is_err(), "{text}");
        }
    }
}
