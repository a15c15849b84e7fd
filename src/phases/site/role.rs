//! An IAM role: trust, managed policies, inline policies. Everything that differs is put right in place.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::aws::tags::{self, Tags};
use crate::aws::{Call, policy};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Readiness, Result};

use super::{Diff, ServiceLinked, Site, absent_or, live, managed_policy, not_ours, outputs};

/// Who may take the role.
#[derive(Debug, Clone)]
pub(crate) enum Trust {
    /// A service principal. In China, EC2's is `ec2.amazonaws.com.cn`: EKS refuses node roles without it. Most others keep
    /// `.amazonaws.com`. Source: eksctl `partitions.go`.
    Service(&'static str),
    /// A service principal that acts for one resource only, so that nobody else's can use the role through the service.
    ServiceFor(&'static str, String),
    /// A Kubernetes service account, through the cluster's OIDC provider.
    ServiceAccount {
        /// Its namespace.
        namespace: &'static str,
        /// Its name.
        account: &'static str,
    },
}

type Inline = dyn Fn(&Context) -> Option<BTreeMap<String, Value>> + Send + Sync;

/// An IAM role of the deployment.
pub(crate) struct Role {
    pub(crate) site: Arc<Site>,
    pub(crate) addr: Addr,
    /// The part of the name after the deployment's.
    pub(crate) part: &'static str,
    pub(crate) title: &'static str,
    pub(crate) trust: Trust,
    /// Names of policies that AWS manages.
    pub(crate) managed: &'static [&'static str],
    /// Inline policies by name; `None` while something they name isn't known.
    pub(crate) inline: Box<Inline>,
    /// What the inline policies name.
    pub(crate) needs: Vec<Addr>,
    /// A role of the account that must be there as well.
    pub(crate) linked: Option<ServiceLinked>,
}

/// A role as it is.
struct Seen {
    arn: String,
    trust: Value,
    tags: Tags,
    managed: Vec<String>,
    inline: BTreeMap<String, Value>,
    boundary: Option<String>,
}

impl Role {
    /// A role without inline policies.
    pub(crate) fn plain(
        site: &Arc<Site>,
        addr: &str,
        part: &'static str,
        title: &'static str,
        trust: Trust,
        managed: &'static [&'static str],
    ) -> Role {
        let inline = Box::new(|_: &Context| Some(BTreeMap::new()));
        Role {
            site: site.clone(),
            addr: addr.into(),
            part,
            title,
            trust,
            managed,
            inline,
            needs: Vec::new(),
            linked: None,
        }
    }

    fn name(&self) -> String {
        self.site.named(self.part)
    }

    fn tags(&self) -> Tags {
        self.site.tags(&self.addr, &self.name())
    }

    /// The trust policy; `None` while the OIDC provider isn't known.
    fn trust(&self, cx: &Context) -> Option<Value> {
        match &self.trust {
            Trust::Service(principal) => Some(policy::trust_service(principal)),
            Trust::ServiceFor(principal, arn) => Some(policy::trust_service_for(principal, arn)),
            Trust::ServiceAccount { namespace, account } => {
                let provider = cx.output("cluster/oidc-provider", "arn")?;
                let issuer = cx.output("cluster/oidc-provider", "issuer")?;
                Some(policy::trust_service_account(provider, issuer, namespace, account))
            }
        }
    }

    fn wanted_managed(&self) -> Vec<String> {
        self.managed.iter().map(|name| managed_policy(name)).collect()
    }

