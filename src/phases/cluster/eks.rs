//! The EKS cluster.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_eks::types::{
    AuthenticationMode, Cluster, ClusterStatus, CreateAccessConfigRequest, EncryptionConfig, LogSetup, LogType,
    Logging, Provider, VpcConfigRequest, VpcConfigResponse,
};

use crate::aws::Call;
use crate::aws::tags::{self, Tags};
use crate::config;
use crate::engine::{Context, Holds, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Error, ErrorClass, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, join, live, not_ours, outputs, until};

use super::vpc::ELSEWHERE;

/// The EKS cluster: API authentication, private endpoint always on, its own add-ons off (ours are managed).
pub(super) struct Eks {
    pub(super) site: Arc<Site>,
    pub(super) config: config::Cluster,
}

impl Eks {
    pub(super) fn tags(&self) -> Tags {
        self.site.tags(&self.addr(), &self.site.name)
    }

    pub(super) async fn find(&self) -> Result<Option<Cluster>> {
        let call = self.site.aws.eks.describe_cluster().name(&self.site.name).send().await;
        let found = call.unless("eks:DescribeCluster", &["ResourceNotFoundException"])?;
        Ok(found.and_then(|f| f.cluster))
    }

    pub(super) fn public(&self) -> bool {
        !self.config.public_access_cidrs.is_empty()
    }

    /// Who may reach the API server, in the form of create and update calls.
    pub(super) fn endpoint(&self) -> aws_sdk_eks::types::builders::VpcConfigRequestBuilder {
        let request = VpcConfigRequest::builder().endpoint_private_access(true).endpoint_public_access(self.public());
        request.set_public_access_cidrs(self.public().then(|| self.config.public_access_cidrs.clone()))
    }

    /// Which logs go to CloudWatch, in the form of create and update calls.
    pub(super) fn logging(&self) -> Logging {
        let types = |on: bool| -> Vec<LogType> {
            let all = config::ControlPlaneLog::ALL.into_iter();
            all.filter(|l| self.config.logs.contains(l) == on).map(|l| LogType::from(l.as_str())).collect()
        };
        let setups = [true, false].into_iter().map(|on| (on, types(on))).filter(|(_, types)| !types.is_empty());
        let setups = setups.map(|(on, types)| LogSetup::builder().enabled(on).set_types(Some(types)).build());
        Logging::builder().set_cluster_logging(Some(setups.collect())).build()
    }

    /// The customer-managed key for Kubernetes secrets, if one is asked for.
    #[expect(deprecated, reason = "newer EKS ignores `resources`; one that isn't that new yet requires it")]
    pub(super) fn encryption(&self) -> Option<Vec<EncryptionConfig>> {
        let key = self.config.kms_key_arn.as_ref()?;
        let provider = Provider::builder().key_arn(key).build();
        Some(vec![EncryptionConfig::builder().resources("secrets").provider(provider).build()])
    }

    pub(super) fn diff(&self, cx: &Context, cluster: &Cluster) -> Diff {
        let mut diff = Diff::default();
        self.version(cluster.version().unwrap_or_default(), &mut diff);
        if let Some(vpc) = cluster.resources_vpc_config() {
            self.place(cx, vpc, &mut diff);
            diff.update("privateEndpoint", vpc.endpoint_private_access(), true);
            diff.update("publicEndpoint", vpc.endpoint_public_access(), self.public());
            if self.public() && vpc.endpoint_public_access() {
                let wanted = &self.config.public_access_cidrs;
                diff.update("publicAccessCidrs", join(vpc.public_access_cidrs()), join(wanted));
            }
        }
        diff.update("logs", join(logs(cluster)), join(self.config.logs.iter().map(|l| l.as_str())));
        let seen = cluster.encryption_config().iter().find_map(|e| e.provider()).and_then(|p| p.key_arn());
        match (seen, self.config.kms_key_arn.as_deref()) {
            (Some(seen), wanted) => {
                let why = "EKS keeps the key that secrets were first encrypted with";
                diff.refuse("kmsKeyArn", seen, wanted.unwrap_or("(none)"), why, ELSEWHERE);
            }
            (None, Some(wanted)) => diff.update("kmsKeyArn", "(none)", wanted),
            (None, None) => {}
        }
        if matches!(cluster.status(), Some(ClusterStatus::Failed | ClusterStatus::Deleting)) {
            diff.must("status", false, cluster.status().map_or("", |s| s.as_str()), "ACTIVE");
        }
        diff.tags(&tags::from_map(cluster.tags()), &self.tags());
        diff
    }

