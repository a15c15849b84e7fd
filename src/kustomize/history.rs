//! `buildMetadata`: where objects come from and what changed them, as annotations, and a label that says who built them.

use serde_json::{Map, Value};

use super::resource::Resource;
use super::source::Source;
use super::spec::{BuildMetadata, GeneratorKind, Kustomization};
use super::yaml;
use crate::model::Object;

/// Where an object comes from.
pub const ORIGIN: &str = "config.kubernetes.io/origin";
/// What changed an object.
pub const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The version of the reference, whose results the renderer gives.
const BUILDER: &str = "kustomize-v5.8.2";

/// Where an object comes from, or what changed it. Paths are from the folder that is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An object of a file.
    File(String),
    /// A field of a kustomization or a plugin.
    Made {
        /// The file that configures it.
        configured_in: String,
        /// Its `apiVersion`, `kind`, `name` and `namespace`; the last two are empty for fields.
        by: [String; 4],
    },
}

impl Origin {
    /// The file that the object comes from, or that configures what makes it.
    pub fn path(&self) -> &str {
        match self {
            Origin::File(path) | Origin::Made { configured_in: path, .. } => path,
        }
    }

    /// The origin of what a field of a kustomization does, by the kind of plugin that stands for the field.
    fn field(source: &Source, kind: &str) -> Origin {
        let by = ["builtin", kind, "", ""].map(str::to_owned);
        Origin::Made { configured_in: source.kustomization_place(), by }
    }

    /// The origin of what a generator field makes.
    pub fn generator(source: &Source, kind: GeneratorKind) -> Origin {
        let kind = match kind {
            GeneratorKind::ConfigMap => "ConfigMapGenerator",
            GeneratorKind::Secret => "SecretGenerator",
        };
        Origin::field(source, kind)
    }

    /// The origin of what a plugin does.
    pub fn plugin(config: &Resource) -> Option<Origin> {
        let Some(Origin::File(path)) = &config.origin else { return None };
        let gvk = config.gvk();
        let by = [gvk.api_version(), gvk.kind, config.name(), config.namespace()];
        Some(Origin::Made { configured_in: path.clone(), by })
    }

    /// The lines of a YAML map.
    fn lines(&self) -> Vec<String> {
        match self {
            Origin::File(path) => vec![line("path", path)],
            Origin::Made { configured_in, by } => {
                let mut lines = vec![line("configuredIn", configured_in), "configuredBy:".to_owned()];
                let named = ["apiVersion", "kind", "name", "namespace"].iter().zip(by);
                lines.extend(
                    named.filter(|(_, text)| !text.is_empty()).map(|(name, text)| format!("  {}", line(name, text))),
                );
                lines
            }
        }
    }
}

/// A line of a YAML map, quoted if need be.
fn line(name: &str, text: &str) -> String {
    let map = Map::from_iter([(name.to_owned(), Value::from(text))]);
    yaml::to_yaml(&[Object(Value::Object(map))]).trim_end().to_owned()
}

/// Notes on all objects what the fields of a kustomization did to them, in kustomize's order.
pub fn note_fields(list: &mut [Resource], spec: &Kustomization, source: &Source) {
    let labels = match spec.labels.len() {
        0 if spec.common_labels.is_empty() => 0,
        own => own + 1,
    };
    let done = [
        ("PatchStrategicMergeTransformer", usize::from(!spec.patches_strategic_merge.is_empty())),
        ("PatchTransformer", spec.patches.len()),
        ("NamespaceTransformer", usize::from(!spec.namespace.is_empty())),
        ("PrefixTransformer", usize::from(!spec.name_prefix.is_empty())),
        ("SuffixTransformer", usize::from(!spec.name_suffix.is_empty())),
        ("LabelTransformer", labels),
        ("AnnotationsTransformer", usize::from(!spec.common_annotations.is_empty())),
        ("PatchJson6902Transformer", spec.patches_json.len()),
        ("ReplicaCountTransformer", spec.replicas.len()),
        ("ImageTagTransformer", spec.images.len()),
        ("ReplacementTransformer", usize::from(!spec.replacements.is_empty())),
    ];
    for (kind, times) in done {
        for _ in 0..times {
            note(list, &Origin::field(source, kind));
        }
    }
}

/// Notes on all objects what changed them.
pub fn note(list: &mut [Resource], change: &Origin) {
    list.iter_mut().for_each(|resource| resource.transformations.push(change.clone()));
}

/// Writes what the root kustomization asks for.
pub fn write(resource: &mut Resource, wanted: &BuildMetadata) {
    let mut annotations = resource.annotations();
    if wanted.transformations && !resource.transformations.is_empty() {
        let item = |origin: &Origin| format!("- {}\n", origin.lines().join("\n  "));
        annotations.insert(TRANSFORMATIONS.into(), resource.transformations.iter().map(item).collect());
    }
    if let Some(origin) = resource.origin.as_ref().filter(|_| wanted.origins) {
        annotations.insert(ORIGIN.into(), origin.lines().join("\n") + "\n");
    }
    if wanted.origins || wanted.transformations {
        resource.set_metadata("annotations", &annotations);
    }
    if wanted.managed_by {
        let mut labels = resource.labels();
        labels.insert(MANAGED_BY.into(), BUILDER.into());
        resource.set_metadata("labels", &labels);
    }
}
