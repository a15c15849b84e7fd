//! Images that don't come from the registry of the deployment: what containers pull, what names a public registry, and
//! what only looks like an image.

use super::super::images::{find, looks, name};
use super::super::report::Finding;
use super::{Place, policy::Policy, words};
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

/// No text whose field speaks of an image may name one elsewhere.
pub(super) fn fields(object: &Object, registry: &str) -> Vec<Finding> {
    let elsewhere = looks::by_field(&object.0).into_iter().filter(|(_, image)| !ours(image, registry));
    elsewhere.map(|(pointer, image)| Place { object, pointer: &pointer }.finding("image", image, HINT)).collect()
}

/// No text may name an image of a public registry, or what has the form of an image elsewhere, whatever the field.
pub(super) fn text(here: &Place, text: &str, registry: &str, policy: &Policy) -> Vec<Finding> {
    let named = |word: &str| {
        let word = word.trim_start_matches("docker://").trim_start_matches("oci://");
        let word = if public(word) { word } else { looks::by_form(word)? };
        let wrong = !ours(word, registry) && !policy.allows_word("image", word);
        wrong.then(|| here.finding("image", word, HINT))
    };
    words(text).filter_map(named).collect()
}

fn public(word: &str) -> bool {
    let Some(host) = name::host(word).and_then(|host| host.split(':').next()) else { return false };
    let known = PUBLIC.iter().any(|known| host == *known || host.ends_with(&format!(".{known}")));
    known || host.contains(".dkr.ecr.") || host.contains(".dkr-ecr.")
}

fn ours(image: &str, registry: &str) -> bool {
    image.strip_prefix(registry).is_some_and(|rest| rest.starts_with('/'))
}
