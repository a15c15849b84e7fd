//! The transformers of one kustomization, in kustomize's order.

pub mod images;
mod meta;
pub mod names;
pub mod namespace;

use super::fields::{Config, Schema};
use super::patch::{self, Loaded};
use super::replace;
use super::resource::Resource;
use super::source::Source;
use super::spec::Kustomization;
use crate::model::Result;

pub use meta::set as annotate;
pub use namespace::Subjects;

/// Applies a kustomization's transformers to its objects. All patch files are read before anything is changed.
pub fn run(
    list: &mut Vec<Resource>,
    spec: &Kustomization,
    source: &Source,
    config: &Config,
    schema: &Schema,
) -> Result<()> {
    let mut patches: Vec<Loaded> = Vec::new();
    if !spec.patches_strategic_merge.is_empty() {
        patches.push(patch::load_strategic(source, &spec.patches_strategic_merge)?);
    }
    for entry in &spec.patches {
        patches.extend(patch::load_any(source, entry)?);
    }
    let json: Vec<Loaded> =
        spec.patches_json.iter().map(|entry| patch::load_json(source, entry)).collect::<Result<_>>()?;
    let replacements = replace::load(source, &spec.replacements)?;

    if patches.iter().any(|patch| !matches!(patch, Loaded::Json(..))) {
        source.need_schema();
    }
    let apply = |patch: &Loaded, list: &mut Vec<Resource>| {
        if source.is_overlay() {
            patch.must_hit(list)?;
        }
        patch.apply(list, schema)
    };
    patches.iter().try_for_each(|patch| apply(patch, list))?;
    if !spec.namespace.is_empty() {
        let setting = namespace::Setting { namespace: &spec.namespace, unset_only: false, subjects: Subjects::Default };
        namespace::set(list, &setting, &config.namespace)?;
    }
    names::prefix(list, &spec.name_prefix, &config.name_prefix)?;
    names::suffix(list, &spec.name_suffix, &config.name_suffix)?;
    meta::labels(list, spec, config)?;
    meta::set(list, &spec.common_annotations, &config.common_annotations)?;
    json.iter().try_for_each(|patch| apply(patch, list))?;
    names::replicas(list, &spec.replicas, &config.replicas)?;
    spec.images.iter().try_for_each(|image| images::set(list, image, &config.images))?;
    replacements.iter().try_for_each(|replacement| replace::run(list, replacement))
}
