//! Where images are named, as data: `manifests/policies/image-carriers.yaml`.

use std::sync::OnceLock;

use serde::Deserialize;

use super::super::rules::Target;
use super::super::table;
use crate::model::Result;

/// One place or kind of place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Carrier {
    /// The objects.
    #[serde(default)]
    pub(super) target: Target,
    /// The YAML or JSON texts inside them; without it the object itself.
    #[serde(default)]
    pub(super) within: Option<String>,
    /// How the names are put together.
    pub(super) form: Form,
}

/// How a name is put together.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Form {
    /// `image` of all containers, however deep.
    Containers,
    /// Environment variables of containers, by name; `A_IMAGE` takes its tag from `A_TAG`, if that is there.
    Env(Vec<String>),
    /// A variable of containers that names an image without its tag, which people choose later; the usual tags are
    /// listed.
    Repository {
        /// The variable.
        env: String,
        /// The usual tags.
        tags: Vec<String>,
    },
    /// Flags of containers, `--flag name` or `--flag=name`.
    Flags(Vec<String>),
    /// Whole names at these paths.
    Names(Vec<String>),
    /// A map with the name in one field and tags in others.
    Split {
        /// The maps.
        at: Vec<String>,
        /// The field of the name.
        name: String,
        /// The fields of the tags.
        tags: Vec<String>,
    },
    /// Host and path in one field, the last part in others, the tag in a third.
    Join {
        /// Host and path.
        hub: String,
        /// The last parts.
        names: Vec<String>,
        /// The tag.
        tag: String,
    },
    /// A text that is no data: the first group of an expression.
    Text {
        /// The text.
        path: String,
        /// The expression.
        find: String,
        /// The tag, where the text has none.
        #[serde(default)]
        tag: Option<String>,
    },
}

const FILE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/policies/image-carriers.yaml"));

/// All carriers.
pub(super) fn all() -> Result<&'static [Carrier]> {
    static TABLE: OnceLock<Result<Vec<Carrier>>> = OnceLock::new();
    match TABLE.get_or_init(|| table::read("policies/image-carriers.yaml", FILE)) {
        Ok(carriers) => Ok(carriers),
        Err(error) => Err(error.clone()),
    }
}
