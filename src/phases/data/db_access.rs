//! Who may reach the database: the cluster's security group, which nodes and pods carry, on the database's port; nobody else. A
//! resource of its own, because it goes with the cluster while the database stays.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, IpPermission, SecurityGroupRule, UserIdGroupPair};

use crate::aws::Call;
use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, live, outputs};

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

/// True if the rule lets exactly the cluster in, on the port.
fn wanted(rule: &SecurityGroupRule, cluster: Option<&str>) -> bool {
    let port = Some(i32::from(DB_PORT));
    let source = rule.referenced_group_info().and_then(|g| g.group_id());
    rule.ip_protocol() == Some("tcp")
        && rule.from_port() == port
        && rule.to_port() == port
        && source.is_some()
        && source == cluster
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
        let cluster = cx.output("cluster/eks", "security_group_id");
        let mut diff = Diff::default();
        let right = rules.iter().filter(|r| wanted(r, cluster)).count();
        diff.must("cluster", right > 0, "not let in", "let in");
        diff.must("others", rules.len() == right, "let in", "not let in");
        // The rules of a group that is ours are ours.
        let outputs = outputs([("group", group)]);
        Ok(absent_or(Some(live(outputs, Owner::Ours, diff, Readiness::Ready))))
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let group = cx.require("data/db-security-group", "id")?;
        let cluster = cx.require("cluster/eks", "security_group_id")?;
        let rules = self.rules(group).await?;
        if !rules.iter().any(|r| wanted(r, Some(cluster))) {
            let port = i32::from(DB_PORT);
            let source = UserIdGroupPair::builder().group_id(cluster).description("The cluster").build();
            let permission = IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port);
            let permission = permission.user_id_group_pairs(source).build();
            let call = self.site.aws.ec2.authorize_security_group_ingress().group_id(group).ip_permissions(permission);
            call.send().await.unless("ec2:AuthorizeSecurityGroupIngress", &["InvalidPermission.Duplicate"])?;
        }
        let others: Vec<_> = rules.iter().filter(|r| !wanted(r, Some(cluster))).collect();
        self.revoke(group, &others).await?;
        Ok(outputs([("group", group)]))
    }

    async fn delete(&self, _: &Context, live: &Live) -> Result<()> {
        let Some(group) = live.outputs.get("group") else { return Ok(()) };
        let rules = self.rules(group).await?;
        self.revoke(group, &rules.iter().collect::<Vec<_>>()).await
    }
}
