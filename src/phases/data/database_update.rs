//! How a database differs from what is wanted, and changing it in place.

use aws_sdk_rds::types::DbInstance;

use crate::aws::mysql::{matches, numbers};
use crate::aws::{Call, tags};
use crate::engine::Context;
use crate::model::Result;
use crate::phases::site::{Diff, join};

use super::database::{Database, SECRET_TAG, retag};

/// Fields that ModifyDBInstance sets.
const MODIFIABLE: &[&str] = &[
    "instanceClass",
    "storageGib",
    "maxStorageGib",
    "multiAz",
    "backupRetentionDays",
    "deletionProtection",
    "publiclyAccessible",
    "securityGroup",
    "parameterGroup",
    "engineVersion",
    "password",
];

/// What to do instead of what RDS can't change.
const RESTORE: &str = "restore a copy of its snapshot as wanted, and name that one as `spec.data.database.existing`";

impl Database {
    pub(super) fn diff(&self, cx: &Context, db: &DbInstance) -> Diff {
        let (config, mut diff) = (&self.config, Diff::default());
        let live = tags::from_rds(db.tag_list());
        if db.db_instance_status() == Some("deleting") {
            diff.must("status", false, "deleting", "available");
            return diff;
        }
        // While it is being made RDS answers only part of what was asked.
        if db.db_instance_status() == Some("creating") {
            return diff;
        }
        let encrypted = db.storage_encrypted().unwrap_or_default();
        diff.refuse("encrypted", encrypted, true, "RDS encrypts a database only when it makes it", RESTORE);
        if let Some(wanted) = &self.site.data_key {
            let why = "RDS never changes the key of a database";
            diff.refuse("kmsKeyArn", db.kms_key_id().unwrap_or("(none)"), wanted, why, RESTORE);
        }
        diff.update("instanceClass", db.db_instance_class().unwrap_or_default(), &config.instance_class);
        let storage = db.allocated_storage().unwrap_or_default();
        // Storage grows, by RDS too, and never shrinks.
        diff.update("storageGib", storage, storage.max(config.storage_gib as i32));
        diff.update("maxStorageGib", db.max_allocated_storage().unwrap_or_default(), config.max_storage_gib as i32);
        diff.update("multiAz", db.multi_az().unwrap_or_default(), config.multi_az);
        let days = db.backup_retention_period().unwrap_or_default();
        diff.update("backupRetentionDays", days, config.backup_retention_days as i32);
        diff.update("deletionProtection", db.deletion_protection().unwrap_or_default(), true);
        diff.update("publiclyAccessible", db.publicly_accessible().unwrap_or_default(), false);
        let version = db.engine_version().unwrap_or_default();
        if !matches(version, &config.engine_version) {
            // RDS moves to newer patches by itself: what is newer in the same line stays, and nothing goes back.
            let line = |v: &str| numbers(v).into_iter().take(2).collect::<Vec<_>>();
            if line(version) != line(&config.engine_version) {
                let why =
                    "another line of MySQL means moving the data, and clients of this release speak with 8.0 only";
                diff.refuse("engineVersion", version, config.engine_version.as_str(), why, RESTORE);
            } else if numbers(version) < numbers(&config.engine_version) {
                diff.update("engineVersion", version, config.engine_version.as_str());
            }
        }
        let groups = db.vpc_security_groups().iter().filter_map(|g| g.vpc_security_group_id());
        diff.update(
            "securityGroup",
            join(groups),
            cx.output("data/db-security-group", "id").unwrap_or("(new)").to_owned(),
        );
        let groups = db.db_parameter_groups().iter().filter_map(|g| g.db_parameter_group_name());
        diff.update("parameterGroup", join(groups), self.id());
        if let Some(secret) = cx.output("data/rds-secret", "arn") {
            diff.must(
                "password",
                live.get(SECRET_TAG).is_some_and(|s| s == secret),
                "of another secret",
                "of our secret",
            );
        }
        diff.tags(&live, &self.tags());
        diff
    }

    /// Makes all changes in one call. The tag that names the secret is written after its password is set.
    pub(super) async fn update(&self, cx: &Context, db: &DbInstance) -> Result<()> {
        let (rds, config) = (&self.site.aws.rds, &self.config);
        let differs = self.diff(cx, db).0;
        let has = |field: &str| differs.iter().any(|c| c.field == field);
        if MODIFIABLE.iter().any(|field| has(field)) {
            let password = if has("password") { Some(self.password().await?) } else { None };
            let group = cx.require("data/db-security-group", "id")?;
            let call = rds.modify_db_instance().db_instance_identifier(self.id()).apply_immediately(true);
            let call = call.set_db_instance_class(has("instanceClass").then(|| config.instance_class.clone()));
            let call = call.set_allocated_storage(has("storageGib").then_some(config.storage_gib as i32));
            let call = call.set_max_allocated_storage(has("maxStorageGib").then_some(config.max_storage_gib as i32));
            let call = call.set_multi_az(has("multiAz").then_some(config.multi_az));
            let days = config.backup_retention_days as i32;
            let call = call.set_backup_retention_period(has("backupRetentionDays").then_some(days));
            let call = call.set_deletion_protection(has("deletionProtection").then_some(true));
            let call = call.set_publicly_accessible(has("publiclyAccessible").then_some(false));
            let call = call.set_vpc_security_group_ids(has("securityGroup").then(|| vec![group.to_owned()]));
            let call = call.set_db_parameter_group_name(has("parameterGroup").then(|| self.id()));
            let call = call.set_engine_version(has("engineVersion").then(|| config.engine_version.clone()));
            let call = call.set_master_user_password(password.map(|p| p.expose().to_owned()));
            call.send().await.call("rds:ModifyDBInstance")?;
        }
        let wanted = self.tags_with(cx.require("data/rds-secret", "arn")?);
        retag(&self.site, db.db_instance_arn().unwrap_or_default(), &tags::from_rds(db.tag_list()), &wanted).await
    }
}