    /// One minor version at a time, and never back.
    fn version(&self, seen: &str, diff: &mut Diff) {
        let wanted = self.config.version.as_str();
        match minor(wanted).checked_sub(minor(seen)) {
            None => diff.refuse("version", seen, wanted, NO_WAY_BACK, ELSEWHERE),
            Some(0 | 1) => diff.update("version", seen, wanted),
            Some(_) => {
                let why = "EKS goes one minor version at a time, and nodes and add-ons follow each step";
                let steps: Vec<String> = (minor(seen) + 1..=minor(wanted)).map(|m| format!("1.{m}")).collect();
                let instead = format!("set {} in turn, and run `kfctl-cn up` after each", steps.join(", then "));
                diff.refuse("version", seen, wanted, why, &instead);
            }
        }
    }

    /// A cluster stays in its VPC; its subnets may be others of the same zones.
    fn place(&self, cx: &Context, vpc: &VpcConfigResponse, diff: &mut Diff) {
        let seen = vpc.vpc_id().unwrap_or_default();
        let wanted = cx.output("cluster/vpc", "vpc_id").unwrap_or("(a new one)");
        if !seen.is_empty() && seen != wanted {
            let why = "a cluster stays in the VPC that it was made in";
            diff.refuse("vpc", seen, wanted, why, ELSEWHERE);
        } else if let Some(wanted) = self.site.fixed_private_subnets(cx) {
            diff.update("subnets", join(vpc.subnet_ids()), join(wanted));
        }
    }

    async fn create(&self, cx: &Context, token: &str) -> Result<()> {
        let subnets = self.site.private_subnets(cx)?;
        let access = CreateAccessConfigRequest::builder()
            .authentication_mode(AuthenticationMode::Api)
            .bootstrap_cluster_creator_admin_permissions(false)
            .build();
        let call = self.site.aws.eks.create_cluster().name(&self.site.name).version(&self.config.version);
        let call = call.role_arn(cx.require("cluster/role-cluster", "arn")?).client_request_token(token);
        let call = call.resources_vpc_config(self.endpoint().set_subnet_ids(Some(subnets)).build());
        let call = call.access_config(access).bootstrap_self_managed_addons(false).logging(self.logging());
        let call = call.set_encryption_config(self.encryption()).set_tags(Some(tags::map(&self.tags())));
        // In use: an earlier call took effect, and its answer was lost.
        call.send().await.unless("eks:CreateCluster", &["ResourceInUseException"])?;
        Ok(())
    }

    /// Waits until a cluster that is going is gone, and removes one whose creation failed.
    async fn clear(&self, cx: &Context) -> Result<Option<Cluster>> {
        let limit = Duration::from_secs(1800);
        until(cx, "the old cluster is being deleted", limit, || async {
            let found = self.find().await?;
            match found.as_ref().and_then(|c| c.status()) {
                Some(ClusterStatus::Failed) => {
                    if let Some(cluster) = &found {
                        not_ours(&self.addr(), "the cluster", &self.site.owner(&tags::from_map(cluster.tags())))?;
                    }
                    let call = self.site.aws.eks.delete_cluster().name(&self.site.name).send().await;
                    call.unless("eks:DeleteCluster", &["ResourceNotFoundException"])?;
                    Ok(None)
                }
                Some(ClusterStatus::Deleting) => Ok(None),
                _ => Ok(Some(found)),
            }
        })
        .await
    }
}

/// Why a version isn't lowered.
pub(super) const NO_WAY_BACK: &str = "EKS has no way back to an older version";

/// The minor version, for comparing.
pub(super) fn minor(version: &str) -> u32 {
    version.split('.').nth(1).and_then(|m| m.parse().ok()).unwrap_or_default()
}

fn logs(cluster: &Cluster) -> Vec<String> {
    let setups = cluster.logging().map(|l| l.cluster_logging()).unwrap_or_default();
    let on = setups.iter().filter(|s| s.enabled() == Some(true));
    on.flat_map(|s| s.types()).map(|t| t.as_str().to_owned()).collect()
}

