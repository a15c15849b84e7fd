//! The database: MySQL on RDS, private, encrypted, protected from deletion.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_rds::types::DbInstance;

use crate::aws::Call;
use crate::aws::mysql::newest;
use crate::aws::tags::{self, Tags};
use crate::config;
use crate::engine::{Context, Holds, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Error, ErrorClass, Readiness, Result, Secret};
use crate::phases::site::{Site, absent_or, live, not_ours, outputs, until};

use super::{DB_NAME, DB_PORT, DB_USER, rds_secret};

/// The tag that says which secret the password is of. A secret that is made anew has another ARN: the password is set again then.
pub(super) const SECRET_TAG: &str = "kfctl-cn/secret";

/// The database.
pub(super) struct Database {
    pub(super) site: Arc<Site>,
    pub(super) config: config::Database,
    /// Whether its removal leaves a last snapshot.
    pub(super) final_snapshot: bool,
}

impl Database {
    /// Its identifier.
    pub(super) fn id(&self) -> String {
        self.site.named("db")
    }

    /// Our tags, without the one of the secret.
    pub(super) fn tags(&self) -> Tags {
        self.site.tags(&self.addr(), &self.id())
    }

    pub(super) fn tags_with(&self, secret: &str) -> Tags {
        let mut tags = self.tags();
        tags.insert(SECRET_TAG.into(), secret.into());
        tags
    }

    pub(super) async fn find(&self) -> Result<Option<DbInstance>> {
        let call = self.site.aws.rds.describe_db_instances().db_instance_identifier(self.id()).send().await;
        let found = call.unless("rds:DescribeDBInstances", &["DBInstanceNotFound", "DBInstanceNotFoundFault"])?;
        Ok(found.and_then(|f| f.db_instances.unwrap_or_default().into_iter().next()))
    }

    /// The password, from the secret.
    pub(super) async fn password(&self) -> Result<Secret> {
        let store = rds_secret::store(&self.site, "data/rds-secret");
        let password = store.fields().await?.remove("password").filter(|p| !p.expose().is_empty());
        password.ok_or_else(|| rds_secret::missing(&store.name()))
    }

    async fn create(&self, cx: &Context) -> Result<()> {
        let config = &self.config;
        let version = newest(&self.site.aws, &config.engine_version).await?.version;
        let password = self.password().await?;
        let secret = cx.require("data/rds-secret", "arn")?;
        let call = self.site.aws.rds.create_db_instance().db_instance_identifier(self.id());
        let call = call.engine("mysql").engine_version(version).db_name(DB_NAME).port(i32::from(DB_PORT));
        let call = call.master_username(DB_USER).master_user_password(password.expose());
        let call = call.db_instance_class(&config.instance_class).multi_az(config.multi_az);
        let call = call.storage_type("gp3").allocated_storage(config.storage_gib as i32).storage_encrypted(true);
        let call = call.set_kms_key_id(self.site.data_key.clone());
        let call = call.max_allocated_storage(config.max_storage_gib as i32).publicly_accessible(false);
        let call = call.db_subnet_group_name(cx.require("data/db-subnet-group", "name")?);
        // Exactly one group: RDS takes at most five, and the guide's script attaches all of the cluster's.
        let call = call.vpc_security_group_ids(cx.require("data/db-security-group", "id")?);
        let call = call.db_parameter_group_name(cx.require("data/db-parameters", "name")?);
        let call = call.backup_retention_period(config.backup_retention_days as i32).deletion_protection(true);
        let call = call.copy_tags_to_snapshot(true).auto_minor_version_upgrade(true);
        let call = call.set_tags(Some(tags::rds(&self.tags_with(secret)))).send().await;
        call.unless("rds:CreateDBInstance", &["DBInstanceAlreadyExists", "DBInstanceAlreadyExistsFault"])?;
        Ok(())
    }
}

/// The tags of something in RDS.
pub(super) async fn tags_of(site: &Site, arn: &str) -> Result<Tags> {
    let answer = site.aws.rds.list_tags_for_resource().resource_name(arn).send().await;
    Ok(tags::from_rds(answer.call("rds:ListTagsForResource")?.tag_list()))
}

/// Puts tags on something in RDS, if any is missing.
pub(super) async fn retag(site: &Site, arn: &str, live: &Tags, wanted: &Tags) -> Result<()> {
    if wanted.iter().any(|(k, v)| live.get(k) != Some(v)) {
        let call = site.aws.rds.add_tags_to_resource().resource_name(arn).set_tags(Some(tags::rds(wanted)));
        call.send().await.call("rds:AddTagsToResource")?;
    }
    Ok(())
}

