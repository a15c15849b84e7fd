//! What is embedded: adaptations, policies and our own manifests.

use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::rules::Adaptation;
use super::template;
use super::values::{Set, Values};
use crate::model::{Error, ErrorClass, Object, Result};

macro_rules! embedded {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/", $path)))),*]
    };
}

const ADAPTATIONS: &[(&str, &str)] = embedded![
    "adaptations/kubernetes/uplift.yaml",
    "adaptations/kubernetes/dex.yaml",
    "adaptations/kubernetes/objects.yaml",
    "adaptations/kubernetes/workflows.yaml",
    "adaptations/kubernetes/images.yaml",
    "adaptations/china/kserve.yaml",
    "adaptations/china/pipelines.yaml",
    "adaptations/china/secrets.yaml",
    "adaptations/china/images.yaml",
    "adaptations/china/karpenter.yaml",
    "adaptations/china/registry.yaml",
    "adaptations/fixes/credentials.yaml",
    "adaptations/fixes/authservice.yaml",
    "adaptations/fixes/leftovers.yaml",
    "adaptations/fixes/training-operator.yaml",
    "adaptations/fixes/placeholders.yaml",
    "adaptations/fixes/csi-driver.yaml",
    "adaptations/fixes/device-plugin.yaml",
];

const COMPONENTS: &[(&str, &str)] = embedded![
    "components/storage-class.yaml",
    "components/gpu-pool.yaml",
    "components/image-webhook.yaml",
    "components/dex-crds.yaml",
    "components/authservice-rbac.yaml",
    "components/secrets-manager-account.yaml",
];

/// Reads an embedded file. A fault in it is a fault of the program, and the tests read every one.
pub(super) fn read<T: DeserializeOwned>(name: &str, text: &str) -> Result<T> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| Error::new(ErrorClass::Bug, format!("manifests/{name}")).caused_by(error.to_string()))
}

/// All adaptations, in the order in which they apply.
pub(super) fn all() -> &'static Result<Vec<Adaptation>> {
    static TABLE: OnceLock<Result<Vec<Adaptation>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut all = Vec::new();
        for (name, text) in ADAPTATIONS {
            all.extend(read::<Vec<Adaptation>>(name, text)?);
        }
        Ok(all)
    })
}

/// All adaptations, for people who want to know what is changed and why.
pub fn adaptations() -> &'static [Adaptation] {
    all().as_deref().unwrap_or_default()
}

/// The objects of one of our own manifests, with their placeholders filled.
pub(super) fn component(name: &str, values: &Values) -> Result<Vec<Object>> {
    let path = format!("components/{name}");
    let Some((_, text)) = COMPONENTS.iter().find(|(known, _)| *known == path) else {
        return Err(Error::new(ErrorClass::Bug, format!("no embedded manifest {path}")));
    };
    let documents: Vec<Value> = serde_saphyr::from_multiple(text)
        .map_err(|error| Error::new(ErrorClass::Bug, format!("manifests/{path}")).caused_by(error.to_string()))?;
    documents.iter().map(|document| template::fill(document, values).map(Object)).collect()
}

/// The objects of a set that is our own from end to end; none for the sets that come from the bundle.
pub fn own_objects(set: Set, values: &Values) -> Result<Vec<Object>> {
    match set {
        Set::StorageClass => component("storage-class.yaml", values),
        Set::ImageWebhook => component("image-webhook.yaml", values),
        Set::GpuPool if values.karpenter_version.starts_with("0.") => Err(Error::new(
            ErrorClass::Config,
            format!("Karpenter {} has no NodePool and no EC2NodeClass", values.karpenter_version),
        )
        .hint("set spec.karpenter.version to 1.14.1; the old APIs know no AMI for today's EKS")),
        Set::GpuPool => component("gpu-pool.yaml", values),
        _ => Ok(Vec::new()),
    }
}
