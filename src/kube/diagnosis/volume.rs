//! Volumes that can't be mounted, and claims that aren't bound.

use crate::model::Object;

use super::scene::claims_of;
use super::symptoms::{Place, meaning};
use super::{Scene, describe, text};

/// Annotations that mark a class as the default.
const DEFAULT: &str = "/metadata/annotations/storageclass.kubernetes.io~1is-default-class";

/// Why a pod that has a node doesn't get its volumes.
pub(super) fn why(scene: &Scene, pod: &Object) -> Option<(String, String)> {
    if let Some(found) = claims_of(pod).into_iter().find_map(|name| unbound(scene, pod.namespace(), name)) {
        return Some(found);
    }
    let warnings = scene.warnings_of(pod);
    let mount =
        |(reason, _): &&(&str, &str)| matches!(*reason, "FailedMount" | "FailedAttachVolume" | "FailedMapVolume");
    let (_, message) = warnings.iter().find(mount)?;
    Some(
        meaning(Place::Mount, message)
            .unwrap_or_else(|| (format!("a volume can't be mounted: {}", message.trim()), describe(pod))),
    )
}

/// Why a claim isn't bound; `None` if it is.
pub(super) fn unbound(scene: &Scene, namespace: &str, name: &str) -> Option<(String, String)> {
    let Some(claim) = scene.claim(namespace, name) else {
        return Some((format!("its claim {name} is missing"), "`kfctl-cn up` makes those of the deployment".into()));
    };
    if text(&claim.0, "/status/phase") == "Bound" {
        return None;
    }
    let classes = scene.all("StorageClass");
    let wanted = claim.0.pointer("/spec/storageClassName").and_then(serde_json::Value::as_str);
    let names: Vec<&str> = classes.iter().map(Object::name).collect();
    let there = if names.is_empty() { "there is none".to_owned() } else { format!("there is {}", names.join(", ")) };
    match wanted {
        Some("") | None if !classes.iter().any(|class| text(&class.0, DEFAULT) == "true") => {
            return Some((
                format!("its claim {name} names no storage class and no class is the default; {there}"),
                "`kfctl-cn up` makes the class gp3 the default".into(),
            ));
        }
        Some(class) if !class.is_empty() && !names.contains(&class) => {
            return Some((
                format!("its claim {name} asks for the storage class {class}, which doesn't exist; {there}"),
                format!(
                    "delete the claim and make it with a class that is there: kubectl -n {namespace} delete pvc {name}"
                ),
            ));
        }
        _ => {}
    }
    let about =
        |kind: &str, of: &str, called: &str| kind == "PersistentVolumeClaim" && of == namespace && called == name;
    let warnings = scene.warnings(about);
    // A claim that waits for its first consumer says so in an event that is no warning: the pod's place is what is missing then.
    let (_, message) = warnings.first()?;
    let mend = "`kfctl-cn verify` tells in `storage` and `cluster` whether the EBS driver works";
    Some((format!("its claim {name} gets no volume: {}", message.trim()), mend.into()))
}
