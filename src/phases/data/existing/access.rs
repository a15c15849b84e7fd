//! The one thing that is put on a database of others: a rule that lets the cluster in. Its description says whose it is, and it goes
//! with the cluster.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, IpPermission, SecurityGroupRule, UserIdGroupPair};

use crate::aws::Call;
use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Error, ErrorClass, Readiness, Result};
use crate::phases::data::db_access::{comes_from, missing};
use crate::phases::site::{Diff, Site, live, node_security_groups, outputs};

/// The rule, in the first security group of the database.
pub(in crate::phases::data) struct ExistingAccess {
    pub(in crate::phases::data) site: Arc<Site>,
}

impl ExistingAccess {
    /// What marks the rule as ours.
    fn mark(&self) -> String {
        format!("kfctl-cn {}", self.site.name)
    }

    /// Our rules.
    async fn rules(&self, group: &str) -> Result<Vec<SecurityGroupRule>> {
        let filter = Filter::builder().name("group-id").values(group).build();
        let call = self.site.aws.ec2.describe_security_group_rules().filters(filter).send().await;
        let rules = call.call("ec2:DescribeSecurityGroupRules")?.security_group_rules.unwrap_or_default();
        let mark = self.mark();
        Ok(rules.into_iter().filter(|r| r.is_egress() != Some(true) && r.description() == Some(&mark)).collect())
    }

    async fn revoke(&self, group: &str, rules: &[&SecurityGroupRule]) -> Result<()> {
        let ids: Vec<String> = rules.iter().filter_map(|r| r.security_group_rule_id().map(str::to_owned)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let call = self.site.aws.ec2.revoke_security_group_ingress().group_id(group);
        let call = call.set_security_group_rule_ids(Some(ids)).send().await;
        let gone = ["InvalidPermission.NotFound", "InvalidSecurityGroupRuleId.NotFound"];
        call.unless("ec2:RevokeSecurityGroupIngress", &gone)?;
        Ok(())
    }
}

/// The group that the rule is in.
fn group(cx: &Context) -> Option<&str> {
    cx.output("data/database", "security_groups").and_then(|all| all.split(',').next())
}

/// True if the rule lets one of the groups in, on the port.
fn right(rule: &SecurityGroupRule, groups: &[&str], port: Option<i32>) -> bool {
    groups.iter().any(|group| comes_from(rule, group)) && rule.from_port() == port && rule.to_port() == port
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
        let rules = self.rules(group).await?;
        if rules.is_empty() {
            return Ok(Observed::Absent);
        }
        let port = cx.output("data/database", "port").and_then(|p| p.parse().ok());
        let groups = node_security_groups(cx);
        let right: Vec<_> = rules.iter().filter(|r| right(r, &groups, port)).collect();
        let mut diff = Diff::default();
        diff.must("cluster", missing(&right, &groups).is_empty(), "not let in", "let in");
        diff.must("others", rules.len() == right.len(), "let in", "not let in");
        Ok(Observed::Present(live(outputs([("group", group)]), Owner::Ours, diff, Readiness::Ready)))
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let group = group(cx).ok_or_else(|| {
            Error::new(
                ErrorClass::Permanent,
                "the database has no security group of a VPC, so that nobody can be let in",
            )
        })?;
        cx.require("cluster/eks", "security_group_id")?;
        let groups = node_security_groups(cx);
        let port = cx.require("data/database", "port")?.parse().ok();
        let rules = self.rules(group).await?;
        let (right, others): (Vec<_>, Vec<_>) = rules.iter().partition(|r| right(r, &groups, port));
        for source in missing(&right, &groups) {
            let source = UserIdGroupPair::builder().group_id(source).description(self.mark()).build();
            let permission = IpPermission::builder().ip_protocol("tcp").set_from_port(port).set_to_port(port);
            let permission = permission.user_id_group_pairs(source).build();
            let call = self.site.aws.ec2.authorize_security_group_ingress().group_id(group).ip_permissions(permission);
            call.send().await.unless("ec2:AuthorizeSecurityGroupIngress", &["InvalidPermission.Duplicate"])?;
        }
        self.revoke(group, &others).await?;
        Ok(outputs([("group", group)]))
    }

    async fn delete(&self, _: &Context, live: &Live) -> Result<()> {
        let Some(group) = live.outputs.get("group") else { return Ok(()) };
        let rules = self.rules(group).await?;
        self.revoke(group, &rules.iter().collect::<Vec<_>>()).await
    }
}