    async fn see(&self) -> Result<Option<Seen>> {
        let (iam, name) = (&self.site.aws.iam, self.name());
        let Some(answer) = iam.get_role().role_name(&name).send().await.unless("iam:GetRole", &["NoSuchEntity"])?
        else {
            return Ok(None);
        };
        let Some(role) = answer.role() else { return Ok(None) };
        let attached = iam.list_attached_role_policies().role_name(&name).send().await;
        let managed = attached.call("iam:ListAttachedRolePolicies")?;
        let listed = iam.list_role_policies().role_name(&name).send().await.call("iam:ListRolePolicies")?;
        let mut inline = BTreeMap::new();
        for policy_name in listed.policy_names() {
            let got = iam.get_role_policy().role_name(&name).policy_name(policy_name).send().await;
            let document = got.call("iam:GetRolePolicy")?;
            inline.insert(policy_name.clone(), policy::decode(document.policy_document()));
        }
        Ok(Some(Seen {
            arn: role.arn().to_owned(),
            trust: policy::decode(role.assume_role_policy_document().unwrap_or_default()),
            tags: tags::from_iam(role.tags()),
            managed: managed.attached_policies().iter().filter_map(|p| p.policy_arn()).map(str::to_owned).collect(),
            inline,
            boundary: role.permissions_boundary().and_then(|b| b.permissions_boundary_arn()).map(str::to_owned),
        }))
    }

    fn diff(&self, cx: &Context, seen: &Seen) -> Diff {
        let mut diff = Diff::default();
        let trust = self.trust(cx);
        diff.must("trust", trust.is_some_and(|t| policy::same(&t, &seen.trust)), "another document", "ours");
        diff.update("managedPolicies", super::join(&seen.managed), super::join(self.wanted_managed()));
        match (self.inline)(cx) {
            None => diff.must("policies", false, "unknown", "known once what they name exists"),
            Some(wanted) => {
                diff.update("policies", super::join(seen.inline.keys()), super::join(wanted.keys()));
                for (name, document) in wanted {
                    let same = seen.inline.get(&name).is_none_or(|live| policy::same(live, &document));
                    diff.must(&format!("policies.{name}"), same, "another document", "ours");
                }
            }
        }
        if let Some(wanted) = &self.site.boundary {
            diff.update("permissionsBoundary", seen.boundary.as_deref().unwrap_or("(none)"), wanted);
        }
        diff.tags(&seen.tags, &self.tags());
        diff
    }

    /// True if the service-linked role, where one is asked for, is there.
    async fn has_linked(&self) -> Result<bool> {
        match self.linked {
            Some(linked) => linked.exists(&self.site).await,
            None => Ok(true),
        }
    }

    fn outputs(&self, arn: &str) -> Outputs {
        outputs([("arn", arn), ("name", &self.name())])
    }

    /// Attaches, detaches, writes and removes until the policies are as wanted.
    async fn policies(&self, seen: &Seen, inline: &BTreeMap<String, Value>) -> Result<()> {
        let (iam, name) = (&self.site.aws.iam, self.name());
        let wanted = self.wanted_managed();
        for arn in wanted.iter().filter(|arn| !seen.managed.contains(arn)) {
            let call = iam.attach_role_policy().role_name(&name).policy_arn(arn.as_str());
            call.send().await.call("iam:AttachRolePolicy")?;
        }
        for arn in seen.managed.iter().filter(|arn| !wanted.contains(arn)) {
            let call = iam.detach_role_policy().role_name(&name).policy_arn(arn.as_str());
            call.send().await.unless("iam:DetachRolePolicy", &["NoSuchEntity"])?;
        }
        for (part, document) in inline {
            if seen.inline.get(part).is_none_or(|live| !policy::same(live, document)) {
                let call = iam.put_role_policy().role_name(&name).policy_name(part);
                call.policy_document(document.to_string()).send().await.call("iam:PutRolePolicy")?;
            }
        }
        for part in seen.inline.keys().filter(|part| !inline.contains_key(*part)) {
            let call = iam.delete_role_policy().role_name(&name).policy_name(part.as_str());
            call.send().await.unless("iam:DeleteRolePolicy", &["NoSuchEntity"])?;
        }
        Ok(())
    }
}

#[async_trait]
impl Resource for Role {
    fn addr(&self) -> Addr {
        self.addr.clone()
    }

    fn title(&self) -> String {
        format!("IAM role {}: {}", self.name(), self.title)
    }

