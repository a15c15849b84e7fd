//! Looks for what must not be in objects for AWS China. Every finding is an error for the callers; what is allowed in
//! spite of a rule stands in `manifests/policies/allowed.yaml`, with a reason.

mod apis;
mod credentials;
mod images;
mod partition;
mod policy;
mod variables;

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::path;
use super::report::Finding;
use super::values::{KubernetesVersion, Values};
use crate::model::{Object, Result};

/// Audits all objects of a set.
pub(super) fn audit(objects: &[Object], values: &Values) -> Result<Vec<Finding>> {
    let policy = policy::get()?;
    let mut findings: Vec<Finding> =
        apis::check(objects, values.kubernetes, policy).into_iter().map(|(_, finding)| finding).collect();
    for object in objects {
        let crd = object.kind() == "CustomResourceDefinition";
        let mut rules: Vec<Finding> = images::pods(object, &values.registry);
        let mut each = |pointer: &str, text: &str| {
            let here = Place { object, pointer };
            rules.extend(partition::check(&here, text, policy));
            rules.extend(images::text(&here, text, &values.registry, policy));
            rules.extend(variables::check(&here, text, policy));
            rules.extend(credentials::bundle(&here, text));
            if !crd {
                rules.extend(credentials::logins(&here, text, policy));
            }
        };
        strings(&object.0, String::new(), crd, &mut each);
        let fields = images::fields(object, &values.registry);
        // What a text inside a text names was found in the outer one already, if its form gave it away.
        let known = |new: &Finding| rules.iter().any(|old| old.seen == new.seen && new.path.starts_with(&old.path));
        let fields: Vec<Finding> = fields.into_iter().filter(|finding| !known(finding)).collect();
        rules.extend(fields);
        findings.extend(rules.into_iter().filter(|finding| !policy.allows_place(finding)));
    }
    findings.dedup();
    Ok(findings)
}

/// What a version of Kubernetes doesn't serve, each with the object's place in the list.
pub(super) fn unserved(objects: &[Object], kubernetes: KubernetesVersion) -> Result<Vec<(usize, Finding)>> {
    Ok(apis::check(objects, kubernetes, policy::get()?))
}

/// The first minor version of Kubernetes 1 that doesn't serve the object, if there is one.
pub(super) fn gone_since(object: &Object) -> Result<Option<u32>> {
    Ok(apis::removed(object, policy::get()?).map(|removed| removed.removed))
}

/// Where a text stands.
struct Place<'a> {
    object: &'a Object,
    pointer: &'a str,
}

impl Place<'_> {
    fn finding(&self, rule: &'static str, seen: impl Into<String>, hint: impl Into<String>) -> Finding {
        Finding { rule, object: self.object.id(), path: self.pointer.to_owned(), seen: seen.into(), hint: hint.into() }
    }
}

/// Visits every text, keys included. The descriptions in a CRD are documentation and name anything.
fn strings(value: &Value, at: String, crd: bool, each: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => each(&at, text),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                strings(item, format!("{at}/{index}"), crd, each);
            }
        }
        Value::Object(map) => {
            for (key, child) in map {
                if crd && key == "description" && child.is_string() {
                    continue;
                }
                let at = format!("{at}/{}", path::escape(key));
                each(&at, key);
                strings(child, at, crd, each);
            }
        }
        _ => {}
    }
}

/// The words of a text that could be hosts, names or paths.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "._/:@-".contains(c))).filter(|word| !word.is_empty())
}
