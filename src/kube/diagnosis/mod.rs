//! Why a workload isn't Ready: from its pods, their events and logs, and what these name, to what mends it.

mod birth;
mod container;
mod image;
mod place;
mod scene;
mod symptoms;
#[cfg(test)]
mod tests;
mod volume;

use std::fmt;

use serde_json::Value;

use crate::model::Object;

use super::Client;
use super::pods::serves;

pub use scene::Scene;

/// How many causes are told of one workload: more are mostly the same from other pods.
const TOLD: usize = 3;

/// Why something isn't Ready, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What it is about: a pod, with its namespace.
    pub of: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub mend: String,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.of, self.what)
    }
}

/// Why the pods of a workload aren't Ready; empty if they are, or if nothing is known. `registry` is where the deployment's images are
/// pulled from. Logs are read of containers that ended; what looks like a secret in them is left out.
pub async fn explain(client: &Client, scene: &Scene, workload: &Object, registry: &str) -> Vec<Cause> {
    let pods = scene.pods_of(workload);
    if pods.is_empty() {
        return birth::causes(scene, workload);
    }
    let mut causes: Vec<Cause> = Vec::new();
    for pod in pods.into_iter().filter(|pod| !serves(pod)) {
        for cause in of_pod(client, scene, pod, registry).await {
            if !causes.iter().any(|known| known.what == cause.what) {
                causes.push(cause);
            }
        }
        if causes.len() >= TOLD {
            break;
        }
    }
    causes.truncate(TOLD);
    causes
}

async fn of_pod(client: &Client, scene: &Scene, pod: &Object, registry: &str) -> Vec<Cause> {
    let cause =
        |(what, mend): (String, String)| Cause { of: format!("{}/{}", pod.namespace(), pod.name()), what, mend };
    if let Some(found) = place::why(scene, pod) {
        return vec![cause(found)];
    }
    let mut found = Vec::new();
    for status in container::statuses(pod) {
        if let Some(why) = image::why(status, registry) {
            found.push(why);
        } else if let Some(why) = container::why(client, scene, pod, status).await {
            found.push(why);
        }
    }
    if found.is_empty() {
        found.extend(volume::why(scene, pod));
    }
    if found.is_empty() {
        found.extend(scene.last_warning(pod).map(|message| (message, describe(pod))));
    }
    found.into_iter().map(cause).collect()
}

/// The command that shows everything about a pod.
fn describe(pod: &Object) -> String {
    format!("kubectl -n {} describe pod {}", pod.namespace(), pod.name())
}

/// A text somewhere in a value; empty if there is none.
fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The elements of a list somewhere in a value.
fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}
