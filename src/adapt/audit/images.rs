//! Images that don't come from the registry of the deployment.

use super::super::images::{find, name};
use super::super::report::Finding;
use super::{Place, words};
use crate::model::Object;

const HINT: &str = "no rule rewrites this name: add its place to manifests/policies/image-carriers.yaml";

/// Registries that the public uses; subdomains count.
const PUBLIC: [&str; 11] = [
    "docker.io",
    "docker.com",
    "gcr.io",
    "ghcr.io",
    "quay.io",
    "pkg.dev",
    "public.ecr.aws",
    "nvcr.io",
    "mcr.microsoft.com",
    "registry.k8s.io",
    "azurecr.io",
];

/// Every container's image must come from the registry.
pub(super) fn pods(object: &Object, registry: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for container in find::containers(&object.0) {
        let pointer = format!("{container}/image");
        let image = object.0.pointer(&pointer).and_then(|image| image.as_str()).unwrap_or_default();
        if name::is_name(image) && !ours(image, registry) {
            findings.push(Place { object, pointer: &pointer }.finding("image", image, HINT));
        }
    }
    findings
}

/// No text may name an image of a public registry, whatever the field.
pub(super) fn text(here: &Place, text: &str, registry: &str) -> Vec<Finding> {
    words(text)
        .filter_map(|word| {
            let word = word.trim_start_matches("docker://").trim_start_matches("oci://");
            let host = name::host(word)?.split(':').next()?;
            let public = PUBLIC.iter().any(|known| host == *known || host.ends_with(&format!(".{known}")));
            let aws = host.contains(".dkr.ecr.") || host.contains(".dkr-ecr.");
            ((public || aws) && !ours(word, registry)).then(|| here.finding("image", word, HINT))
        })
        .collect()
}

fn ours(image: &str, registry: &str) -> bool {
    image.strip_prefix(registry).is_some_and(|rest| rest.starts_with('/'))
}
