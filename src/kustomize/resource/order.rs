//! The order of the result.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::{Gvk, Id, Resource};

/// Kinds that others need come first.
const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
/// Webhooks come last: they would refuse what comes before their servers run.
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// The rank of a kind by the built-in lists; zero is the middle.
fn rank(kind: &str) -> i32 {
    let place = |list: &[&str]| list.iter().position(|k| *k == kind).map(|i| i as i32);
    match (place(&FIRST), place(&LAST)) {
        (_, Some(i)) => 1 + i,
        (Some(i), None) => i - FIRST.len() as i32,
        (None, None) => 0,
    }
}

/// Sorts objects by kind and name; `kinds` are lists of kinds that come first and last instead of the built-in ones.
pub fn sort(list: &mut [Resource], kinds: Option<&(Vec<String>, Vec<String>)>) {
    let custom: Option<HashMap<&str, i32>> = kinds.map(|(first, last)| {
        let mut ranks = HashMap::new();
        ranks.extend(first.iter().enumerate().map(|(i, k)| (k.as_str(), i as i32 - first.len() as i32)));
        ranks.extend(last.iter().enumerate().map(|(i, k)| (k.as_str(), 1 + i as i32)));
        ranks
    });
    let rank_of = |kind: &str| match &custom {
        Some(ranks) => ranks.get(kind).copied().unwrap_or(0),
        None => rank(kind),
    };
    list.sort_by_cached_key(|resource| Key::of(resource, rank_of(&resource.gvk().kind)));
}

/// The place of a type in the order of types: its rank, then its text.
pub fn type_key(gvk: &Gvk) -> (i32, String) {
    (rank(&gvk.kind), type_text(gvk))
}

/// A type as a sortable text, in which empty parts come last.
fn type_text(gvk: &Gvk) -> String {
    let part = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    format!("{}_{}_{}", part(&gvk.group, "~G"), part(&gvk.version, "~V"), part(&gvk.kind, "~K"))
}

#[derive(PartialEq, Eq)]
struct Key {
    rank: i32,
    kind_is_namespace: bool,
    core: bool,
    type_text: String,
    id_text: String,
}

impl Key {
    fn of(resource: &Resource, rank: i32) -> Key {
        let Id { gvk, name, .. } = resource.id();
        let namespace = resource.namespace();
        let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
        Key {
            rank,
            kind_is_namespace: gvk.kind == "Namespace",
            core: gvk.group.is_empty(),
            type_text: type_text(&gvk),
            id_text: format!("{}|{}", or(&namespace, "~X"), or(&name, "~N")),
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_type = self.type_text.cmp(&other.type_text);
        // Real namespaces come before other kinds of that name.
        let by_type = if self.kind_is_namespace && other.kind_is_namespace && (self.core || other.core) {
            by_type.reverse()
        } else {
            by_type
        };
        self.rank.cmp(&other.rank).then(by_type).then_with(|| self.id_text.cmp(&other.id_text))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
