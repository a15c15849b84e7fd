//! Who may reach the database: the security groups that nodes and pods carry (the cluster's), on the database's port; nobody else. A
//! resource of its own, because it goes with the cluster while the database stays.

use std::sync::Arc;

use async_trait::async_trait;

use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Result};
use crate::phases::site::{Site, absent_or, node_security_groups};

use super::DB_PORT;
use super::door::Door;

/// The rule of the database's security group.
pub(super) struct DbAccess {
    pub(super) site: Arc<Site>,
}

impl DbAccess {
    fn door<'a>(&'a self, group: &'a str, sources: Vec<&'a str>) -> Door<'a> {
        Door { site: &self.site, group, port: Some(DB_PORT), sources, description: "The cluster", shared: false }
    }
}

#[async_trait]
impl Resource for DbAccess {
    fn addr(&self) -> Addr {
        "data/db-access".into()
    }

    fn title(&self) -> String {
        format!("Access from the cluster to the database, port {DB_PORT}")
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["data/db-security-group".into(), "cluster/eks".into()]
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(group) = cx.output("data/db-security-group", "id") else { return Ok(Observed::Absent) };
        Ok(absent_or(self.door(group, node_security_groups(cx)).read().await?))
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let group = cx.require("data/db-security-group", "id")?;
        cx.require("cluster/eks", "security_group_id")?;
        self.door(group, node_security_groups(cx)).open().await
    }

    async fn delete(&self, _: &Context, live: &Live) -> Result<()> {
        let Some(group) = live.outputs.get("group") else { return Ok(()) };
        self.door(group, Vec::new()).close().await
    }
}
