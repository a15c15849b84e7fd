//! Which objects a patch or replacement with a target is for.

use indexmap::IndexMap;
use regex::Regex;

use super::super::invalid;
use super::super::spec::Selector;
use super::{Gvk, Id, Resource};
use crate::model::Result;

/// A selector that is ready to match.
pub struct Targets {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

impl Targets {
    /// Makes a selector ready; texts that are no regular expression or label selector are errors.
    pub fn new(selector: &Selector) -> Result<Targets> {
        let pattern = |text: &str| -> Result<Option<Regex>> {
            if text.is_empty() {
                return Ok(None);
            }
            Regex::new(&format!("^(?:{text})$"))
                .map(Some)
                .map_err(|_| invalid(format!("the target `{text}` is not a regular expression")))
        };
        Ok(Targets {
            group: pattern(&selector.gvk.group)?,
            version: pattern(&selector.gvk.version)?,
            kind: pattern(&selector.gvk.kind)?,
            name: pattern(&selector.name)?,
            namespace: pattern(&selector.namespace)?,
            labels: Requirement::parse(&selector.labels)?,
            annotations: Requirement::parse(&selector.annotations)?,
        })
    }

    /// True if labels and annotations match.
    pub fn match_metadata(&self, resource: &Resource) -> bool {
        (self.labels.is_empty() || Requirement::all(&self.labels, &resource.labels()))
            && (self.annotations.is_empty() || Requirement::all(&self.annotations, &resource.annotations()))
    }

    /// True if the selector says something of labels or annotations.
    pub fn has_metadata(&self) -> bool {
        !(self.labels.is_empty() && self.annotations.is_empty())
    }

    /// True if type, name and namespace match.
    pub fn match_id(&self, id: &Id) -> bool {
        self.match_gvk(&id.gvk) && is(&self.name, &id.name) && is(&self.namespace, &id.namespace)
    }

    /// True if the selector says something of type, name or namespace.
    pub fn has_id(&self) -> bool {
        [&self.group, &self.version, &self.kind, &self.name, &self.namespace].into_iter().any(Option::is_some)
    }

    fn match_gvk(&self, gvk: &Gvk) -> bool {
        is(&self.group, &gvk.group) && is(&self.version, &gvk.version) && is(&self.kind, &gvk.kind)
    }
}

fn is(pattern: &Option<Regex>, text: &str) -> bool {
    pattern.as_ref().is_none_or(|p| p.is_match(text))
}

/// The places of the objects that a selector matches.
pub fn select(list: &[Resource], selector: &Selector) -> Result<Vec<usize>> {
    let targets = Targets::new(selector)?;
    let matches = |resource: &Resource| {
        let (now, first) = (resource.id(), resource.original_id());
        (is(&targets.namespace, &first.namespace) || is(&targets.namespace, &now.namespace))
            && (is(&targets.name, &first.name) || is(&targets.name, &now.name))
            && targets.match_gvk(&now.gvk)
            && targets.match_metadata(resource)
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
