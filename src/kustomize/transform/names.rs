//! `namePrefix`, `nameSuffix` and `replicas`.

use serde_json::Value;

use super::super::fields::{Create, FieldSpec, apply};
use super::super::invalid;
use super::super::resource::{Gvk, Resource, find_any};
use super::super::spec::Replica;
use super::super::yaml::text;
use crate::model::Result;

/// Puts a prefix before names.
pub fn prefix(list: &mut [Resource], prefix: &str, specs: &[FieldSpec]) -> Result<()> {
    rename(list, prefix, specs, |resource| &mut resource.prefixes, |name| format!("{prefix}{name}"))
}

/// Puts a suffix after names.
pub fn suffix(list: &mut [Resource], suffix: &str, specs: &[FieldSpec]) -> Result<()> {
    rename(list, suffix, specs, |resource| &mut resource.suffixes, |name| format!("{name}{suffix}"))
}

fn rename(
    list: &mut [Resource],
    affix: &str,
    specs: &[FieldSpec],
    affixes: impl Fn(&mut Resource) -> &mut Vec<String>,
    rename: impl Fn(String) -> String,
) -> Result<()> {
    if affix.is_empty() {
        return Ok(());
    }
    for resource in list.iter_mut() {
        let original = resource.original_id().gvk;
        if keeps_its_name(&original) {
            continue;
        }
        for spec in specs.iter().filter(|spec| original.is_selected_by(&spec.gvk)) {
            if spec.path == "metadata/name" {
                affixes(resource).push(affix.to_owned());
                resource.remember();
            }
            apply(&mut resource.value, spec, Create::Scalar, &mut |value| match value {
                Value::Array(_) | Value::Object(_) => Err(invalid("a name must be a text")),
                scalar => {
                    *scalar = rename(text(scalar)).into();
                    Ok(())
                }
            })?;
        }
    }
    Ok(())
}

/// Kinds whose names mean something else than a choice of the user.
fn keeps_its_name(gvk: &Gvk) -> bool {
    match gvk.kind.as_str() {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}

/// Sets replica counts by name.
pub fn replicas(list: &mut [Resource], replicas: &[Replica], specs: &[FieldSpec]) -> Result<()> {
    for replica in replicas {
        let mut found = false;
        for spec in specs {
            let places = find_any(list, |id| id.name == replica.name && id.gvk.is_selected_by(&spec.gvk));
            for place in places {
                found = true;
                apply(&mut list[place].value, spec, Create::Scalar, &mut |value| {
                    *value = replica.count.into();
                    Ok(())
                })?;
            }
        }
        if !found {
            return Err(invalid(format!("`replicas` names `{}`, which no workload is called", replica.name)));
        }
    }
    Ok(())
}
