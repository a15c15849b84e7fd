//! The kustomization file as a typed value.

mod fields;
mod generator;
mod metadata;
mod parts;
mod replacement;
mod tolerant;

use std::path::Path;

use indexmap::IndexMap;
use serde_json::Value;

use super::{invalid, yaml};
use crate::model::{Error, Result};

use fields::Place;

pub use fields::Fields;
pub use generator::{Behavior, Generator, GeneratorKind};
pub use metadata::BuildMetadata;
pub use parts::{Image, Label, OpenApi, Patch, Replica, Selector, SortOptions, Var, read_gvk};
pub use replacement::{Part, Replacement, ReplacementEntry, ReplacementSource, ReplacementTarget};

/// What a kustomization file says.
#[derive(Debug, Default)]
pub struct Kustomization {
    /// True for `kind: Component`.
    pub component: bool,
    /// Files and folders; `bases` are appended.
    pub resources: Vec<String>,
    /// Folders of components.
    pub components: Vec<String>,
    /// The namespace to set; empty for none.
    pub namespace: String,
    /// The prefix of names; empty for none.
    pub name_prefix: String,
    /// The suffix of names; empty for none.
    pub name_suffix: String,
    /// Labels for objects, templates and selectors.
    pub common_labels: IndexMap<String, String>,
    /// Labels with a choice of places.
    pub labels: Vec<Label>,
    /// Annotations for objects and templates.
    pub common_annotations: IndexMap<String, String>,
    /// Strategic merge patches: paths or inline text.
    pub patches_strategic_merge: Vec<String>,
    /// JSON patches with a target.
    pub patches_json: Vec<Patch>,
    /// Patches of either kind.
    pub patches: Vec<Patch>,
    /// ConfigMaps, then Secrets, with the global options merged in.
    pub generators: Vec<Generator>,
    /// Generators as objects: paths or inline text.
    pub generator_objects: Vec<String>,
    /// Transformers as objects: paths or inline text.
    pub transformers: Vec<String>,
    /// Validators as objects: paths or inline text.
    pub validators: Vec<String>,
    /// Image changes.
    pub images: Vec<Image>,
    /// Replica counts.
    pub replicas: Vec<Replica>,
    /// Values copied from object to object.
    pub replacements: Vec<ReplacementEntry>,
    /// Vars.
    pub vars: Vec<Var>,
    /// The schema by which lists are merged.
    pub openapi: Option<OpenApi>,
    /// Files of field specs.
    pub configurations: Vec<String>,
    /// Files of OpenAPI definitions of custom kinds, which give field specs.
    pub crds: Vec<String>,
    /// What the result says about its making, if this is the root.
    pub build_metadata: BuildMetadata,
    /// The order of the result, if this is the root.
    pub sort_options: Option<SortOptions>,
}

/// Fields of a kustomization that the renderer refuses, with what to do instead.
const REFUSED: [(&str, &str); 3] =
    [("helmCharts", RENDER_CHART), ("helmGlobals", RENDER_CHART), ("helmChartInflationGenerator", RENDER_CHART)];
const RENDER_CHART: &str = "charts are not rendered: run `helm template` beforehand, and list its output beside the kustomization in `resources`";

impl Kustomization {
    /// Reads a kustomization file. Of several faults, the first in it is told, with its line.
    pub fn parse(text: &str, path: &Path) -> Result<Kustomization> {
        let origin = path.display().to_string();
        let document = yaml::parse_legacy(text, &origin)?;
        Kustomization::from_value(&document, Place::whole(&origin)).map_err(|error| {
            let (_, faults) = tolerant::read(&document, &Place::in_text(&origin, text));
            faults.into_iter().next().unwrap_or(error)
        })
    }

    /// Reads what can be read of a kustomization file, and says all that is wrong with the rest.
    pub fn parse_tolerant(text: &str, path: &Path) -> (Kustomization, Vec<Error>) {
        let origin = path.display().to_string();
        match yaml::parse_legacy(text, &origin) {
            Ok(document) => tolerant::read(&document, &Place::in_text(&origin, text)),
            Err(error) => (Kustomization::default(), vec![error]),
        }
    }

    fn from_value(document: &Value, place: Place) -> Result<Kustomization> {
        if document.is_null() {
            return Err(empty(&place));
        }
        let mut fields = Fields::at(document, place.clone())?;
        let kind = fields.text("kind")?;
        let version = fields.text("apiVersion")?;
        check_type(&kind, &version, &fields)?;
        if fields.nothing_left() {
            return Err(empty(&place));
        }
        for (name, instead) in REFUSED {
            if fields.take(name).is_some_and(|v| !matches!(v, Value::Array(items) if items.is_empty())) {
                return Err(fields.error_at(&format!("the field `{name}` is not supported"), name).hint(instead));
            }
        }
        let spec = Kustomization::read(&mut fields, kind == "Component")?;
        fields.done()?;
        Ok(spec)
    }

    fn read(fields: &mut Fields<'_>, component: bool) -> Result<Kustomization> {
        fields.take("metadata");
        let options = fields.nested("generatorOptions", generator::GeneratorOptions::read)?;
        let mut resources = fields.texts("resources")?;
        resources.extend(fields.texts("bases")?);
        let mut images = fields.list("images", Image::read)?;
        images.extend(fields.list("imageTags", Image::read)?);
        let mut generators = fields.list("configMapGenerator", |f| Generator::read(f, GeneratorKind::ConfigMap))?;
        generators.extend(fields.list("secretGenerator", |f| Generator::read(f, GeneratorKind::Secret))?);
        if let Some(options) = &options {
            generators.iter_mut().for_each(|g| g.options.inherit(options));
        }
        Ok(Kustomization {
            component,
            resources,
            components: fields.texts("components")?,
            namespace: fields.text("namespace")?,
            name_prefix: fields.text("namePrefix")?,
            name_suffix: fields.text("nameSuffix")?,
            common_labels: fields.text_map("commonLabels")?,
            labels: fields.list("labels", Label::read)?,
            common_annotations: fields.text_map("commonAnnotations")?,
            patches_strategic_merge: fields.texts("patchesStrategicMerge")?,
            patches_json: fields.list("patchesJson6902", Patch::read)?,
            patches: fields.list("patches", Patch::read)?,
            generators,
            generator_objects: fields.texts("generators")?,
            transformers: fields.texts("transformers")?,
            validators: fields.texts("validators")?,
            images,
            replicas: fields.list("replicas", Replica::read)?,
            replacements: fields.list("replacements", ReplacementEntry::read)?,
            vars: fields.list("vars", Var::read)?,
            openapi: fields.nested("openapi", OpenApi::read)?.flatten(),
            configurations: fields.texts("configurations")?,
            crds: fields.texts("crds")?,
            build_metadata: BuildMetadata::read(fields)?,
            sort_options: fields.nested("sortOptions", SortOptions::read)?,
        })
    }
}

fn empty(place: &Place) -> Error {
    invalid(format!("{}: the kustomization is empty", place.origin))
        .hint("list files and folders in `resources`, or remove the file")
}

fn check_type(kind: &str, version: &str, fields: &Fields<'_>) -> Result<()> {
    let wanted = match kind {
        "" | "Kustomization" => "kustomize.config.k8s.io/v1beta1",
        "Component" => "kustomize.config.k8s.io/v1alpha1",
        _ => return Err(fields.error_at(&format!("kind must be Kustomization or Component, not `{kind}`"), "kind")),
    };
    if !version.is_empty() && version != wanted {
        return Err(fields.error_at(&format!("apiVersion must be {wanted}, not `{version}`"), "apiVersion"));
    }
    Ok(())
}
