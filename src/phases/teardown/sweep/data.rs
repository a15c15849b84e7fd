//! RDS, S3 and Secrets Manager.

use crate::aws::{Call, tags};
use crate::model::Result;
use crate::phases::site::Site;

use super::{Answers, Remnant, ours};

const SNAPSHOT: &str =
    "the last snapshot of a database that was removed: a mistake is mended with it; its storage is paid for";
const BACKUPS: &str = "RDS keeps the automated backups of a removed database for its retention period";

pub(super) async fn all(site: &Site, bucket: &str) -> Answers {
    vec![
        ("RDS databases", databases(site).await),
        ("RDS subnet and parameter groups", groups(site).await),
        ("RDS snapshots", snapshots(site).await),
        ("RDS automated backups", backups(site).await),
        ("S3", bucket_of(site, bucket).await),
        ("Secrets Manager", secrets(site).await),
    ]
}

async fn databases(site: &Site) -> Result<Vec<Remnant>> {
    let (mut pages, mut all) = (site.aws.rds.describe_db_instances().into_paginator().send(), Vec::new());
    while let Some(page) = pages.next().await {
        for db in page.call("rds:DescribeDBInstances")?.db_instances() {
            let tags = tags::from_rds(db.tag_list());
            if ours(site, &tags) {
                all.push(Remnant::new("RDS database", db.db_instance_identifier().unwrap_or_default(), &tags));
            }
        }
    }
    Ok(all)
}

async fn groups(site: &Site) -> Result<Vec<Remnant>> {
    let prefix = format!("{}-", site.name);
    let mut named: Vec<(&str, String, String)> = Vec::new();
    let mut pages = site.aws.rds.describe_db_subnet_groups().into_paginator().send();
    while let Some(page) = pages.next().await {
        for group in page.call("rds:DescribeDBSubnetGroups")?.db_subnet_groups() {
            let text = |field: Option<&str>| field.unwrap_or_default().to_owned();
            named.push(("RDS subnet group", text(group.db_subnet_group_name()), text(group.db_subnet_group_arn())));
        }
    }
    let mut pages = site.aws.rds.describe_db_parameter_groups().into_paginator().send();
    while let Some(page) = pages.next().await {
        for group in page.call("rds:DescribeDBParameterGroups")?.db_parameter_groups() {
            let text = |field: Option<&str>| field.unwrap_or_default().to_owned();
            let (name, arn) = (text(group.db_parameter_group_name()), text(group.db_parameter_group_arn()));
            named.push(("RDS parameter group", name, arn));
        }
    }
    let mut all = Vec::new();
    for (kind, name, arn) in named.into_iter().filter(|(_, name, _)| name.starts_with(&prefix)) {
        let tags = site.aws.rds.list_tags_for_resource().resource_name(&arn).send().await;
        let gone = ["DBSubnetGroupNotFoundFault", "DBParameterGroupNotFound", "DBParameterGroupNotFoundFault"];
        let Some(tags) = tags.unless("rds:ListTagsForResource", &gone)? else { continue };
        let tags = tags::from_rds(tags.tag_list());
        if ours(site, &tags) {
            all.push(Remnant::new(kind, &name, &tags));
        }
    }
    Ok(all)
}

async fn snapshots(site: &Site) -> Result<Vec<Remnant>> {
    let manual = site.aws.rds.describe_db_snapshots().snapshot_type("manual");
    let (mut pages, mut all) = (manual.into_paginator().send(), Vec::new());
    while let Some(page) = pages.next().await {
        for snapshot in page.call("rds:DescribeDBSnapshots")?.db_snapshots() {
            let tags = tags::from_rds(snapshot.tag_list());
            if ours(site, &tags) {
                let id = snapshot.db_snapshot_identifier().unwrap_or_default();
                all.push(Remnant::new("RDS snapshot", id, &tags).because(SNAPSHOT));
            }
        }
    }
    Ok(all)
}

/// Of a database that is gone; those of one that is kept are its own.
async fn backups(site: &Site) -> Result<Vec<Remnant>> {
    let id = site.named("db");
    let call = site.aws.rds.describe_db_instance_automated_backups().db_instance_identifier(&id).send().await;
    let none = ["DBInstanceAutomatedBackupNotFound", "DBInstanceNotFound", "DBInstanceNotFoundFault"];
    let found = call.unless("rds:DescribeDBInstanceAutomatedBackups", &none)?;
    let found = found.and_then(|f| f.db_instance_automated_backups).unwrap_or_default();
    let retained = found.iter().filter(|backup| backup.status() == Some("retained"));
    Ok(retained
        .map(|b| Remnant::new("RDS automated backups", b.db_instance_identifier().unwrap_or(&id), &Default::default()))
        .map(|remnant| remnant.because(BACKUPS))
        .collect())
}

async fn bucket_of(site: &Site, bucket: &str) -> Result<Vec<Remnant>> {
    let tags = site.aws.s3.get_bucket_tagging().bucket(bucket).expected_bucket_owner(&site.account).send().await;
    let tags = tags.unless("s3:GetBucketTagging", &["NoSuchBucket", "NoSuchTagSet", "AccessDenied"])?;
    let tags = tags.map(|t| tags::from_s3(t.tag_set())).unwrap_or_default();
    Ok(if ours(site, &tags) { vec![Remnant::new("S3 bucket", bucket, &tags)] } else { Vec::new() })
}

/// Those that are scheduled for deletion aren't listed: `up` can take them back for 7 days, and nothing is paid for them.
async fn secrets(site: &Site) -> Result<Vec<Remnant>> {
    let (mut pages, mut all) = (site.aws.secrets.list_secrets().into_paginator().send(), Vec::new());
    while let Some(page) = pages.next().await {
        for secret in page.call("secretsmanager:ListSecrets")?.secret_list() {
            let tags = tags::from_secrets(secret.tags());
            if ours(site, &tags) && secret.deleted_date().is_none() {
                all.push(Remnant::new("secret", secret.name().unwrap_or_default(), &tags));
            }
        }
    }
    Ok(all)
}
