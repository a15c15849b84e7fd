//! The form of an adaptation in `manifests/adaptations/`.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::values::{KubernetesVersion, Set, Values};
use crate::model::{Object, Region, glob};

/// One reasoned change to rendered manifests.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adaptation {
    /// Unique, `group/name`; the group is `china`, `kubernetes` or `fixes`.
    pub id: String,
    /// The sets that it belongs to.
    pub sets: Vec<Set>,
    /// When it applies; always, if nothing is said.
    #[serde(default)]
    pub when: When,
    /// The objects that it changes.
    #[serde(default)]
    pub target: Target,
    /// What it does to each, in order.
    pub changes: Vec<Change>,
    /// True if upstream's own files may lack the target, so that its absence tells nothing.
    #[serde(default)]
    pub optional: bool,
    /// Why.
    pub reason: String,
    /// Where the fact comes from.
    pub source: String,
}

impl Adaptation {
    /// True if it changes objects by what its entry says, not by the code that raises versions and rewrites images.
    pub(super) fn is_data(&self) -> bool {
        !self.changes.iter().all(|change| matches!(change, Change::Image { .. } | Change::Code))
    }

    /// True if it is about images only.
    pub(super) fn is_image(&self) -> bool {
        self.changes.iter().all(|change| matches!(change, Change::Image { .. }))
    }
}

/// When an adaptation applies. All that is said must hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The lowest Kubernetes version.
    #[serde(default, deserialize_with = "version")]
    pub kubernetes_from: Option<KubernetesVersion>,
    /// The regions.
    #[serde(default)]
    pub regions: Vec<Region>,
}

impl When {
    /// True if it applies.
    pub fn holds(&self, values: &Values) -> bool {
        self.kubernetes_from.is_none_or(|from| values.kubernetes >= from)
            && (self.regions.is_empty() || self.regions.contains(&values.region))
    }
}

/// Which objects an adaptation changes. `*` stands for any run of characters; what isn't said is any.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The API group; empty for the core group.
    #[serde(default = "any")]
    pub group: String,
    /// The kind.
    #[serde(default = "any")]
    pub kind: String,
    /// The name.
    #[serde(default = "any")]
    pub name: String,
    /// The namespace; empty for objects without one.
    #[serde(default = "any")]
    pub namespace: String,
}

impl Default for Target {
    fn default() -> Self {
        Target { group: any(), kind: any(), name: any(), namespace: any() }
    }
}

impl Target {
    /// True if the object is meant.
    pub fn matches(&self, object: &Object) -> bool {
        glob::matches(&self.kind, object.kind())
            && glob::matches(&self.group, object.group())
            && glob::matches(&self.name, object.name())
            && glob::matches(&self.namespace, object.namespace())
    }
}

/// One change. Paths are JSON pointers with `*`, `a|b` and `[name=x]`; with `within` they lead into the YAML or JSON
/// that stands as text there. Values may hold `${placeholders}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Change {
    /// Sets a field; maps that are missing on the way are made.
    Set {
        /// The field.
        path: String,
        /// Its new value.
        value: Value,
        /// The text that the path leads into.
        #[serde(default)]
        within: Option<String>,
    },
    /// Puts an item into a list: in place of the one of the same `name`, else at the end.
    Put {
        /// The list; made if the map that holds it is there.
        path: String,
        /// The item.
        value: Value,
        /// The field that tells items apart.
        #[serde(default = "name")]
        by: String,
    },
    /// Takes a field or an item away.
    Remove {
        /// The field or item.
        path: String,
        /// Only if it has this value, which may be null.
        #[serde(default, deserialize_with = "some")]
        equals: Option<Value>,
    },
    /// Replaces text by a regular expression.
    Substitute {
        /// The text.
        path: String,
        /// The expression.
        find: String,
        /// What stands there then; `$1` is a group.
        with: String,
    },
    /// Takes the object away.
    Delete,
    /// The program's code does it, under the adaptation's id: see `uplift` and `images`.
    Code,
    /// Adds the objects of a file of `manifests/components/`, except those that are there already.
    Add {
        /// The file's name.
        component: String,
    },
    /// Another image instead of one whose source is gone or that can't run: see `images`.
    Image {
        /// The name at its source, host included; without a tag it means every tag.
        from: String,
        /// The name that is copied instead.
        to: String,
    },
}

fn any() -> String {
    "*".into()
}

fn name() -> String {
    "name".into()
}

fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<KubernetesVersion>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}
