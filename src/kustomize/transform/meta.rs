//! `commonLabels`, `labels` and `commonAnnotations`.

use indexmap::IndexMap;
use serde_json::Value;

use super::super::fields::{Config, Create, FieldSpec, apply, merge_all};
use super::super::invalid;
use super::super::resource::Resource;
use super::super::spec::Kustomization;
use crate::model::Result;

/// Sets the labels of `labels`, then those of `commonLabels`.
pub fn labels(list: &mut [Resource], spec: &Kustomization, config: &Config) -> Result<()> {
    for label in &spec.labels {
        let mut specs = label.fields.clone();
        merge_all(&mut specs, &config.labels)?;
        if label.selectors {
            merge_all(&mut specs, &config.common_labels)?;
        } else {
            if label.templates {
                merge_all(&mut specs, &config.template_labels)?;
            }
            if label.claims {
                merge_all(&mut specs, &config.claim_labels)?;
            }
            merge_all(&mut specs, &[FieldSpec::of_all("metadata/labels", true)])?;
        }
        set(list, &label.pairs, &specs)?;
    }
    set(list, &spec.common_labels, &config.common_labels)
}

/// Sets entries of the maps of texts that field specs lead to.
pub fn set(list: &mut [Resource], pairs: &IndexMap<String, String>, specs: &[FieldSpec]) -> Result<()> {
    let mut sorted: Vec<(&String, &String)> = pairs.iter().collect();
    sorted.sort();
    for resource in list.iter_mut() {
        for (key, text) in &sorted {
            for spec in specs {
                apply(&mut resource.value, spec, Create::Map, &mut |value| match value {
                    Value::Object(map) => {
                        map.insert((*key).clone(), Value::String((*text).clone()));
                        Ok(())
                    }
                    Value::Null => Ok(()),
                    _ => Err(invalid("a map of labels or annotations expected")),
                })?;
            }
        }
    }
    Ok(())
}