    fn needs(&self) -> Vec<Addr> {
        let mut needs = self.needs.clone();
        if matches!(self.trust, Trust::ServiceAccount { .. }) {
            needs.push("cluster/oidc-provider".into());
        }
        needs
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(seen) = self.see().await? else { return Ok(Observed::Absent) };
        let mut diff = self.diff(cx, &seen);
        diff.must("serviceLinkedRole", self.has_linked().await?, "missing", "there");
        Ok(absent_or(Some(live(self.outputs(&seen.arn), self.site.owner(&seen.tags), diff, Readiness::Ready))))
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let (iam, name) = (&self.site.aws.iam, self.name());
        // Needs are done when this is called, so that asking again only names what is missing.
        let trust = match self.trust(cx) {
            Some(trust) => trust,
            None => {
                return Err(cx.require("cluster/oidc-provider", "arn").err().unwrap_or_else(|| unknown(&self.addr)));
            }
        };
        let inline = (self.inline)(cx).ok_or_else(|| unknown(&self.addr))?;
        if let Some(linked) = self.linked {
            linked.make(&self.site).await?;
        }
        if self.see().await?.is_none() {
            let call = iam.create_role().role_name(&name).assume_role_policy_document(trust.to_string());
            let call = call.description(self.title).set_tags(Some(tags::iam(&self.tags())));
            let call = call.set_permissions_boundary(self.site.boundary.clone());
            call.send().await.unless("iam:CreateRole", &["EntityAlreadyExists"])?;
        }
        let Some(seen) = self.see().await? else { return Err(super::wait::not_visible(&self.addr)) };
        not_ours(&self.addr, &format!("the role {name}"), &self.site.owner(&seen.tags))?;
        // Before any policy: a boundary that comes later is none for a moment.
        if let Some(wanted) = self.site.boundary.as_ref().filter(|b| seen.boundary.as_ref() != Some(b)) {
            let call = iam.put_role_permissions_boundary().role_name(&name).permissions_boundary(wanted);
            call.send().await.call("iam:PutRolePermissionsBoundary")?;
        }
        if !policy::same(&trust, &seen.trust) {
            let call = iam.update_assume_role_policy().role_name(&name).policy_document(trust.to_string());
            call.send().await.call("iam:UpdateAssumeRolePolicy")?;
        }
        self.policies(&seen, &inline).await?;
        if self.tags().iter().any(|(k, v)| seen.tags.get(k) != Some(v)) {
            let call = iam.tag_role().role_name(&name).set_tags(Some(tags::iam(&self.tags())));
            call.send().await.call("iam:TagRole")?;
        }
        Ok(self.outputs(&seen.arn))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        let (iam, name) = (&self.site.aws.iam, self.name());
        let Some(seen) = self.see().await? else { return Ok(()) };
        not_ours(&self.addr, &format!("the role {name}"), &self.site.owner(&seen.tags))?;
        // A role that has an instance profile can't be deleted; Karpenter makes such profiles.
        let profiles = iam.list_instance_profiles_for_role().role_name(&name).send().await;
        for profile in profiles.call("iam:ListInstanceProfilesForRole")?.instance_profiles() {
            let of = profile.instance_profile_name();
            let remove = iam.remove_role_from_instance_profile().instance_profile_name(of).role_name(&name);
            remove.send().await.unless("iam:RemoveRoleFromInstanceProfile", &["NoSuchEntity"])?;
            let delete = iam.delete_instance_profile().instance_profile_name(of);
            delete.send().await.unless("iam:DeleteInstanceProfile", &["NoSuchEntity"])?;
        }
        for arn in &seen.managed {
            let call = iam.detach_role_policy().role_name(&name).policy_arn(arn);
            call.send().await.unless("iam:DetachRolePolicy", &["NoSuchEntity"])?;
        }
        for part in seen.inline.keys() {
            let call = iam.delete_role_policy().role_name(&name).policy_name(part);
            call.send().await.unless("iam:DeleteRolePolicy", &["NoSuchEntity"])?;
        }
        iam.delete_role().role_name(&name).send().await.unless("iam:DeleteRole", &["NoSuchEntity"])?;
        Ok(())
    }
}

fn unknown(addr: &Addr) -> crate::model::Error {
    crate::model::Error::new(
        crate::model::ErrorClass::Bug,
        format!("{addr}: what its policies name isn't known when it is needed"),
    )
}
