//! The managed node group for everything that needs no GPU.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_eks::types::{
    AmiTypes, CapacityTypes, LaunchTemplateSpecification, Nodegroup, NodegroupScalingConfig, NodegroupStatus,
    NodegroupUpdateConfig,
};

use crate::aws::Call;
use crate::aws::tags::{self, Tags};
use crate::config;
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, join, live, not_ours, outputs, until};

use super::eks::{NO_WAY_BACK, minor};

/// The address of its launch template.
const TEMPLATE: &str = "cluster/node-template";

/// The managed node group, AL2023 on x86-64: Amazon Linux 2 has no images from Kubernetes 1.33 on.
pub(super) struct NodeGroup {
    pub(super) site: Arc<Site>,
    pub(super) config: config::NodeGroup,
    /// The Kubernetes version.
    pub(super) version: String,
}

impl NodeGroup {
    fn name(&self) -> String {
        self.site.named("nodes")
    }

    fn tags(&self) -> Tags {
        self.site.tags(&self.addr(), &self.name())
    }

    async fn find(&self) -> Result<Option<Nodegroup>> {
        let call = self.site.aws.eks.describe_nodegroup().cluster_name(&self.site.cluster).nodegroup_name(self.name());
        let found = call.send().await.unless("eks:DescribeNodegroup", &["ResourceNotFoundException"])?;
        Ok(found.and_then(|f| f.nodegroup))
    }

    /// Sizes; how many nodes run now is left to whoever scales, within the bounds.
    fn scaling(&self, desired: i32) -> NodegroupScalingConfig {
        let (min, max) = (self.config.min_size as i32, self.config.max_size as i32);
        let desired = desired.clamp(min, max);
        NodegroupScalingConfig::builder().min_size(min).max_size(max).desired_size(desired).build()
    }

    fn diff(&self, cx: &Context, group: &Nodegroup) -> Diff {
        let mut diff = Diff::default();
        let scaling = group.scaling_config();
        diff.update("minSize", scaling.and_then(|s| s.min_size()).unwrap_or_default(), self.config.min_size as i32);
        diff.update("maxSize", scaling.and_then(|s| s.max_size()).unwrap_or_default(), self.config.max_size as i32);
        let (why, instead) = ("EKS fixes it when it makes the group", self.anew());
        diff.refuse("instanceTypes", join(group.instance_types()), join(&self.config.instance_types), why, &instead);
        self.diff_template(cx, group, &mut diff);
        if let Some(wanted) = self.site.fixed_private_subnets(cx) {
            diff.refuse("subnets", join(group.subnets()), join(wanted), why, &instead);
        }
        let (seen, wanted) = (group.version().unwrap_or_default(), self.version.as_str());
        if minor(seen) > minor(wanted) {
            diff.refuse("version", seen, wanted, NO_WAY_BACK, &instead);
        } else {
            diff.update("version", seen, wanted);
        }
        if let Some(status @ (NodegroupStatus::CreateFailed | NodegroupStatus::Deleting)) = group.status() {
            diff.must("status", false, status.as_str(), "ACTIVE");
        }
        diff.tags(&tags::from_map(group.tags()), &self.tags());
        diff
    }

    /// A group is moved to another version of its template; one without stays without.
    fn diff_template(&self, cx: &Context, group: &Nodegroup, diff: &mut Diff) {
        let wanted = (cx.output(TEMPLATE, "id"), cx.output(TEMPLATE, "version"));
        match (group.launch_template(), wanted) {
            (None, _) => {
                let why = "EKS makes a node group with a launch template or without one, and keeps it so: its disks aren't encrypted";
                diff.refuse("launchTemplate", "none", "ours", why, &self.anew());
            }
            (Some(seen), (Some(id), _)) if seen.id() != Some(id) => {
                let why = "EKS moves a node group to another version of its launch template, not to another template";
                diff.refuse("launchTemplate", seen.id().unwrap_or_default(), id, why, &self.anew());
            }
            (Some(seen), (_, Some(version))) => {
                diff.update("launchTemplate", seen.version().unwrap_or_default(), version);
            }
            _ => {}
        }
    }

    /// The version of the template to take, for calls.
    fn specification(&self, cx: &Context) -> Result<LaunchTemplateSpecification> {
        let (id, version) = (cx.require(TEMPLATE, "id")?, cx.require(TEMPLATE, "version")?);
        Ok(LaunchTemplateSpecification::builder().id(id).version(version).build())
    }

    /// How to get a group that differs in what EKS doesn't change.
    fn anew(&self) -> String {
        let name = self.name();
        format!("delete the node group {name} in EKS and run `kfctl-cn up`: pods wait until its new nodes are there")
    }

    async fn create(&self, cx: &Context, token: &str) -> Result<()> {
        let subnets = self.site.private_subnets(cx)?;
        let call = self.site.aws.eks.create_nodegroup().cluster_name(&self.site.cluster).nodegroup_name(self.name());
        let call = call.node_role(cx.require("cluster/role-nodes", "arn")?).set_subnets(Some(subnets));
        let call = call.scaling_config(self.scaling(self.config.desired_size as i32)).version(&self.version);
        let call = call.set_instance_types(Some(self.config.instance_types.clone()));
        let call = call.launch_template(self.specification(cx)?);
        let call = call.ami_type(AmiTypes::Al2023X8664Standard).capacity_type(CapacityTypes::OnDemand);
        let call = call.update_config(NodegroupUpdateConfig::builder().max_unavailable(1).build());
        let call = call.client_request_token(token).set_tags(Some(tags::map(&self.tags())));
        call.send().await.unless("eks:CreateNodegroup", &["ResourceInUseException"])?;
        Ok(())
    }

