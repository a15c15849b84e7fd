//! The section of images.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where images come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Images {
    /// Registry host and prefix that every image is rewritten to. Unset: `<account>.dkr.ecr.<region>.amazonaws.com.cn/kfctl-cn`.
    pub registry: Option<String>,
    /// Whether `up` copies images that the registry lacks.
    pub mirror: Mirror,
    /// Whether a webhook in the cluster rewrites the images of users' pods as well: notebooks, pipelines, experiments. Its
    /// own image must be in the registry first: `kfctl-cn images webhook-image`.
    pub webhook: Switch,
}

/// Whether `up` copies images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Mirror {
    /// It copies what it can reach; what it can't is named in a script to run elsewhere, and `up` goes on.
    #[default]
    Auto,
    /// Like `auto`, but nothing is put into the cluster, and `up` fails, while an image is missing that objects name.
    Required,
    /// It doesn't: `kfctl-cn images mirror` does, when it is asked to.
    Skip,
}

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// It is.
    Enabled,
    /// It isn't.
    #[default]
    Disabled,
}
