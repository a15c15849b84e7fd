//! An access entry of the EKS cluster: which IAM principal may do what in it.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_eks::types::{AccessEntry as Entry, AccessScope, AccessScopeType};

use crate::aws::Call;
use crate::aws::tags::{self, Tags};
use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Readiness, Region, Result};

use super::{Diff, Site, absent_or, borrowed, live, outputs};

/// The principal of an entry.
pub(crate) enum Principal {
    /// Who runs this program: the ARN of STS.
    Caller(String),
    /// A role of the deployment, by its address.
    Role(&'static str),
}

/// An access entry. If the cluster is ours its entries are too: one that exists is taken over. In a cluster that was there before
/// one of the caller's is only used.
pub(crate) struct AccessEntry {
    site: Arc<Site>,
    addr: Addr,
    principal: Principal,
}

impl AccessEntry {
    /// The caller, as administrator of the cluster.
    pub(crate) fn caller(site: &Arc<Site>, addr: &str, arn: &str) -> AccessEntry {
        AccessEntry { site: site.clone(), addr: addr.into(), principal: Principal::Caller(arn.into()) }
    }

    /// Nodes that come with a role, by the role's address.
    pub(crate) fn nodes(site: &Arc<Site>, addr: &str, role: &'static str) -> AccessEntry {
        AccessEntry { site: site.clone(), addr: addr.into(), principal: Principal::Role(role) }
    }

    /// The type: nodes join through `EC2_LINUX`, which brings its own rights.
    fn kind(&self) -> &'static str {
        match self.principal {
            Principal::Caller(_) => "STANDARD",
            Principal::Role(_) => "EC2_LINUX",
        }
    }

    /// The policy that a person needs on top.
    fn policy(&self) -> Option<String> {
        matches!(self.principal, Principal::Caller(_))
            .then(|| format!("arn:{}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", Region::PARTITION))
    }

    fn tags(&self) -> Tags {
        self.site.tags(&self.addr, &self.site.named("access"))
    }

    /// The IAM ARN; `None` while the role doesn't exist.
    async fn arn(&self, cx: &Context) -> Result<Option<String>> {
        let arn = match &self.principal {
            Principal::Role(addr) => return Ok(cx.output(addr, "arn").map(str::to_owned)),
            Principal::Caller(arn) => arn,
        };
        self.site.aws.principal_arn(arn).await.map(Some)
    }

    async fn find(&self, arn: &str) -> Result<Option<Entry>> {
        let call = self.site.aws.eks.describe_access_entry().cluster_name(&self.site.cluster).principal_arn(arn);
        let answer = call.send().await.unless("eks:DescribeAccessEntry", &["ResourceNotFoundException"])?;
        Ok(answer.and_then(|a| a.access_entry))
    }

    /// What is found of an entry that others made for the caller: it must be enough.
    fn theirs(&self, arn: &str, entry: &Entry, has_policy: bool) -> Observed {
        // Groups are bound to roles inside the cluster, where nobody can look yet.
        let enough = has_policy || !entry.kubernetes_groups().is_empty();
        let why = format!(
            "{arn} has an access entry without rights over the whole cluster {}: let its owner associate \
             AmazonEKSClusterAdminPolicy with it, or remove it: then one is made",
            self.site.cluster
        );
        borrowed(outputs([("principal", arn)]), if enough { Vec::new() } else { vec![why] })
    }

    async fn has_policy(&self, arn: &str) -> Result<bool> {
        let Some(policy) = self.policy() else { return Ok(true) };
        let call = self.site.aws.eks.list_associated_access_policies();
        let answer = call.cluster_name(&self.site.cluster).principal_arn(arn).send().await;
        let answer = answer.call("eks:ListAssociatedAccessPolicies")?;
        Ok(answer.associated_access_policies().iter().any(|p| {
            p.policy_arn() == Some(&policy)
                && p.access_scope().and_then(|s| s.r#type()) == Some(&AccessScopeType::Cluster)
        }))
    }
}

#[async_trait]
impl Resource for AccessEntry {
    fn addr(&self) -> Addr {
        self.addr.clone()
    }