/// What a cluster holds that doesn't go with a deployment into another.
pub(super) fn holds(cluster: &str) -> Holds {
    Holds { output: "name", name: cluster.to_owned(), what: "what users have made in Kubeflow" }
}

/// What a cluster hands to others.
pub(super) fn of(cluster: &Cluster) -> Outputs {
    let vpc = cluster.resources_vpc_config();
    let services = cluster.kubernetes_network_config().and_then(|n| n.service_ipv4_cidr());
    let private = vpc.is_some_and(|v| v.endpoint_private_access());
    outputs([
        ("name", cluster.name().unwrap_or_default()),
        ("arn", cluster.arn().unwrap_or_default()),
        ("endpoint", cluster.endpoint().unwrap_or_default()),
        ("ca", cluster.certificate_authority().and_then(|c| c.data()).unwrap_or_default()),
        // Read, never built: the issuer's host has more than one form.
        ("oidc_issuer", cluster.identity().and_then(|i| i.oidc()).and_then(|o| o.issuer()).unwrap_or_default()),
        ("security_group_id", vpc.and_then(|v| v.cluster_security_group_id()).unwrap_or_default()),
        ("version", cluster.version().unwrap_or_default()),
        ("service_cidr", services.unwrap_or_default()),
        ("private_endpoint", if private { "on" } else { "" }),
    ])
}

#[async_trait]
impl Resource for Eks {
    fn addr(&self) -> Addr {
        "cluster/eks".into()
    }

    fn title(&self) -> String {
        format!("EKS cluster {}, Kubernetes {}", self.site.name, self.config.version)
    }

    fn needs(&self) -> Vec<Addr> {
        let mut needs = vec![Addr::new("cluster/role-cluster"), Addr::new("cluster/vpc")];
        needs.extend(self.site.subnet_needs());
        needs
    }

    fn typical(&self) -> Duration {
        Duration::from_secs(540)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(2400)
    }

    fn holds(&self) -> Option<Holds> {
        Some(holds(&self.site.name))
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(cluster) = self.find().await? else { return Ok(Observed::Absent) };
        let issues = || {
            let issues = cluster.health().map(|h| h.issues()).unwrap_or_default();
            issues.iter().filter_map(|i| i.message()).collect::<Vec<_>>().join("; ")
        };
        let ready = match cluster.status() {
            Some(ClusterStatus::Active) => Readiness::Ready,
            Some(ClusterStatus::Failed) => Readiness::Failed(format!("EKS failed to make the cluster: {}", issues())),
            Some(other) => Readiness::Waiting(format!("the control plane is {}", other.as_str())),
            None => Readiness::Waiting("the control plane has no status yet".into()),
        };
        let owner = self.site.owner(&tags::from_map(cluster.tags()));
        let mut outputs = of(&cluster);
        if cluster.status() == Some(&ClusterStatus::Deleting) {
            // Its API server answers for a while, or doesn't: what was in it goes with it.
            outputs.remove("endpoint");
        }
        Ok(absent_or(Some(live(outputs, owner, self.diff(cx, &cluster), ready))))
    }

    async fn apply(&self, cx: &Context, _: Action, token: &str) -> Result<Outputs> {
        let Some(cluster) = self.clear(cx).await? else {
            self.create(cx, token).await?;
            let made = self.find().await?;
            return Ok(made.as_ref().map(of).unwrap_or_default());
        };
        not_ours(&self.addr(), "the cluster", &self.site.owner(&tags::from_map(cluster.tags())))?;
        self.update(cx, cluster).await.map(|cluster| of(&cluster))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        let Some(cluster) = self.find().await? else { return Ok(()) };
        if cluster.status() == Some(&ClusterStatus::Creating) {
            return Err(Error::new(
                ErrorClass::Transient,
                "the cluster is still being made: it can be deleted after that",
            ));
        }
        if cluster.status() != Some(&ClusterStatus::Deleting) {
            let call = self.site.aws.eks.delete_cluster().name(&self.site.name).send().await;
            call.unless("eks:DeleteCluster", &["ResourceNotFoundException"])?;
        }
        Ok(())
    }
}
