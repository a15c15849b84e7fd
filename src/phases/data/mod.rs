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
mod password;
mod rds_secret;
mod s3_secret;
mod s3_user;
mod secrets_role;

use std::sync::Arc;

use crate::engine::Resource;

use super::Deps;
use super::site::Site;

/// The database's port.
pub const DB_PORT: u16 = 3306;
/// The database's first schema; the applications make the others.
pub const DB_NAME: &str = "kubeflow";
/// The database's first user.
pub const DB_USER: &str = "admin";

/// The resources of the phase.
pub fn resources(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    let site = Site::new(&deps.config, &deps.aws, &deps.account);
    let config = &deps.config.spec.data.database;
    let bucket = deps.config.bucket(&deps.account);
    vec![
        Arc::new(bucket::Bucket { site: site.clone(), name: bucket.clone() }),
        Arc::new(s3_user::S3User { site: site.clone(), bucket }),
        Arc::new(s3_secret::S3Secret::new(&site)),
        Arc::new(rds_secret::secret(&site)),
        Arc::new(db_group::SubnetGroup { site: site.clone() }),
        Arc::new(db_network::DbSecurityGroup { site: site.clone() }),
        Arc::new(db_access::DbAccess { site: site.clone() }),
        Arc::new(db_parameters::Parameters { site: site.clone(), wanted: config.engine_version.clone() }),
        Arc::new(database::Database { site: site.clone(), config: config.clone() }),
        Arc::new(rds_secret::RdsSecretHost { site: site.clone() }),
        Arc::new(admin::secret(&site, &deps.config.spec.kubeflow.admin.email)),
        Arc::new(secrets_role::role(&site)),
    ]
}
