//! A workload without pods: what its controller says of the pods that it can't make.

use crate::model::Object;

use super::symptoms::{Place, meaning};
use super::{Cause, Scene, list, text};

/// Why there are no pods, if a controller says it.
pub(super) fn causes(scene: &Scene, workload: &Object) -> Vec<Cause> {
    let (namespace, name) = (workload.namespace(), workload.name());
    let ours = |kind: &str, of: &str, called: &str| {
        // Pods of a Deployment are made by a ReplicaSet of its name and a hash.
        let replicas = kind == "ReplicaSet" && called.rsplit_once('-').is_some_and(|(stem, _)| stem == name);
        of == namespace && (replicas || kind == workload.kind() && called == name)
    };
    let failed = |(reason, _): &(&str, &str)| *reason == "FailedCreate";
    let event = scene.warnings(ours).into_iter().find(failed).map(|(_, message)| message.to_owned());
    // Events last an hour; the condition stays.
    let message = event.or_else(|| {
        let conditions = list(&workload.0, "/status/conditions");
        let mut failures = conditions.filter(|c| text(c, "/type") == "ReplicaFailure" && text(c, "/status") == "True");
        failures.next().map(|condition| text(condition, "/message").to_owned())
    });
    let Some(message) = message else { return Vec::new() };
    let (what, mend) = meaning(Place::Create, &message).unwrap_or_else(|| {
        let show = format!("kubectl -n {namespace} describe {} {name}", workload.kind().to_lowercase());
        (format!("its pods can't be made: {}", message.trim()), show)
    });
    vec![Cause { of: format!("{namespace}/{name}"), what, mend }]
}
