//! The subnets that the database may be in: the private ones of all zones.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_rds::types::DbSubnetGroup;

use crate::aws::Call;
use crate::aws::tags::{self, Tags};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, join, live, not_ours, not_visible, outputs};

/// The database's subnet group.
pub(super) struct SubnetGroup {
    pub(super) site: Arc<Site>,
}

impl SubnetGroup {
    fn name(&self) -> String {
        self.site.named("db")
    }

    fn tags(&self) -> Tags {
        self.site.tags(&self.addr(), &self.name())
    }

    async fn see(&self) -> Result<Option<(DbSubnetGroup, Tags)>> {
        let rds = &self.site.aws.rds;
        let call = rds.describe_db_subnet_groups().db_subnet_group_name(self.name()).send().await;
        let found =
            call.unless("rds:DescribeDBSubnetGroups", &["DBSubnetGroupNotFoundFault", "DBSubnetGroupNotFound"])?;
        let Some(group) = found.and_then(|f| f.db_subnet_groups.unwrap_or_default().into_iter().next()) else {
            return Ok(None);
        };
        let arn = group.db_subnet_group_arn().unwrap_or_default();
        Ok(Some((group.clone(), super::database::tags_of(&self.site, arn).await?)))
    }
}

#[async_trait]
impl Resource for SubnetGroup {
    fn addr(&self) -> Addr {
        "data/db-subnet-group".into()
    }

    fn title(&self) -> String {
        format!("Subnet group {}", self.name())
    }

    fn needs(&self) -> Vec<Addr> {
        self.site.subnet_needs()
    }

    fn kept(&self) -> Option<&'static str> {
        Some("the database, which is kept, is in it")
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some((group, tags)) = self.see().await? else { return Ok(Observed::Absent) };
        let mut diff = Diff::default();
        let seen = group.subnets().iter().filter_map(|s| s.subnet_identifier());
        diff.update("subnets", join(seen), join(self.site.known_private_subnets(cx)));
        diff.tags(&tags, &self.tags());
        let outputs = outputs([("name", self.name().as_str())]);
        Ok(absent_or(Some(live(outputs, self.site.owner(&tags), diff, Readiness::Ready))))
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let (rds, name) = (&self.site.aws.rds, self.name());
        let subnets = self.site.private_subnets(cx)?;
        match self.see().await? {
            None => {
                let call = rds.create_db_subnet_group().db_subnet_group_name(&name);
                let call = call.db_subnet_group_description("Kubeflow's database").set_subnet_ids(Some(subnets));
                let call = call.set_tags(Some(tags::rds(&self.tags()))).send().await;
                call.unless("rds:CreateDBSubnetGroup", &["DBSubnetGroupAlreadyExists"])?
                    .ok_or_else(|| not_visible(&self.addr()))?;
            }
            Some((group, live)) => {
                not_ours(&self.addr(), &format!("the subnet group {name}"), &self.site.owner(&live))?;
                if join(group.subnets().iter().filter_map(|s| s.subnet_identifier())) != join(&subnets) {
                    let call = rds.modify_db_subnet_group().db_subnet_group_name(&name);
                    call.set_subnet_ids(Some(subnets)).send().await.call("rds:ModifyDBSubnetGroup")?;
                }
                let arn = group.db_subnet_group_arn().unwrap_or_default();
                super::database::retag(&self.site, arn, &live, &self.tags()).await?;
            }
        }
        Ok(outputs([("name", name.as_str())]))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        let call = self.site.aws.rds.delete_db_subnet_group().db_subnet_group_name(self.name()).send().await;
        call.unless("rds:DeleteDBSubnetGroup", &["DBSubnetGroupNotFoundFault", "DBSubnetGroupNotFound"])?;
        Ok(())
    }
}
