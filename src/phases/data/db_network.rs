//! The database's security group. Who may come in is `data/db-access`.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType, SecurityGroup};

use crate::aws::{Call, ec2_once, tags};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, astray, by_tag, live, one, outputs, retag, specification};

/// The database's security group.
pub(super) struct DbSecurityGroup {
    pub(super) site: Arc<Site>,
}

impl DbSecurityGroup {
    fn name(&self) -> String {
        self.site.named("db")
    }

    async fn find(&self) -> Result<Option<SecurityGroup>> {
        let call = self.site.aws.ec2.describe_security_groups().set_filters(Some(by_tag(&self.site, &self.addr())));
        let found = call.send().await.call("ec2:DescribeSecurityGroups")?.security_groups.unwrap_or_default();
        one(&self.addr(), found, |g| g.group_id())
    }
}

#[async_trait]
impl Resource for DbSecurityGroup {
    fn addr(&self) -> Addr {
        "data/db-security-group".into()
    }

    fn title(&self) -> String {
        format!("Security group {}", self.name())
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["cluster/vpc".into()]
    }

    fn kept(&self) -> Option<&'static str> {
        Some("the database, which is kept, is behind it")
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(group) = self.find().await? else { return Ok(Observed::Absent) };
        let tags = tags::from_ec2(group.tags());
        let mut diff = Diff::default();
        if let Some(vpc) = cx.output("cluster/vpc", "vpc_id") {
            let (why, instead) = (
                "the database is in it",
                "restore a snapshot of it in the other VPC, as `spec.data.database.existing`",
            );
            diff.refuse("vpc", group.vpc_id().unwrap_or_default(), vpc, why, instead);
        }
        diff.tags(&tags, &self.site.tags(&self.addr(), &self.name()));
        let outputs = outputs([("id", group.group_id().unwrap_or_default())]);
        Ok(absent_or(Some(live(outputs, self.site.owner(&tags), diff, Readiness::Ready))))
    }

    async fn astray(&self, record: &Outputs) -> Result<Option<String>> {
        astray(&self.site, &self.addr(), record, "id").await
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let wanted = self.site.tags(&self.addr(), &self.name());
        if let Some(group) = self.find().await? {
            let id = group.group_id().unwrap_or_default();
            retag(&self.site, id, group.tags(), &wanted).await?;
            return Ok(outputs([("id", id)]));
        }
        let call = self.site.aws.ec2.create_security_group().group_name(self.name());
        // EC2 takes no apostrophe here, unlike RDS.
        let call = call.description("Database of Kubeflow").vpc_id(cx.require("cluster/vpc", "vpc_id")?);
        let call = call.tag_specifications(specification(ResourceType::SecurityGroup, &wanted));
        let create =
            async { call.customize().config_override(ec2_once()).send().await.call("ec2:CreateSecurityGroup") };
        let made = self.site.made.once(&self.addr(), create).await?;
        Ok(outputs([("id", made.group_id().unwrap_or_default())]))
    }

    async fn delete(&self, _: &Context, live: &Live) -> Result<()> {
        let id = live.outputs.get("id").cloned().unwrap_or_default();
        let call = self.site.aws.ec2.delete_security_group().group_id(id).send().await;
        call.unless("ec2:DeleteSecurityGroup", &["InvalidGroup.NotFound"])?;
        Ok(())
    }
}
