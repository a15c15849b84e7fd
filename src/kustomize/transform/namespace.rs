//! `namespace`: moves all objects of a kustomization.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::super::fields::{Create, FieldSpec, apply};
use super::super::invalid;
use super::super::resource::{Id, Resource};
use super::super::yaml::text;
use crate::model::Result;

/// The accounts of role bindings that follow a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subjects {
    /// None.
    None,
    /// Those named `default`: only these surely live in it, others follow through name references.
    Default,
    /// All of kind ServiceAccount.
    Accounts,
}

/// A namespace to set, and where.
#[derive(Debug)]
pub struct Setting<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// True if namespaces that are there stay.
    pub unset_only: bool,
    /// Which accounts of role bindings get it.
    pub subjects: Subjects,
}

impl Setting<'_> {
    fn write(&self, value: &mut Value) -> Result<()> {
        match value {
            Value::Array(_) | Value::Object(_) => return Err(invalid("a namespace must be a text")),
            scalar if self.unset_only && !text(scalar).is_empty() => {}
            scalar => *scalar = self.namespace.into(),
        }
        Ok(())
    }

    fn is_for(&self, subject: &Map<String, Value>) -> bool {
        let is = |field: &str, wanted: &str| subject.get(field).and_then(Value::as_str) == Some(wanted);
        match self.subjects {
            Subjects::None => false,
            Subjects::Default => is("name", "default"),
            Subjects::Accounts => is("kind", "ServiceAccount"),
        }
    }
}

/// Sets the namespace of all objects that have one, and the fields that name it.
pub fn set(list: &mut [Resource], setting: &Setting<'_>, specs: &[FieldSpec]) -> Result<()> {
    let namespace = setting.namespace;
    let mut taken: HashMap<Id, usize> = HashMap::new();
    for resource in list.iter() {
        *taken.entry(resource.id()).or_default() += 1;
    }
    for resource in list.iter_mut().filter(|resource| !resource.is_gone()) {
        resource.remember();
        let before = resource.id();
        set_one(resource, setting, specs)?;
        let after = resource.id();
        if after != before {
            if let Some(count) = taken.get_mut(&before) {
                *count -= 1;
            }
            *taken.entry(after.clone()).or_default() += 1;
        }
        if taken.get(&after).is_some_and(|count| *count > 1) {
            return Err(invalid(format!("setting the namespace `{namespace}` makes {after} appear twice"))
                .hint("two objects of that name came from different namespaces: rename one"));
        }
    }
    Ok(())
}

fn set_one(resource: &mut Resource, setting: &Setting<'_>, specs: &[FieldSpec]) -> Result<()> {
    let id = resource.id();
    let mut write = |value: &mut Value| setting.write(value);
    if !id.is_cluster_scoped() {
        let own = FieldSpec::of_all("metadata/namespace", true);
        apply(&mut resource.value, &own, Create::Scalar, &mut write)?;
    }
    let is_binding = matches!(id.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
    if is_binding && let Some(Value::Array(subjects)) = resource.value.get_mut("subjects") {
        for subject in subjects.iter_mut().filter_map(Value::as_object_mut) {
            if setting.is_for(subject) {
                write(subject.entry("namespace").or_insert(Value::Null))?;
            }
        }
    }
    for spec in specs {
        let own = spec.path == "metadata/namespace";
        let name_of_other = spec.path == "metadata/name" && id.gvk.api_version() != "v1";
        let of_subject = is_binding
            && matches!(spec.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding")
            && spec.path == "subjects/namespace";
        if !(own || name_of_other || of_subject) {
            apply(&mut resource.value, spec, Create::Scalar, &mut write)?;
        }
    }
    Ok(())
}
