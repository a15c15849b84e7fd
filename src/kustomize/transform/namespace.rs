//! `namespace`: moves all objects of a kustomization.

use std::collections::HashMap;

use serde_json::Value;

use super::super::fields::{Create, FieldSpec, apply};
use super::super::invalid;
use super::super::resource::{Id, Resource};
use crate::model::Result;

/// Sets the namespace of all objects that have one, and the fields that name it.
pub fn set(list: &mut [Resource], namespace: &str, specs: &[FieldSpec]) -> Result<()> {
    let mut taken: HashMap<Id, usize> = HashMap::new();
    for resource in list.iter() {
        *taken.entry(resource.id()).or_default() += 1;
    }
    for resource in list.iter_mut().filter(|resource| !resource.is_gone()) {
        resource.remember();
        let before = resource.id();
        set_one(resource, namespace, specs)?;
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

fn set_one(resource: &mut Resource, namespace: &str, specs: &[FieldSpec]) -> Result<()> {
    let id = resource.id();
    let mut write = |value: &mut Value| match value {
        Value::Array(_) | Value::Object(_) => Err(invalid("a namespace must be a text")),
        scalar => {
            *scalar = namespace.into();
            Ok(())
        }
    };
    if !id.is_cluster_scoped() {
        let own = FieldSpec::of_all("metadata/namespace", true);
        apply(&mut resource.value, &own, Create::Scalar, &mut write)?;
    }
    let is_binding = matches!(id.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
    if is_binding && let Some(Value::Array(subjects)) = resource.value.get_mut("subjects") {
        // Only the account `default` surely lives in the namespace; others follow through name references.
        for subject in subjects.iter_mut().filter_map(Value::as_object_mut) {
            if subject.get("name").and_then(Value::as_str) == Some("default") {
                subject.insert("namespace".into(), namespace.into());
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