    /// Waits until a group that is going is gone, and removes one whose creation failed.
    async fn clear(&self, cx: &Context) -> Result<Option<Nodegroup>> {
        until(cx, "the old node group is being deleted", Duration::from_secs(1800), || async {
            let found = self.find().await?;
            match found.as_ref().and_then(|g| g.status()) {
                Some(NodegroupStatus::CreateFailed) => {
                    self.remove().await?;
                    Ok(None)
                }
                Some(NodegroupStatus::Deleting) => Ok(None),
                _ => Ok(Some(found)),
            }
        })
        .await
    }

    async fn update(&self, cx: &Context, group: &Nodegroup) -> Result<()> {
        let (eks, name) = (&self.site.aws.eks, self.name());
        let differs = self.diff(cx, group).0;
        let has = |field: &str| differs.iter().any(|c| c.field == field);
        if differs.iter().any(|c| c.field.starts_with("tags.")) {
            let call = eks.tag_resource().resource_arn(group.nodegroup_arn().unwrap_or_default());
            call.set_tags(Some(tags::map(&self.tags()))).send().await.call("eks:TagResource")?;
        }
        if has("minSize") || has("maxSize") {
            let desired = group.scaling_config().and_then(|s| s.desired_size());
            let desired = desired.unwrap_or(self.config.desired_size as i32);
            let call = eks.update_nodegroup_config().cluster_name(&self.site.cluster).nodegroup_name(&name);
            call.scaling_config(self.scaling(desired)).send().await.call("eks:UpdateNodegroupConfig")?;
        }
        if has("version") || has("launchTemplate") {
            let template = self.specification(cx)?;
            until(cx, "the node group is busy with another change", Duration::from_secs(1800), || async {
                let call = eks.update_nodegroup_version().cluster_name(&self.site.cluster).nodegroup_name(&name);
                let call = call.version(&self.version).launch_template(template.clone());
                call.send().await.call("eks:UpdateNodegroupVersion").map(Some)
            })
            .await?;
        }
        Ok(())
    }

    async fn remove(&self) -> Result<()> {
        let call = self.site.aws.eks.delete_nodegroup().cluster_name(&self.site.cluster).nodegroup_name(self.name());
        call.send().await.unless("eks:DeleteNodegroup", &["ResourceNotFoundException"])?;
        Ok(())
    }
}

/// What EKS says is wrong with the nodes.
fn issues(group: &Nodegroup) -> String {
    let issues = group.health().map(|h| h.issues()).unwrap_or_default();
    let texts = issues.iter().map(|i| match (i.code(), i.message()) {
        (Some(code), Some(message)) => format!("{}: {message}", code.as_str()),
        (_, message) => message.unwrap_or("no reason given").to_owned(),
    });
    texts.collect::<Vec<_>>().join("; ")
}

#[async_trait]
impl Resource for NodeGroup {
    fn addr(&self) -> Addr {
        "cluster/node-group".into()
    }

    fn title(&self) -> String {
        format!("Node group of {} × {}", self.config.desired_size, self.config.instance_types.join(" or "))
    }

    fn needs(&self) -> Vec<Addr> {
        // Nodes get Ready only once the network add-ons are there and their zone's way out works.
        let fixed =
            ["cluster/eks", "cluster/role-nodes", "cluster/addon-vpc-cni", "cluster/addon-kube-proxy", TEMPLATE];
        fixed
            .into_iter()
            .chain(self.site.disk_key.as_ref().map(|_| "cluster/disk-grant"))
            .map(Addr::new)
            .chain(self.site.subnet_needs())
            .chain(self.site.route_needs())
            .collect()
    }

    fn typical(&self) -> Duration {
        Duration::from_secs(180)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(1800)
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(group) = self.find().await? else { return Ok(Observed::Absent) };
        let ready = match group.status() {
            Some(NodegroupStatus::Active) => Readiness::Ready,
            Some(NodegroupStatus::CreateFailed) => Readiness::Failed(format!(
                "EKS failed to make the nodes: {}; the next run makes them anew",
                issues(&group)
            )),
            Some(other) => Readiness::Waiting(format!("the node group is {} {}", other.as_str(), issues(&group))),
            None => Readiness::Waiting("the node group has no status yet".into()),
        };
        let owner = self.site.owner(&tags::from_map(group.tags()));
        Ok(absent_or(Some(live(outputs([("name", self.name().as_str())]), owner, self.diff(cx, &group), ready))))
    }

    async fn apply(&self, cx: &Context, _: Action, token: &str) -> Result<Outputs> {
        match self.clear(cx).await? {
            None => self.create(cx, token).await?,
            Some(group) => {
                not_ours(&self.addr(), "the node group", &self.site.owner(&tags::from_map(group.tags())))?;
                self.update(cx, &group).await?;
            }
        }
        Ok(outputs([("name", self.name().as_str())]))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        match self.find().await? {
            Some(group) if group.status() != Some(&NodegroupStatus::Deleting) => self.remove().await,
            _ => Ok(()),
        }
    }
}
