//! An EKS add-on. Its version is asked from EKS: the default one for the cluster's Kubernetes version.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_eks::types::{Addon, AddonStatus, ResolveConflicts};

use crate::aws::Call;
use crate::aws::tags::{self, Tags};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Error, ErrorClass, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, live, not_ours, outputs, until};

/// An add-on that EKS manages.
pub(super) struct EksAddon {
    pub(super) site: Arc<Site>,
    /// The last part of the address.
    pub(super) short: &'static str,
    /// The name that EKS has for it.
    pub(super) name: &'static str,
    /// The Kubernetes version.
    pub(super) version: String,
    /// The resource whose role its service account takes.
    pub(super) role: Option<&'static str>,
    /// What must be there before it can get ready.
    pub(super) needs: Vec<Addr>,
}

/// Versions that fit the cluster: all, and the default one.
struct Offered {
    all: Vec<String>,
    default: Option<String>,
}

impl EksAddon {
    fn tags(&self) -> Tags {
        self.site.tags(&self.addr(), &self.site.named(self.name))
    }

    pub(super) async fn find(&self) -> Result<Option<Addon>> {
        let call = self.site.aws.eks.describe_addon().cluster_name(&self.site.cluster).addon_name(self.name);
        let found = call.send().await.unless("eks:DescribeAddon", &["ResourceNotFoundException"])?;
        Ok(found.and_then(|f| f.addon))
    }

    async fn offered(&self) -> Result<Offered> {
        let call = self.site.aws.eks.describe_addon_versions().addon_name(self.name).kubernetes_version(&self.version);
        let answer = call.send().await.call("eks:DescribeAddonVersions")?;
        let mut offered = Offered { all: Vec::new(), default: None };
        for version in answer.addons().iter().flat_map(|a| a.addon_versions()) {
            let name = version.addon_version().unwrap_or_default().to_owned();
            let fits = |c: &&aws_sdk_eks::types::Compatibility| c.cluster_version() == Some(&self.version);
            let Some(fit) = version.compatibilities().iter().find(fits) else { continue };
            if fit.default_version() && offered.default.is_none() {
                offered.default = Some(name.clone());
            }
            offered.all.push(name);
        }
        Ok(offered)
    }

    /// The version to install: the default, else the newest, which EKS lists first.
    async fn wanted_version(&self) -> Result<String> {
        let offered = self.offered().await?;
        offered.default.or_else(|| offered.all.into_iter().next()).ok_or_else(|| {
            let text = format!("EKS offers no version of the add-on {} for Kubernetes {}", self.name, self.version);
            Error::new(ErrorClass::Permanent, text).hint("set `spec.cluster.version` to a version that EKS supports")
        })
    }

