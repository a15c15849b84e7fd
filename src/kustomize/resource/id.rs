//! What identifies an object while it is being transformed.

use std::borrow::Cow;

use serde_json::Value;

use super::super::fields::is_cluster_scoped;
use super::super::yaml::text;

/// The effective namespace of objects that have none by their kind.
const NO_NAMESPACE: &str = "_non_namespaceable_";

/// Group, version and kind. As a selector, empty parts match all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Gvk {
    /// The group; empty for core.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
}

impl Gvk {
    /// The type of an object.
    pub fn of(object: &Value) -> Gvk {
        let api_version = object.get("apiVersion").map(text).unwrap_or_default();
        let (group, version) = match api_version.split_once('/') {
            Some((group, version)) => (group.to_owned(), version.to_owned()),
            None => (String::new(), api_version),
        };
        Gvk { group, version, kind: object.get("kind").map(text).unwrap_or_default() }
    }

    /// True if a selector matches this type.
    pub fn is_selected_by(&self, selector: &Gvk) -> bool {
        let part = |own: &str, wanted: &str| wanted.is_empty() || own == wanted;
        part(&self.group, &selector.group) && part(&self.version, &selector.version) && part(&self.kind, &selector.kind)
    }

    /// True if it matches, as a selector, the type of an object; nothing is copied for it.
    pub fn selects(&self, object: &Value) -> bool {
        let field = |name: &str| match object.get(name) {
            Some(Value::String(text)) => Cow::Borrowed(text.as_str()),
            other => Cow::Owned(other.map(text).unwrap_or_default()),
        };
        let part = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
        if !self.kind.is_empty() && self.kind != field("kind") {
            return false;
        }
        if self.group.is_empty() && self.version.is_empty() {
            return true;
        }
        let api_version = field("apiVersion");
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        part(&self.group, group) && part(&self.version, version)
    }

    /// `group/version`, or the version alone for core.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// True if the kind is known to have no namespace.
    pub fn is_cluster_scoped(&self) -> bool {
        is_cluster_scoped(&self.api_version(), &self.kind)
    }
}

/// Type, name and effective namespace of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Id {
    /// The type.
    pub gvk: Gvk,
    /// The name.
    pub name: String,
    /// `default` for none, a mark for cluster-scoped kinds.
    pub namespace: String,
}

impl Id {
    /// An id of its parts; the namespace as written.
    pub fn new(gvk: Gvk, name: String, namespace: &str) -> Id {
        let namespace = if gvk.is_cluster_scoped() {
            NO_NAMESPACE
        } else if namespace.is_empty() {
            "default"
        } else {
            namespace
        };
        Id { gvk, name, namespace: namespace.to_owned() }
    }

    /// True if the object has no namespace by its kind.
    pub fn is_cluster_scoped(&self) -> bool {
        self.namespace == NO_NAMESPACE
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} `{}`", self.gvk.api_version(), self.gvk.kind, self.name)?;
        if !self.is_cluster_scoped() {
            write!(f, " in namespace `{}`", self.namespace)?;
        }
        Ok(())
    }
}
