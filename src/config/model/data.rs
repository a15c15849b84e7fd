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
    /// A bucket that is there already, in this account and region. It is only used: nothing of it is changed or removed.
    pub existing_bucket: Option<String>,
    /// A secret in Secrets Manager that is there already, by name or ARN, with the fields `accesskey` and `secretkey` of a
    /// user that may use the bucket. No user and no key is made then.
    pub existing_s3_secret: Option<String>,
    /// Encrypts what is made here of database, bucket and secrets with a customer-managed KMS key: its ARN. Unset: the keys
    /// of AWS. Taken out again, it stays on what has it.
    pub kms_key_arn: Option<String>,
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
    /// A MySQL 8.0 database that is there already. It is only used, and all else in this section means nothing.
    pub existing: Option<ExistingDatabase>,
}

/// A MySQL 8.0 database that is there already: one of `instance`, `cluster` and `host`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExistingDatabase {
    /// The identifier of an RDS instance in the cluster's VPC.
    #[serde(default)]
    pub instance: Option<String>,
    /// The identifier of an Aurora cluster in the cluster's VPC.
    #[serde(default)]
    pub cluster: Option<String>,
    /// The host of any other, which the nodes must reach.
    #[serde(default)]
    pub host: Option<String>,
    /// Its port. Unset: what RDS says; of a `host`, 3306.
    #[serde(default)]
    pub port: Option<u32>,
    /// The secret in Secrets Manager with its login, by name or ARN: `username`, `password`, `host`, `port` and `database`.
    pub secret: String,
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
            existing: None,
        }
    }
}