    fn role<'a>(&self, cx: &'a Context) -> Option<&'a str> {
        self.role.and_then(|role| cx.output(role, "arn"))
    }

    async fn diff(&self, cx: &Context, addon: &Addon) -> Result<Diff> {
        let mut diff = Diff::default();
        // A newer default is no reason to change what runs; a version that doesn't fit the cluster any more is.
        let (seen, offered) = (addon.addon_version().unwrap_or_default(), self.offered().await?);
        if !offered.all.is_empty() && !offered.all.iter().any(|v| v == seen) {
            diff.update("version", seen, offered.default.as_deref().unwrap_or(&offered.all[0]));
        }
        if self.role.is_some() {
            let wanted = self.role(cx).unwrap_or("(the new role)");
            diff.update("role", addon.service_account_role_arn().unwrap_or("(none)"), wanted);
        }
        if let Some(status @ (AddonStatus::CreateFailed | AddonStatus::UpdateFailed | AddonStatus::Deleting)) =
            addon.status()
        {
            diff.must("status", false, status.as_str(), "ACTIVE");
        }
        diff.tags(&tags::from_map(addon.tags()), &self.tags());
        Ok(diff)
    }

    async fn create(&self, cx: &Context, token: &str) -> Result<()> {
        let call = self.site.aws.eks.create_addon().cluster_name(&self.site.cluster).addon_name(self.name);
        let call = call.addon_version(self.wanted_version().await?).client_request_token(token);
        let call = call.set_service_account_role_arn(self.role(cx).map(str::to_owned));
        let call = call.resolve_conflicts(ResolveConflicts::Overwrite).set_tags(Some(tags::map(&self.tags())));
        call.send().await.unless("eks:CreateAddon", &["ResourceInUseException"])?;
        Ok(())
    }

    async fn update(&self, cx: &Context, addon: &Addon) -> Result<()> {
        let differs = self.diff(cx, addon).await?.0;
        let eks = &self.site.aws.eks;
        if differs.iter().any(|c| c.field.starts_with("tags.")) {
            let call = eks.tag_resource().resource_arn(addon.addon_arn().unwrap_or_default());
            call.set_tags(Some(tags::map(&self.tags()))).send().await.call("eks:TagResource")?;
        }
        if differs.iter().any(|c| matches!(c.field.as_str(), "version" | "role" | "status")) {
            let version = differs.iter().find(|c| c.field == "version").map(|c| c.to.clone());
            let version = version.or_else(|| addon.addon_version().map(str::to_owned));
            let call =
                eks.update_addon().cluster_name(&self.site.cluster).addon_name(self.name).set_addon_version(version);
            let call = call.set_service_account_role_arn(self.role(cx).map(str::to_owned));
            call.resolve_conflicts(ResolveConflicts::Overwrite).send().await.call("eks:UpdateAddon")?;
        }
        Ok(())
    }
}

#[async_trait]
impl Resource for EksAddon {
    fn addr(&self) -> Addr {
        Addr::new(format!("cluster/addon-{}", self.short))
    }

    fn title(&self) -> String {
        format!("EKS add-on {}", self.name)
    }

    fn needs(&self) -> Vec<Addr> {
        let mut needs = self.needs.clone();
        needs.push("cluster/eks".into());
        needs.extend(self.role.map(Addr::new));
        needs
    }

    fn typical(&self) -> Duration {
        Duration::from_secs(45)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(1200)
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(addon) = self.find().await? else { return Ok(Observed::Absent) };
        let issues = addon.health().map(|h| h.issues()).unwrap_or_default();
        let issues = issues.iter().filter_map(|i| i.message()).collect::<Vec<_>>().join("; ");
        let ready = match addon.status() {
            Some(AddonStatus::Active) => Readiness::Ready,
            Some(AddonStatus::CreateFailed) => Readiness::Failed(format!("EKS failed to install it: {issues}")),
            Some(other) => Readiness::Waiting(format!("the add-on is {} {issues}", other.as_str())),
            None => Readiness::Waiting("the add-on has no status yet".into()),
        };
        let owner = self.site.owner(&tags::from_map(addon.tags()));
        let outputs = outputs([("version", addon.addon_version().unwrap_or_default())]);
        Ok(absent_or(Some(live(outputs, owner, self.diff(cx, &addon).await?, ready))))
    }

    async fn apply(&self, cx: &Context, _: Action, token: &str) -> Result<Outputs> {
        let usable = until(cx, "the old add-on is being deleted", Duration::from_secs(900), || async {
            let found = self.find().await?;
            let leaving = found.as_ref().is_some_and(|a| a.status() == Some(&AddonStatus::Deleting));
            Ok((!leaving).then_some(found))
        });
        match usable.await? {
            None => self.create(cx, token).await?,
            Some(addon) => {
                not_ours(&self.addr(), "the add-on", &self.site.owner(&tags::from_map(addon.tags())))?;
                self.update(cx, &addon).await?;
            }
        }
        Ok(Outputs::new())
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        let call = self.site.aws.eks.delete_addon().cluster_name(&self.site.cluster).addon_name(self.name).send().await;
        call.unless("eks:DeleteAddon", &["ResourceNotFoundException"])?;
        Ok(())
    }
}
