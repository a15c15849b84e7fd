//! Transformers as objects.

use super::super::fields::Schema;
use super::super::generate;
use super::super::patch::{self, Loaded};
use super::super::replace;
use super::super::resource::Resource;
use super::super::source::Source;
use super::super::spec::{Fields, Image, Patch, ReplacementEntry, Replica, Selector};
use super::super::transform::{Subjects, annotate, images, names, namespace};
use super::{Config, field_specs};
use crate::model::Result;

/// Runs a transformer of a kind.
pub fn transform(list: &mut Vec<Resource>, config: &Config<'_>, source: &Source, schema: &Schema) -> Result<()> {
    match config.kind.as_str() {
        "NamespaceTransformer" => {
            let (specs, unset_only, subjects) =
                config.read(|f| Ok((field_specs(f)?, f.flag("unsetOnly")?, subjects(f)?)))?;
            let setting = namespace::Setting { namespace: &config.namespace, unset_only, subjects };
            if config.namespace.is_empty() { Ok(()) } else { namespace::set(list, &setting, &specs) }
        }
        "PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer" => {
            let (prefix, suffix, specs) =
                config.read(|f| Ok((f.text("prefix")?, f.text("suffix")?, field_specs(f)?)))?;
            names::prefix(list, &prefix, &specs)?;
            names::suffix(list, &suffix, &specs)
        }
        "LabelTransformer" => {
            let (pairs, specs) = config.read(|f| Ok((f.text_map("labels")?, field_specs(f)?)))?;
            annotate(list, &pairs, &specs)
        }
        "AnnotationsTransformer" => {
            let (pairs, specs) = config.read(|f| Ok((f.text_map("annotations")?, field_specs(f)?)))?;
            annotate(list, &pairs, &specs)
        }
        "ImageTagTransformer" => {
            let (image, specs) = config.read(|f| Ok((f.nested("imageTag", Image::read)?, field_specs(f)?)))?;
            images::set(list, &image.unwrap_or_default(), &specs)
        }
        "ReplicaCountTransformer" => {
            let (replica, specs) = config.read(|f| Ok((f.nested("replica", Replica::read)?, field_specs(f)?)))?;
            names::replicas(list, &[replica.unwrap_or_default()], &specs)
        }
        "ReplacementTransformer" => {
            let entries = config.read(|f| f.list("replacements", ReplacementEntry::read))?;
            replace::load(source, &entries)?.iter().try_for_each(|replacement| replace::run(list, replacement))
        }
        "HashTransformer" => {
            config.read(|_| Ok(()))?;
            generate::add_hashes(list);
            Ok(())
        }
        _ => match load_patch(config, source)? {
            Some(patch) => patch.apply(list, schema),
            None => Ok(()),
        },
    }
}

/// The patch of a transformer that patches; none if it is empty.
fn load_patch(config: &Config<'_>, source: &Source) -> Result<Option<Loaded>> {
    match config.kind.as_str() {
        "PatchTransformer" => patch::load_any(source, &config.read(Patch::read)?),
        "PatchJson6902Transformer" => {
            let patch = config.read(|f| {
                let target = f.nested("target", Selector::read)?;
                Ok(Patch { target, path: f.text("path")?, inline: f.text("jsonOp")?, ..Patch::default() })
            })?;
            patch::load_json(source, &patch).map(Some)
        }
        "PatchStrategicMergeTransformer" => {
            let (mut entries, inline) = config.read(|f| Ok((f.texts("paths")?, f.text("patches")?)))?;
            entries.extend(Some(inline).filter(|text| !text.is_empty()));
            patch::load_strategic(source, &entries).map(Some)
        }
        _ => Err(config.unknown("transformer")),
    }
}

/// Which accounts of role bindings follow the namespace.
fn subjects(fields: &mut Fields<'_>) -> Result<Subjects> {
    match fields.text("setRoleBindingSubjects")?.as_str() {
        "" | "defaultOnly" => Ok(Subjects::Default),
        "none" => Ok(Subjects::None),
        "allServiceAccounts" => Ok(Subjects::Accounts),
        other => Err(fields.error(&format!(
            "`setRoleBindingSubjects` must be defaultOnly, none or allServiceAccounts, not `{other}`"
        ))),
    }
}
