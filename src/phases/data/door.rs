//! The rules of a database's security group that let the cluster in: on one port, for each security group that nodes and pods carry.

use aws_sdk_ec2::types::{Filter, IpPermission, SecurityGroupRule, UserIdGroupPair};

use crate::aws::Call;
use crate::engine::{Live, Outputs, Owner};
use crate::model::{Readiness, Result};
use crate::phases::site::{Diff, Site, live, outputs};

/// A way into a security group. What it finds there are the rules for what comes in.
pub(super) struct Door<'a> {
    pub(super) site: &'a Site,
    /// The security group that is entered.
    pub(super) group: &'a str,
    /// The port, over TCP; none if it isn't known yet, when no rule is right.
    pub(super) port: Option<u16>,
    /// The security groups that are let in.
    pub(super) sources: Vec<&'a str>,
    /// What is written to the rules.
    pub(super) description: &'a str,
    /// True if only rules with this description are ours, because the group is that of others.
    pub(super) shared: bool,
}

impl Door<'_> {
    /// What there is, compared with what should be; none without a rule.
    pub(super) async fn read(&self) -> Result<Option<Live>> {
        let rules = self.rules().await?;
        if rules.is_empty() {
            return Ok(None);
        }
        let right: Vec<_> = rules.iter().filter(|rule| self.right(rule)).collect();
        let mut diff = Diff::default();
        diff.must("cluster", self.missing(&right).is_empty(), "not let in", "let in");
        diff.must("others", rules.len() == right.len(), "let in", "not let in");
        // A group's rules are ours because the group is, or else by their description.
        Ok(Some(live(self.outputs(), Owner::Ours, diff, Readiness::Ready)))
    }

    /// Makes the rules that are missing, then removes those that aren't right.
    pub(super) async fn open(&self) -> Result<Outputs> {
        let rules = self.rules().await?;
        let (right, others): (Vec<_>, Vec<_>) = rules.iter().partition(|rule| self.right(rule));
        for source in self.missing(&right) {
            let port = self.port.map(i32::from);
            let source = UserIdGroupPair::builder().group_id(source).description(self.description).build();
            let permission = IpPermission::builder().ip_protocol("tcp").set_from_port(port).set_to_port(port);
            let permission = permission.user_id_group_pairs(source).build();
            let call = self.site.aws.ec2.authorize_security_group_ingress().group_id(self.group);
            let call = call.ip_permissions(permission).send().await;
            call.unless("ec2:AuthorizeSecurityGroupIngress", &["InvalidPermission.Duplicate"])?;
        }
        self.revoke(&others).await?;
        Ok(self.outputs())
    }

    /// Removes the rules.
    pub(super) async fn close(&self) -> Result<()> {
        let rules = self.rules().await?;
        self.revoke(&rules.iter().collect::<Vec<_>>()).await
    }

    fn outputs(&self) -> Outputs {
        outputs([("group", self.group)])
    }

    async fn rules(&self) -> Result<Vec<SecurityGroupRule>> {
        let filter = Filter::builder().name("group-id").values(self.group).build();
        let call = self.site.aws.ec2.describe_security_group_rules().filters(filter).send().await;
        let rules = call.call("ec2:DescribeSecurityGroupRules")?.security_group_rules.unwrap_or_default();
        let ours = |rule: &SecurityGroupRule| !self.shared || rule.description() == Some(self.description);
        Ok(rules.into_iter().filter(|rule| rule.is_egress() != Some(true) && ours(rule)).collect())
    }

    async fn revoke(&self, rules: &[&SecurityGroupRule]) -> Result<()> {
        let ids: Vec<String> = rules.iter().filter_map(|r| r.security_group_rule_id().map(str::to_owned)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let call = self.site.aws.ec2.revoke_security_group_ingress().group_id(self.group);
        let call = call.set_security_group_rule_ids(Some(ids)).send().await;
        let gone = ["InvalidPermission.NotFound", "InvalidSecurityGroupRuleId.NotFound"];
        call.unless("ec2:RevokeSecurityGroupIngress", &gone)?;
        Ok(())
    }

    /// True if the rule lets exactly one of the sources in, on the port.
    fn right(&self, rule: &SecurityGroupRule) -> bool {
        let Some(port) = self.port.map(i32::from) else { return false };
        rule.ip_protocol() == Some("tcp")
            && rule.from_port() == Some(port)
            && rule.to_port() == Some(port)
            && self.sources.iter().any(|source| comes_from(rule, source))
    }

    /// The sources that none of the rules is for.
    fn missing(&self, rules: &[&SecurityGroupRule]) -> Vec<&str> {
        self.sources.iter().copied().filter(|source| !rules.iter().any(|rule| comes_from(rule, source))).collect()
    }
}

/// True if the rule is for what carries a security group.
fn comes_from(rule: &SecurityGroupRule, group: &str) -> bool {
    rule.referenced_group_info().and_then(|g| g.group_id()) == Some(group)
}
