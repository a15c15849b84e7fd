//! From the bundle to objects that a cluster in AWS China takes: one path for `render`, `plan`, `up` and `verify`.

mod rendered;
mod values;

use std::path::{Path, PathBuf};

use crate::adapt::{self, Adapted, KubernetesVersion, Set, Values};
use crate::bundle::{Bundle, Component};
use crate::config::{Config, Switch};
use crate::kustomize::{self, Options};
use crate::model::{Error, ErrorClass, Object, Result};

pub use rendered::{Rendered, Renders};
pub use values::{Known, NO_ACCOUNT, PLACEHOLDER, known, offline_values};

/// Renders a set, adapts it and audits it; then lays the user's overlays over it, each audited as well.
///
/// # Errors
/// Class `Config`: the bundle or an overlay lacks files, they can't be rendered, or the audit found something; each finding
/// is named.
pub fn render(set: Set, config: &Config, bundle: &Bundle, values: &Values) -> Result<Adapted> {
    let objects = objects(set, config, bundle, values)?;
    let adapted = adapt::adapt(set, objects, values).map_err(|e| e.context(format!("set {}", set.as_str())))?;
    let adapted = clean(adapted, &format!("set {}", set.as_str()))?;
    match set {
        Set::Kubeflow => {
            config.spec.kubeflow.overlays.iter().try_fold(adapted, |adapted, dir| overlay(dir, adapted, values))
        }
        _ => Ok(adapted),
    }
}

/// Lays the overlay of a folder over the adapted objects of Kubeflow.
fn overlay(dir: &str, mut adapted: Adapted, values: &Values) -> Result<Adapted> {
    let objects = kustomize::overlay(Path::new(dir), adapted.objects.clone(), &Options::default())?;
    let id = format!("overlay/{}", dir.trim_start_matches('/'));
    adapted = adapt::adapt_again(Set::Kubeflow, adapted, objects, &id, values)
        .map_err(|e| e.context(format!("after the overlay `{dir}`")))?;
    clean(adapted, &format!("set {} with the overlay `{dir}`", Set::Kubeflow.as_str()))
}

/// The same, if the audit found nothing.
fn clean(adapted: Adapted, what: &str) -> Result<Adapted> {
    if adapted.findings.is_empty() {
        return Ok(adapted);
    }
    let lines: Vec<String> = adapted.findings.iter().map(|f| format!("  {f}\n    hint: {}", f.hint)).collect();
    let message = format!("the audit of {what} has {} findings", lines.len());
    Err(Error::new(ErrorClass::Config, message).caused_by(format!("\n{}", lines.join("\n"))))
}

/// The objects of a set as upstream, or we, wrote them.
///
/// # Errors
/// Class `Config`: the bundle lacks files, or they can't be rendered.
pub fn objects(set: Set, config: &Config, bundle: &Bundle, values: &Values) -> Result<Vec<Object>> {
    match set {
        Set::StorageClass | Set::ImageWebhook | Set::GpuPool => adapt::own_objects(set, values),
        Set::Kubeflow => {
            let deployments = bundle.path(Component::Kubeflow, None)?.join("deployments");
            let dir = deployments.join(&config.spec.kubeflow.variant);
            kustomize::build_without(&dir, &Options::default(), &|file| config.leaves_out(file))
        }
        Set::CsiDriver => parse(&yaml_files(&bundle.path(Component::CsiDriver, None)?)?),
        Set::CsiProvider => parse(&yaml_files(&bundle.path(Component::CsiProvider, None)?)?),
        Set::DevicePlugin => {
            parse(&yaml_files(&bundle.path(Component::DevicePlugin, Some(&values.device_plugin_version))?)?)
        }
        Set::Karpenter => {
            let dir = bundle.path(Component::Karpenter, Some(&values.karpenter_version))?;
            let mut files = yaml_files(&dir.join("crds"))?;
            files.extend(yaml_files(&dir)?);
            parse(&files)
        }
    }
}

fn parse(files: &[PathBuf]) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for file in files {
        objects.extend(kustomize::parse_yaml(&fs_err::read_to_string(file)?, &file.display().to_string())?);
    }
    Ok(objects)
}

/// The YAML files of a folder, by name.
fn yaml_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The sets that a configuration asks for, in the order in which they are applied.
pub fn sets(config: &Config) -> Vec<Set> {
    let wanted = |set: &Set| match set {
        Set::DevicePlugin | Set::Karpenter | Set::GpuPool => config.spec.gpu.enabled,
        Set::ImageWebhook => config.spec.images.webhook == Switch::Enabled,
        Set::StorageClass | Set::CsiDriver | Set::CsiProvider | Set::Kubeflow => true,
    };
    Set::ALL.into_iter().filter(wanted).collect()
}

fn kubernetes(config: &Config) -> Result<KubernetesVersion> {
    config.spec.cluster.version.parse().map_err(|e: String| Error::new(ErrorClass::Config, e))
}
