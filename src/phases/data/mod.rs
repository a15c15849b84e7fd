//! The phase `data`: bucket, database, and the secrets that hold the way to them.

mod admin;
mod bucket;
mod bucket_empty;
mod database;
mod database_update;
mod db_access;
mod db_group;
mod db_network;
mod db_parameters;
mod door;
mod existing;
mod password;
mod rds_secret;
mod s3_secret;
mod s3_user;
mod secrets_role;

use std::sync::Arc;

use crate::aws::{RDS_KEYS, S3_KEYS};
use crate::config;
use crate::engine::Resource;

use super::Deps;
use super::site::Site;
use existing::{ExistingAccess, ExistingBucket, ExistingDatabase, ExistingHost, ExistingSecret};

/// What is in the database.
const RECORDS: &str = "what the database holds";
/// What is in the bucket.
const ARTIFACTS: &str = "the artifacts of pipelines";
/// The database's port.
pub const DB_PORT: u16 = 3306;
/// The database's first schema; the applications make the others.
pub const DB_NAME: &str = "kubeflow";
/// The database's first user.
pub const DB_USER: &str = "admin";

/// The resources of the phase.
pub fn resources(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    let site = Site::new(&deps.config, &deps.aws, &deps.account);
    let mut all: Vec<Arc<dyn Resource>> = Vec::new();
    bucket(&site, deps, &mut all);
    match &deps.config.spec.data.database.existing {
        Some(existing) => existing_database(&site, existing, &mut all),
        None => database(&site, deps, &mut all),
    }
    all.push(Arc::new(admin::secret(&site, &deps.config.spec.kubeflow.admin.email)));
    all.push(Arc::new(secrets_role::role(&site)));
    all
}

/// The bucket and its keys, each made or there before.
fn bucket(site: &Arc<Site>, deps: &Deps, all: &mut Vec<Arc<dyn Resource>>) {
    let data = &deps.config.spec.data;
    let (site, name) = (site.clone(), deps.config.bucket(&deps.account));
    let existing = data.existing_bucket.is_some();
    match existing {
        true => all.push(Arc::new(ExistingBucket { site: site.clone(), name: name.clone() })),
        false => all.push(Arc::new(bucket::Bucket { site: site.clone(), name: name.clone() })),
    }
    if let Some(secret) = &data.existing_s3_secret {
        let name = secret.clone();
        all.push(Arc::new(ExistingSecret { site, addr: "data/s3-secret", name, keys: S3_KEYS }));
    } else {
        all.push(Arc::new(s3_user::S3User { site: site.clone(), bucket: name, existing }));
        all.push(Arc::new(s3_secret::S3Secret::new(&site)));
    }
}

fn database(site: &Arc<Site>, deps: &Deps, all: &mut Vec<Arc<dyn Resource>>) {
    let config = &deps.config.spec.data.database;
    let made: [Arc<dyn Resource>; 7] = [
        Arc::new(rds_secret::secret(site)),
        Arc::new(db_group::SubnetGroup { site: site.clone() }),
        Arc::new(db_network::DbSecurityGroup { site: site.clone() }),
        Arc::new(db_access::DbAccess { site: site.clone() }),
        Arc::new(db_parameters::Parameters { site: site.clone(), wanted: config.engine_version.clone() }),
        Arc::new(database::Database {
            site: site.clone(),
            config: config.clone(),
            final_snapshot: deps.final_snapshot,
        }),
        Arc::new(rds_secret::RdsSecretHost { site: site.clone() }),
    ];
    all.extend(made);
}

/// A database that was there before, its login, and the rule that lets the cluster in, where RDS knows its security group.
fn existing_database(site: &Arc<Site>, config: &config::ExistingDatabase, all: &mut Vec<Arc<dyn Resource>>) {
    let (site, secret) = (site.clone(), config.secret.clone());
    let name = secret.clone();
    all.push(Arc::new(ExistingSecret { site: site.clone(), addr: "data/rds-secret", name, keys: RDS_KEYS }));
    all.push(Arc::new(ExistingDatabase { site: site.clone(), config: config.clone() }));
    all.push(Arc::new(ExistingHost { site: site.clone(), secret }));
    if config.host.is_none() {
        all.push(Arc::new(ExistingAccess { site }));
    }
}