    fn title(&self) -> String {
        match self.principal {
            Principal::Caller(_) => "EKS access entry of the caller, as administrator".into(),
            Principal::Role(_) => "EKS access entry of nodes".into(),
        }
    }

    fn needs(&self) -> Vec<Addr> {
        let mut needs = vec![Addr::new("cluster/eks")];
        if let Principal::Role(role) = self.principal {
            needs.push(role.into());
        }
        needs
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        if self.site.existing_cluster && cx.output("cluster/eks", "access_entries").is_none() {
            return Ok(Observed::Unknown("the cluster takes no access entries".into()));
        }
        let Some(arn) = self.arn(cx).await? else {
            return Ok(Observed::Unknown("the role that it is for doesn't exist yet".into()));
        };
        let Some(entry) = self.find(&arn).await? else { return Ok(Observed::Absent) };
        let has_policy = self.has_policy(&arn).await?;
        let owner = match self.site.existing_cluster {
            true => self.site.owner(&tags::from_map(entry.tags())),
            false => Owner::Ours,
        };
        if owner != Owner::Ours && matches!(self.principal, Principal::Caller(_)) {
            return Ok(self.theirs(&arn, &entry, has_policy));
        }
        let mut diff = Diff::default();
        diff.replace("type", entry.r#type().unwrap_or_default(), self.kind(), "EKS fixes it when it makes the entry");
        diff.must("policy", has_policy, "not associated", "AmazonEKSClusterAdminPolicy");
        diff.tags(&tags::from_map(entry.tags()), &self.tags());
        let outputs = outputs([("principal", arn.as_str())]);
        Ok(absent_or(Some(live(outputs, owner, diff, Readiness::Ready))))
    }

    async fn apply(&self, cx: &Context, _: Action, token: &str) -> Result<Outputs> {
        let eks = &self.site.aws.eks;
        let arn = match self.arn(cx).await? {
            Some(arn) => arn,
            None => return Err(super::wait::not_visible(&self.addr)),
        };
        let found = self.find(&arn).await?;
        if let Some(entry) = &found {
            let seen = tags::from_map(entry.tags());
            if self.tags().iter().any(|(k, v)| seen.get(k) != Some(v)) {
                let call = eks.tag_resource().resource_arn(entry.access_entry_arn().unwrap_or_default());
                call.set_tags(Some(tags::map(&self.tags()))).send().await.call("eks:TagResource")?;
            }
        }
        if found.is_none() {
            let call =
                eks.create_access_entry().cluster_name(&self.site.cluster).principal_arn(&arn).r#type(self.kind());
            let call = call.client_request_token(token).set_tags(Some(tags::map(&self.tags())));
            call.send().await.unless("eks:CreateAccessEntry", &["ResourceInUseException"])?;
        }
        if let (Some(policy), false) = (self.policy(), self.has_policy(&arn).await?) {
            let scope = AccessScope::builder().r#type(AccessScopeType::Cluster).build();
            let call = eks.associate_access_policy().cluster_name(&self.site.cluster).principal_arn(&arn);
            let call = call.policy_arn(policy).access_scope(scope);
            call.send().await.call("eks:AssociateAccessPolicy")?;
        }
        Ok(outputs([("principal", arn.as_str())]))
    }

    async fn delete(&self, _: &Context, live: &Live) -> Result<()> {
        let Some(arn) = live.outputs.get("principal") else { return Ok(()) };
        let call = self.site.aws.eks.delete_access_entry().cluster_name(&self.site.cluster).principal_arn(arn);
        call.send().await.unless("eks:DeleteAccessEntry", &["ResourceNotFoundException"])?;
        Ok(())
    }
}
