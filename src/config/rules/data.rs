//! Database, bucket and the first user.

use super::{Found, matches};
use crate::config::{Config, ExistingDatabase};
use crate::model::Region;

pub fn check(config: &Config, found: &mut Found) {
    let data = &config.spec.data;
    if let Some(bucket) = &data.bucket {
        self::bucket("spec.data.bucket", bucket, found);
    }
    if let Some(bucket) = &data.existing_bucket {
        self::bucket("spec.data.existingBucket", bucket, found);
    }
    if let (Some(_), Some(existing)) = (&data.bucket, &data.existing_bucket) {
        let message = format!("`{existing}` is one bucket, spec.data.bucket another");
        found.add("spec.data.existingBucket", message, "give one of the two");
    }
    if let Some(secret) = &data.existing_s3_secret {
        self::secret("spec.data.existingS3Secret", secret, config, found);
    }
    super::cluster::key("spec.data.kmsKeyArn", data.kms_key_arn.as_ref(), config, found);
    match &data.database.existing {
        Some(existing) => existing_database(existing, config, found),
        None => database(config, found),
    }
    let kubeflow = &config.spec.kubeflow;
    if kubeflow.variant != "rds-s3" {
        let message = format!("the variant `{}` is not installed by this version", kubeflow.variant);
        found.add("spec.kubeflow.variant", message, "variant: rds-s3");
    }
    let email = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+";
    found.pattern("spec.kubeflow.admin.email", &kubeflow.admin.email, email, "an address such as user@example.com");
}

/// Source: S3 user guide, bucket naming rules. Dots are allowed there, but TLS and virtual-hosted addresses don't go
/// together with them.
pub(super) fn bucket(path: &str, name: &str, found: &mut Found) {
    let reserved = ["xn--", "sthree-", "amzn-s3-demo-"];
    let suffixes = ["-s3alias", "--ol-s3", "--x-s3", "--table-s3", ".mrap"];
    if name.contains('.') {
        found.add(path, format!("`{name}` has a dot"), "no dots: TLS to the bucket would fail");
    } else if !matches("[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name) {
        let hint = "3 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit";
        found.add(path, format!("`{name}` is not possible as a bucket name"), hint);
    } else if reserved.iter().any(|p| name.starts_with(p)) || suffixes.iter().any(|s| name.ends_with(s)) {
        found.add(path, format!("`{name}` begins or ends with what S3 reserves"), "choose another name");
    }
}

/// Source: Secrets Manager API reference, CreateSecret.
fn secret(path: &str, secret: &str, config: &Config, found: &mut Found) {
    let region = config.spec.region;
    let arn = format!(r"arn:{}:secretsmanager:{region}:[0-9]{{12}}:secret:[A-Za-z0-9_/+=.@-]+", Region::PARTITION);
    let hint = format!("a name, or an ARN that begins with arn:{}:secretsmanager:{region}:", Region::PARTITION);
    found.pattern(path, secret, &format!(r"[A-Za-z0-9_/+=.@-]{{1,512}}|{arn}"), &hint);
}

fn existing_database(existing: &ExistingDatabase, config: &Config, found: &mut Found) {
    let path = "spec.data.database.existing";
    secret(&format!("{path}.secret"), &existing.secret, config, found);
    let named = [("instance", &existing.instance), ("cluster", &existing.cluster), ("host", &existing.host)];
    let given: Vec<&str> = named.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect();
    if given.len() != 1 {
        let seen = if given.is_empty() { "names no database".into() } else { format!("has {}", given.join(" and ")) };
        found.add(path, seen, "one of: instance, cluster, host");
    }
    for (name, value) in &named[..2] {
        if let Some(value) = value {
            let hint = "the identifier in RDS, such as team-mysql";
            found.pattern(&format!("{path}.{name}"), value, "[a-zA-Z][a-zA-Z0-9-]{0,62}", hint);
        }
    }
    if let Some(host) = &existing.host {
        found.pattern(&format!("{path}.host"), host, r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}", "a host name or an address");
    }
    if let Some(port) = existing.port {
        found.range(&format!("{path}.port"), port, 1, 65535, "");
        if existing.host.is_none() {
            found.add(&format!("{path}.port"), "RDS says the port itself".into(), "give it with `host` only");
        }
    }
}

/// Source: RDS user guide, storage and autoscaling of MySQL.
fn database(config: &Config, found: &mut Found) {
    let database = &config.spec.data.database;
    let path = |field: &str| format!("spec.data.database.{field}");
    let class = r"db\.[a-z][a-z0-9-]*\.[a-z0-9-]+";
    found.pattern(&path("instanceClass"), &database.instance_class, class, "a class such as db.m5.large");
    found.range(&path("storageGib"), database.storage_gib, 20, 65536, " GiB");
    found.range(&path("maxStorageGib"), database.max_storage_gib, 20, 65536, " GiB");
    // RDS asks for a tenth more at least.
    if u64::from(database.max_storage_gib) * 10 < u64::from(database.storage_gib) * 11 {
        let message = format!("{} leaves no room above storageGib {}", database.max_storage_gib, database.storage_gib);
        found.add(&path("maxStorageGib"), message, "at least a tenth more than storageGib");
    }
    found.range(&path("backupRetentionDays"), database.backup_retention_days, 1, 35, " days");
    if !matches(r"8\.0(\.[0-9]+)?", &database.engine_version) {
        let hint =
            "\"8.0\" or a full version such as 8.0.43: ML Metadata 1.5.0 can't log in to MySQL 8.4 as it is delivered";
        found.add(&path("engineVersion"), format!("MySQL `{}` is not possible here", database.engine_version), hint);
    }
}
