//! Which kinds an API server serves, and at which paths.

use std::collections::HashMap;

use serde_json::Value;

/// A kind that is served, in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// The name in paths.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Whether its objects can be listed.
    pub listable: bool,
}

impl Kind {
    /// `group/version`, or `version` for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The path of an object; without a name, of the collection; without a namespace, of all namespaces. An object of a
    /// namespaced kind without one is in `default`.
    pub fn path(&self, namespace: &str, name: &str) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let namespace = match (self.namespaced, namespace, name) {
            (false, _, _) | (true, "", "") => String::new(),
            (true, "", _) => "/namespaces/default".into(),
            (true, namespace, _) => format!("/namespaces/{namespace}"),
        };
        let name = if name.is_empty() { String::new() } else { format!("/{name}") };
        format!("{root}/{}{namespace}/{}{name}", self.api_version(), self.plural)
    }
}

/// The kinds that a server serves.
#[derive(Debug, Default)]
pub struct Discovery {
    /// By group and kind; the versions in the server's order of preference.
    kinds: HashMap<(String, String), Vec<Kind>>,
}

impl Discovery {
    /// Takes in an `APIGroupDiscoveryList`.
    pub(super) fn add(&mut self, list: &Value) {
        let text = |value: &Value, pointer: &str| {
            value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let items = |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        for group in items(list, "items") {
            let name = text(&group, "/metadata/name");
            for version in items(&group, "versions") {
                for resource in items(&version, "resources") {
                    let kind = Kind {
                        group: name.clone(),
                        version: text(&version, "/version"),
                        kind: text(&resource, "/responseKind/kind"),
                        plural: text(&resource, "/resource"),
                        namespaced: text(&resource, "/scope") == "Namespaced",
                        listable: items(&resource, "verbs").iter().any(|v| v == "list"),
                    };
                    self.kinds.entry((name.clone(), kind.kind.clone())).or_default().push(kind);
                }
            }
        }
    }

    /// The kind in exactly this version.
    pub fn find(&self, group: &str, version: &str, kind: &str) -> Option<&Kind> {
        self.versions(group, kind).iter().find(|k| k.version == version)
    }

    /// The kind in the version that the server prefers.
    pub fn preferred(&self, group: &str, kind: &str) -> Option<&Kind> {
        self.versions(group, kind).first()
    }

    /// The versions in which a kind is served.
    pub fn versions(&self, group: &str, kind: &str) -> &[Kind] {
        self.kinds.get(&(group.to_owned(), kind.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// The listable kinds of a group, each in the preferred version.
    pub fn group(&self, group: &str) -> Vec<&Kind> {
        let mut kinds: Vec<_> =
            self.kinds.iter().filter(|((g, _), v)| g == group && v[0].listable).map(|(_, v)| &v[0]).collect();
        kinds.sort_by(|a, b| a.kind.cmp(&b.kind));
        kinds
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn discovery() -> Discovery {
        let mut discovery = Discovery::default();
        let resource = |plural: &str, kind: &str, scope: &str| {
            json!({"resource": plural, "responseKind": {"group": "", "version": "", "kind": kind}, "scope": scope,
                   "verbs": ["get", "list"]})
        };
        discovery.add(&json!({"items": [{"metadata": {}, "versions": [
            {"version": "v1", "resources": [resource("namespaces", "Namespace", "Cluster"), resource("pods", "Pod", "Namespaced")]}]}]}));
        discovery.add(&json!({"items": [{"metadata": {"name": "apps"}, "versions": [
            {"version": "v1", "resources": [resource("deployments", "Deployment", "Namespaced")]},
            {"version": "v1beta1", "resources": [resource("deployments", "Deployment", "Namespaced")]}]}]}));
        discovery
    }

    #[test]
    fn paths_follow_group_and_scope() {
        let discovery = discovery();
        let pod = discovery.find("", "v1", "Pod").unwrap();
        assert_eq!(pod.path("a", "b"), "/api/v1/namespaces/a/pods/b");
        assert_eq!(pod.path("", "b"), "/api/v1/namespaces/default/pods/b");
        assert_eq!(pod.path("", ""), "/api/v1/pods");
        let namespace = discovery.find("", "v1", "Namespace").unwrap();
        assert_eq!(namespace.path("ignored", "a"), "/api/v1/namespaces/a");
        assert_eq!(
            discovery.preferred("apps", "Deployment").unwrap().path("a", ""),
            "/apis/apps/v1/namespaces/a/deployments"
        );
    }

    #[test]
    fn a_version_that_is_not_served_is_not_found() {
        let discovery = discovery();
        assert!(discovery.find("apps", "v1beta1", "Deployment").is_some());
        assert!(discovery.find("apps", "v1alpha1", "Deployment").is_none());
        assert!(discovery.preferred("batch", "Job").is_none());
    }
}