fn of(db: &DbInstance) -> Outputs {
    let endpoint = db.endpoint();
    let port = endpoint.and_then(|e| e.port()).map(|p| p.to_string()).unwrap_or_default();
    outputs([
        ("id", db.db_instance_identifier().unwrap_or_default()),
        // Read, never built: RDS hosts have more than one form.
        ("host", endpoint.and_then(|e| e.address()).unwrap_or_default()),
        ("port", &port),
        ("engine_version", db.engine_version().unwrap_or_default()),
    ])
}

fn ready(db: &DbInstance) -> Readiness {
    let hopeless = [
        "failed",
        "incompatible-network",
        "incompatible-parameters",
        "inaccessible-encryption-credentials",
        "storage-full",
    ];
    match db.db_instance_status().unwrap_or("creating") {
        // What works, while RDS does something in the background.
        "available" | "storage-optimization" | "storage-config-upgrade" if db.endpoint().is_some() => Readiness::Ready,
        status if hopeless.contains(&status) => {
            Readiness::Failed(format!("the database is {status}: see its events in the RDS console"))
        }
        status => Readiness::Waiting(format!("the database is {status}")),
    }
}

#[async_trait]
impl Resource for Database {
    fn addr(&self) -> Addr {
        "data/database".into()
    }

    fn title(&self) -> String {
        let zones = if self.config.multi_az { "two zones" } else { "one zone" };
        format!("RDS MySQL {} on {}, {zones}", self.config.engine_version, self.config.instance_class)
    }

    fn needs(&self) -> Vec<Addr> {
        ["data/rds-secret", "data/db-subnet-group", "data/db-security-group", "data/db-parameters"]
            .map(Addr::new)
            .into()
    }

    fn typical(&self) -> Duration {
        Duration::from_secs(if self.config.multi_az { 900 } else { 480 })
    }

    fn deadline(&self) -> Duration {
        // The guide's script gives up after 15 minutes, which a standby often exceeds (awslabs/kubeflow-manifests#297).
        Duration::from_secs(3600)
    }

    fn holds(&self) -> Option<Holds> {
        Some(Holds { output: "id", name: self.id(), what: super::RECORDS })
    }

    fn kept(&self) -> Option<&'static str> {
        Some("it holds the metadata of pipelines and experiments")
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(db) = self.find().await? else { return Ok(Observed::Absent) };
        let owner = self.site.owner(&tags::from_rds(db.tag_list()));
        Ok(absent_or(Some(live(of(&db), owner, self.diff(cx, &db), ready(&db)))))
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let usable = until(cx, "the old database is being deleted", Duration::from_secs(1800), || async {
            let found = self.find().await?;
            let leaving = found.as_ref().is_some_and(|d| d.db_instance_status() == Some("deleting"));
            Ok((!leaving).then_some(found))
        });
        match usable.await? {
            None => self.create(cx).await?,
            Some(db) => {
                not_ours(&self.addr(), "the database", &self.site.owner(&tags::from_rds(db.tag_list())))?;
                self.update(cx, &db).await?;
            }
        }
        Ok(self.find().await?.as_ref().map(of).unwrap_or_default())
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        let Some(db) = self.find().await? else { return Ok(()) };
        let (rds, id) = (&self.site.aws.rds, self.id());
        match db.db_instance_status() {
            Some("deleting") => return Ok(()),
            Some("creating") => {
                return Err(Error::new(
                    ErrorClass::Transient,
                    "the database is still being made: it can be deleted after that",
                ));
            }
            _ => {}
        }
        if db.deletion_protection() == Some(true) {
            let call = rds.modify_db_instance().db_instance_identifier(&id).deletion_protection(false);
            call.apply_immediately(true).send().await.call("rds:ModifyDBInstance")?;
        }
        // A last snapshot is what a mistake is mended with.
        let snapshot = self.final_snapshot.then(|| format!("{id}-final-{}", jiff::Timestamp::now().as_second()));
        let call = rds.delete_db_instance().db_instance_identifier(&id).skip_final_snapshot(snapshot.is_none());
        let call = call.set_final_db_snapshot_identifier(snapshot).delete_automated_backups(!self.final_snapshot);
        let call = call.send().await;
        call.unless("rds:DeleteDBInstance", &["DBInstanceNotFound", "DBInstanceNotFoundFault"])?;
        Ok(())
    }
}
