//! The section of database and bucket.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::or_default;

/// Database and bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Data {
    /// The bucket's name. Unset: `<name>-<account>-<region>`.
    pub bucket: Option<String>,
    /// The RDS MySQL database.
    #[serde(deserialize_with = "or_default")]
    pub database: Database,
}

/// The RDS MySQL database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Database {
    /// The instance class.
    pub instance_class: String,
    /// Storage at the start, GiB.
    pub storage_gib: u32,
    /// Storage may grow by itself to this, GiB.
    pub max_storage_gib: u32,
    /// A standby in a second zone.
    pub multi_az: bool,
    /// The engine version, `8.0` or a full one such as `8.0.43`; of `8.0` the newest that RDS offers is taken.
    /// ML Metadata 1.5.0 can't log in to 8.4 as it is delivered.
    pub engine_version: String,
    /// How long backups are kept, days, 1 to 35.
    pub backup_retention_days: u32,
}

impl Default for Database {
    fn default() -> Self {
        Database {
            instance_class: "db.m5.large".into(),
            storage_gib: 50,
            max_storage_gib: 1000,
            multi_az: true,
            engine_version: "8.0".into(),
            backup_retention_days: 7,
        }
    }
}
