//! Names that must be free, or ours. The plan looks at every name again; these three are worth saying early.

use std::sync::Arc;

use crate::aws::tags::{self, DEPLOYMENT_TAG, Tags};
use crate::aws::{Call, Clients};
use crate::checks::look::{fail, look, pass};
use crate::checks::{Checker, Verdict};
use crate::config::Config;
use crate::model::Result;

const CATEGORY: &str = "names";

pub(super) fn checkers(config: &Arc<Config>, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    vec![cluster(config, clients.clone()), database(config, clients.clone()), bucket(config, clients.clone())]
}

/// Free, or ours by its tag.
fn judge(deployment: &str, tags: Option<&Tags>) -> Result<Verdict> {
    match tags {
        None => pass("free"),
        Some(tags) if tags.get(DEPLOYMENT_TAG).is_some_and(|name| name == deployment) => pass("ours"),
        Some(_) => fail("it exists and isn't ours", "choose another `metadata.name`, or remove what is there"),
    }
}

fn cluster(config: &Config, aws: Clients) -> Arc<dyn Checker> {
    let name = config.name().to_owned();
    look(CATEGORY, format!("the cluster name {name} is free or ours"), move || {
        let (aws, name) = (aws.clone(), name.clone());
        async move {
            let call = aws.eks.describe_cluster().name(&name).send().await;
            let found = call.unless("eks:DescribeCluster", &["ResourceNotFoundException"])?.and_then(|f| f.cluster);
            judge(&name, found.map(|c| tags::from_map(c.tags())).as_ref())
        }
    })
}

fn database(config: &Config, aws: Clients) -> Arc<dyn Checker> {
    let name = config.name().to_owned();
    look(CATEGORY, format!("the database name {name}-db is free or ours"), move || {
        let (aws, name) = (aws.clone(), name.clone());
        async move {
            let call = aws.rds.describe_db_instances().db_instance_identifier(format!("{name}-db")).send().await;
            let found = call.unless("rds:DescribeDBInstances", &["DBInstanceNotFound", "DBInstanceNotFoundFault"])?;
            let found = found.and_then(|f| f.db_instances.unwrap_or_default().into_iter().next());
            judge(&name, found.map(|d| tags::from_rds(d.tag_list())).as_ref())
        }
    })
}

/// Bucket names are shared by all accounts of the partition.
fn bucket(config: &Arc<Config>, aws: Clients) -> Arc<dyn Checker> {
    let config = config.clone();
    look(CATEGORY, "the bucket name is free or in this account", move || {
        let (aws, config) = (aws.clone(), config.clone());
        async move {
            let account = aws.identity().await?.account;
            let name = config.bucket(&account);
            let head = aws.s3.head_bucket().bucket(&name).expected_bucket_owner(&account).send().await;
            let status = head.as_ref().err().and_then(|e| e.raw_response()).map(|r| r.status().as_u16());
            match status {
                Some(404) => pass(format!("{name} is free")),
                Some(301 | 403) => fail(
                    format!("{name} is taken by another account or is in another region"),
                    "set `spec.data.bucket` to a name that is free",
                ),
                _ => head.call("s3:ListBucket").and_then(|_| pass(format!("{name} is in this account"))),
            }
        }
    })
}
