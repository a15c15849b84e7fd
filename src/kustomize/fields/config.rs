//! The field specs of all transformers: built-in ones and those of `configurations` files.

use std::sync::{Arc, LazyLock};

use super::super::spec::Fields;
use super::super::yaml;
use super::defaults;
use super::spec::{FieldSpec, Referrers, merge_all, merge_referrers};
use crate::model::Result;

/// Field specs by transformer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// What `namePrefix` touches.
    pub name_prefix: Vec<FieldSpec>,
    /// What `nameSuffix` touches.
    pub name_suffix: Vec<FieldSpec>,
    /// What `namespace` touches besides `metadata.namespace`.
    pub namespace: Vec<FieldSpec>,
    /// What `commonLabels` touches.
    pub common_labels: Vec<FieldSpec>,
    /// What every entry of `labels` touches.
    pub labels: Vec<FieldSpec>,
    /// What `labels` with `includeTemplates` touches.
    pub template_labels: Vec<FieldSpec>,
    /// What `labels` with `includeVolumeClaimTemplates` touches.
    pub claim_labels: Vec<FieldSpec>,
    /// What `commonAnnotations` touches.
    pub common_annotations: Vec<FieldSpec>,
    /// Fields that hold names.
    pub name_reference: Vec<Referrers>,
    /// Fields in which vars are replaced.
    pub var_reference: Vec<FieldSpec>,
    /// Fields that hold images.
    pub images: Vec<FieldSpec>,
    /// Fields that hold replica counts.
    pub replicas: Vec<FieldSpec>,
}

static DEFAULTS: LazyLock<Arc<Config>> = LazyLock::new(|| {
    let mut config = defaults::config();
    config.sort();
    Arc::new(config)
});

impl Config {
    /// The built-in field specs.
    pub fn defaults() -> Arc<Config> {
        DEFAULTS.clone()
    }

    /// Reads a `configurations` file.
    pub fn parse(text: &str, origin: &str) -> Result<Config> {
        let document = yaml::parse_legacy(text, origin)?;
        if document.is_null() {
            return Ok(Config::default());
        }
        Fields::whole(&document, origin, &Config::read)
    }

    fn read(fields: &mut Fields<'_>) -> Result<Config> {
        let mut list = |name| fields.list(name, FieldSpec::read);
        Ok(Config {
            name_prefix: list("namePrefix")?,
            name_suffix: list("nameSuffix")?,
            namespace: list("namespace")?,
            common_labels: list("commonLabels")?,
            labels: list("labels")?,
            template_labels: list("templateLabels")?,
            claim_labels: list("volumeClaimTemplateLabels")?,
            common_annotations: list("commonAnnotations")?,
            var_reference: list("varReference")?,
            images: list("images")?,
            replicas: list("replicas")?,
            name_reference: fields.list("nameReference", Referrers::read)?,
        })
    }

    /// Adds the field specs of another configuration, except those that one here covers. A narrow spec that comes first covers a
    /// wide one: so a file that says `namePrefix` for one kind restricts it to that kind, as in kustomize.
    pub fn merge(&mut self, other: &Config) -> Result<()> {
        merge_all(&mut self.name_prefix, &other.name_prefix)?;
        merge_all(&mut self.name_suffix, &other.name_suffix)?;
        merge_all(&mut self.namespace, &other.namespace)?;
        merge_all(&mut self.common_labels, &other.common_labels)?;
        merge_all(&mut self.labels, &other.labels)?;
        merge_all(&mut self.template_labels, &other.template_labels)?;
        merge_all(&mut self.claim_labels, &other.claim_labels)?;
        merge_all(&mut self.common_annotations, &other.common_annotations)?;
        merge_all(&mut self.var_reference, &other.var_reference)?;
        merge_all(&mut self.images, &other.images)?;
        merge_all(&mut self.replicas, &other.replicas)?;
        merge_referrers(&mut self.name_reference, &other.name_reference)?;
        self.sort();
        Ok(())
    }

    /// Puts the specs in the order of their kinds, so that the order of files doesn't matter.
    fn sort(&mut self) {
        let rank = super::super::resource::type_key;
        for list in [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.claim_labels,
            &mut self.common_annotations,
            &mut self.var_reference,
            &mut self.images,
            &mut self.replicas,
        ] {
            list.sort_by_cached_key(|spec| rank(&spec.gvk));
        }
        self.name_reference.sort_by_cached_key(|referrers| rank(&referrers.target));
    }
}
