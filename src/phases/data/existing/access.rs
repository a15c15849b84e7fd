//! The one thing that is put on a database of others: a rule that lets the cluster in. Its description says whose it is, and it goes
//! with the cluster.

use std::sync::Arc;

use async_trait::async_trait;

use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Error, ErrorClass, Result};
use crate::phases::data::door::Door;
use crate::phases::site::{Site, absent_or, node_security_groups};

/// The rule, in the first security group of the database.
pub(in crate::phases::data) struct ExistingAccess {
    pub(in crate::phases::data) site: Arc<Site>,
}

impl ExistingAccess {
    /// What marks the rule as ours.
    fn mark(&self) -> String {
        format!("kfctl-cn {}", self.site.name)
    }

    fn door<'a>(&'a self, group: &'a str, port: Option<u16>, sources: Vec<&'a str>, mark: &'a str) -> Door<'a> {
        Door { site: &self.site, group, port, sources, description: mark, shared: true }
    }
}

/// The group that the rule is in.
fn group(cx: &Context) -> Option<&str> {
    cx.output("data/database", "security_groups").and_then(|all| all.split(',').next())
}

#[async_trait]
impl Resource for ExistingAccess {
    fn addr(&self) -> Addr {
        "data/db-access".into()
    }

    fn title(&self) -> String {
        format!("Rule `{}` in the existing database's security group", self.mark())
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["data/database".into(), "cluster/eks".into()]
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(group) = group(cx) else { return Ok(Observed::Absent) };
        let port = cx.output("data/database", "port").and_then(|p| p.parse().ok());
        Ok(absent_or(self.door(group, port, node_security_groups(cx), &self.mark()).read().await?))
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let group = group(cx).ok_or_else(|| {
            Error::new(
                ErrorClass::Permanent,
                "the database has no security group of a VPC, so that nobody can be let in",
            )
        })?;
        cx.require("cluster/eks", "security_group_id")?;
        let port = cx.require("data/database", "port")?.parse().ok();
        self.door(group, port, node_security_groups(cx), &self.mark()).open().await
    }

    async fn delete(&self, _: &Context, live: &Live) -> Result<()> {
        let Some(group) = live.outputs.get("group") else { return Ok(()) };
        self.door(group, None, Vec::new(), &self.mark()).close().await
    }
}
