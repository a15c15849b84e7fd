//! A MySQL database that was there before: an RDS instance, an Aurora cluster, or a host.

use std::sync::Arc;

use async_trait::async_trait;

use crate::aws::Call;
use crate::config::ExistingDatabase as Config;
use crate::engine::{Context, Holds, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Result};
use crate::phases::data::{DB_PORT, RECORDS};
use crate::phases::site::{Site, borrowed, join, outputs, use_only};

/// The database. It has the address of one of our own.
pub(in crate::phases::data) struct ExistingDatabase {
    pub(in crate::phases::data) site: Arc<Site>,
    pub(in crate::phases::data) config: Config,
}

/// What RDS says of it.
#[derive(Debug, Default)]
struct Seen {
    engine: String,
    version: String,
    status: String,
    host: String,
    port: i32,
    groups: Vec<String>,
    subnet_group: String,
}

impl ExistingDatabase {
    async fn see(&self) -> Result<Option<Seen>> {
        let rds = &self.site.aws.rds;
        if let Some(id) = &self.config.instance {
            let call = rds.describe_db_instances().db_instance_identifier(id).send().await;
            let found = call.unless("rds:DescribeDBInstances", &["DBInstanceNotFound", "DBInstanceNotFoundFault"])?;
            let found = found.and_then(|f| f.db_instances.unwrap_or_default().into_iter().next());
            return Ok(found.map(|db| Seen {
                engine: db.engine().unwrap_or_default().into(),
                version: db.engine_version().unwrap_or_default().into(),
                status: db.db_instance_status().unwrap_or_default().into(),
                host: db.endpoint().and_then(|e| e.address()).unwrap_or_default().into(),
                port: db.endpoint().and_then(|e| e.port()).unwrap_or_default(),
                groups: groups(db.vpc_security_groups()),
                subnet_group: db.db_subnet_group().and_then(|g| g.db_subnet_group_name()).unwrap_or_default().into(),
            }));
        }
        let Some(id) = &self.config.cluster else { return Ok(None) };
        let call = rds.describe_db_clusters().db_cluster_identifier(id).send().await;
        let found = call.unless("rds:DescribeDBClusters", &["DBClusterNotFoundFault", "DBClusterNotFound"])?;
        let found = found.and_then(|f| f.db_clusters.unwrap_or_default().into_iter().next());
        Ok(found.map(|db| Seen {
            engine: db.engine().unwrap_or_default().into(),
            version: db.engine_version().unwrap_or_default().into(),
            status: db.status().unwrap_or_default().into(),
            // The writer's.
            host: db.endpoint().unwrap_or_default().into(),
            port: db.port().unwrap_or_default(),
            groups: groups(db.vpc_security_groups()),
            subnet_group: db.db_subnet_group().unwrap_or_default().into(),
        }))
    }

    /// The VPC of a subnet group; empty if it can't be seen.
    async fn vpc(&self, group: &str) -> Result<String> {
        let call = self.site.aws.rds.describe_db_subnet_groups().db_subnet_group_name(group).send().await;
        let found =
            call.unless("rds:DescribeDBSubnetGroups", &["DBSubnetGroupNotFoundFault", "DBSubnetGroupNotFound"])?;
        let found = found.and_then(|f| f.db_subnet_groups.unwrap_or_default().into_iter().next());
        Ok(found.and_then(|g| g.vpc_id).unwrap_or_default())
    }

    fn name(&self) -> &str {
        let Config { instance, cluster, host, .. } = &self.config;
        instance.as_ref().or(cluster.as_ref()).or(host.as_ref()).map_or("", String::as_str)
    }

    async fn judged(&self, cx: &Context, seen: &Seen) -> Result<Vec<String>> {
        let (name, mut wrong) = (self.name(), Vec::new());
        if !["mysql", "aurora-mysql"].contains(&seen.engine.as_str()) {
            wrong.push(format!("{name} is {}: it must be MySQL", seen.engine));
        } else if !(seen.version.starts_with("8.0.") || seen.version == "8.0") {
            // google/ml-metadata#178
            let why = "ML Metadata 1.5.0 can't log in to 8.4 as it is delivered";
            wrong.push(format!("{name} is MySQL {}: it must be 8.0, since {why}", seen.version));
        }
        if ["failed", "deleting", "stopped", "inaccessible-encryption-credentials"].contains(&seen.status.as_str()) {
            wrong.push(format!("{name} is {}", seen.status));
        } else if seen.host.is_empty() {
            wrong.push(format!("{name} has no endpoint yet"));
        }
        let (theirs, ours) =
            (self.vpc(&seen.subnet_group).await?, cx.output("cluster/vpc", "vpc_id").unwrap_or_default());
        if !theirs.is_empty() && theirs != ours {
            let ours = if ours.is_empty() { "a new one" } else { ours };
            wrong.push(format!(
                "{name} is in {theirs}, the cluster in {ours}: set `spec.network.existing.vpcId` to {theirs}, or, if the two are \
                 connected, name the database by `host`"
            ));
        }
        Ok(wrong)
    }
}

fn groups(all: &[aws_sdk_rds::types::VpcSecurityGroupMembership]) -> Vec<String> {
    all.iter().filter_map(|g| g.vpc_security_group_id().map(str::to_owned)).collect()
}

#[async_trait]
impl Resource for ExistingDatabase {
    fn addr(&self) -> Addr {
        "data/database".into()
    }

    fn title(&self) -> String {
        format!("Existing MySQL {}", self.name())
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["cluster/vpc".into()]
    }

    fn holds(&self) -> Option<Holds> {
        Some(Holds { output: "id", name: self.name().to_owned(), what: RECORDS })
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        if let Some(host) = &self.config.host {
            let port = self.config.port.unwrap_or(DB_PORT.into()).to_string();
            return Ok(borrowed(outputs([("id", self.name()), ("host", host.as_str()), ("port", &port)]), Vec::new()));
        }
        let Some(seen) = self.see().await? else {
            let why = format!("there is no database {} in {}", self.name(), self.site.region);
            return Ok(borrowed(Outputs::new(), vec![why]));
        };
        let wrong = self.judged(cx, &seen).await?;
        let outputs = outputs([
            ("id", self.name()),
            ("host", seen.host.as_str()),
            ("port", &seen.port.to_string()),
            ("engine_version", &seen.version),
            ("security_groups", &join(&seen.groups)),
        ]);
        Ok(borrowed(outputs, wrong))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        Err(use_only(&self.addr()))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        Err(use_only(&self.addr()))
    }
}
