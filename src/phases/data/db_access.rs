//! Who may reach the database: the security groups that nodes and pods carry (the cluster's), on the database's port; nobody else. A
//! resource of its own, because it goes with the cluster while the database stays.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, IpPermission, SecurityGroupRule, UserIdGroupPair};

use crate::aws::Call;
use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, live, node_security_groups, outputs};

use super::DB_PORT;

/// The rule of the database's security group.
pub(super) struct DbAccess {
    pub(super) site: Arc<Site>,
}

impl DbAccess {
    /// All rules for what comes in.
    async fn rules(&self, group: &str) -> Result<Vec<SecurityGroupRule>> {
        let filter = Filter::builder().name("group-id").values(group).build();
        let call = self.site.aws.ec2.describe_security_group_rules().filters(filter).send().await;
        let rules = call.call("ec2:DescribeSecurityGroupRules")?.security_group_rules.unwrap_or_default();
        Ok(rules.into_iter().filter(|r| r.is_egress() != Some(true)).collect())
    }

    async fn revoke(&self, group: &str, rules: &[&SecurityGroupRule]) -> Result<()> {
        let ids: Vec<String> = rules.iter().filter_map(|r| r.security_group_rule_id().map(str::to_owned)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let call = self.site.aws.ec2.revoke_security_group_ingress().group_id(group);
        let call = call.set_security_group_rule_ids(Some(ids)).send().await;
        call.unless(
            "ec2:RevokeSecurityGroupIngress",
            &["InvalidPermission.NotFound", "InvalidSecurityGroupRuleId.NotFound"],
        )?;
        Ok(())
    }
}

/// True if the rule lets exactly one of the groups in, on the port.
fn wanted(rule: &SecurityGroupRule, groups: &[&str]) -> bool {
    let port = Some(i32::from(DB_PORT));
    rule.ip_protocol() == Some("tcp")
        && rule.from_port() == port
        && rule.to_port() == port
        && groups.iter().any(|group| comes_from(rule, group))
}

/// True if the rule is for what carries a group.
pub(super) fn comes_from(rule: &SecurityGroupRule, group: &str) -> bool {
    rule.referenced_group_info().and_then(|g| g.group_id()) == Some(group)
}

/// Those of the groups that none of the rules is for.
pub(super) fn missing<'a>(rules: &[&SecurityGroupRule], groups: &[&'a str]) -> Vec<&'a str> {
    groups.iter().copied().filter(|group| !rules.iter().any(|rule| comes_from(rule, group))).collect()
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
        let rules = self.rules(group).await?;
        if rules.is_empty() {
            return Ok(Observed::Absent);
        }
        let groups = node_security_groups(cx);
        let right: Vec<_> = rules.iter().filter(|r| wanted(r, &groups)).collect();
        let mut diff = Diff::default();
        diff.must("cluster", missing(&right, &groups).is_empty(), "not let in", "let in");
        diff.must("others", rules.len() == right.len(), "let in", "not let in");
        // The rules of a group that is ours are ours.
        let outputs = outputs([("group", group)]);
        Ok(absent_or(Some(live(outputs, Owner::Ours, diff, Readiness::Ready))))
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let group = cx.require("data/db-security-group", "id")?;
        cx.require("cluster/eks", "security_group_id")?;
        let groups = node_security_groups(cx);
        let rules = self.rules(group).await?;
        let (right, others): (Vec<_>, Vec<_>) = rules.iter().partition(|r| wanted(r, &groups));
        for source in missing(&right, &groups) {
            let port = i32::from(DB_PORT);
            let source = UserIdGroupPair::builder().group_id(source).description("The cluster").build();
            let permission = IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port);
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
