//! Images that can't be pulled: which registry, and how the image gets there.

use serde_json::Value;

use super::text;

/// Why the image of a container can't be pulled, and what mends it.
pub(super) fn why(status: &Value, registry: &str) -> Option<(String, String)> {
    let waiting = |key: &str| text(status, &format!("/state/waiting/{key}"));
    let reason = waiting("reason");
    if !matches!(reason, "ImagePullBackOff" | "ErrImagePull" | "InvalidImageName" | "ErrImageNeverPull") {
        return None;
    }
    let (image, message) = (text(status, "/image"), waiting("message"));
    if reason == "InvalidImageName" {
        return Some((format!("`{image}` is no name of an image"), "write it as REGISTRY/NAME:TAG".into()));
    }
    if !registry.is_empty() && image.strip_prefix(registry).is_some_and(|rest| rest.starts_with('/')) {
        return Some(of_ours(image, message));
    }
    let host = host(image);
    Some((
        format!("{image} can't be pulled: {host} isn't the deployment's registry{}", of(message)),
        format!(
            "name {registry}/… instead, or turn on spec.images.webhook; `kfctl-cn images mirror` copies what the deployment needs"
        ),
    ))
}

fn of_ours(image: &str, message: &str) -> (String, String) {
    let absent = ["not found", "manifest unknown", "name unknown", "does not exist", "NotFound"];
    let forbidden = ["403", "401", "no basic auth", "denied", "not authorized", "AccessDenied"];
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if message.contains("exec format error") || message.contains("no match for platform") {
        return (
            format!("{image} isn't made for the node's processor"),
            "`kfctl-cn images mirror` copies every platform of the source".into(),
        );
    }
    if says(&forbidden) {
        return (
            format!("{image} can't be pulled: the registry refuses the node"),
            "the role of the nodes needs AmazonEC2ContainerRegistryReadOnly or PullOnly: `kfctl-cn plan --phase cluster`".into(),
        );
    }
    if says(&absent) {
        return (
            format!("{image} isn't in the deployment's registry"),
            "`kfctl-cn images mirror` copies it; `kfctl-cn images verify` names all that are missing".into(),
        );
    }
    let what = format!("{image} can't be pulled from the deployment's registry{}", of(message));
    (
        what,
        "`kfctl-cn images verify` tells whether it is there; nodes reach the registry by NAT or by VPC endpoints"
            .into(),
    )
}

/// The first line of a message, behind a colon.
fn of(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default().trim();
    if line.is_empty() || line.starts_with("Back-off pulling") { String::new() } else { format!(": {line}") }
}

/// The registry of an image; names without one are Docker Hub's.
fn host(image: &str) -> &str {
    let first = image.split('/').next().unwrap_or_default();
    let named = image.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    if named { first } else { "docker.io" }
}
