//! The launch template of the managed nodes, for what EKS takes only by way of one: an encrypted disk, and the proxy that they are
//! told.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    LaunchTemplate, LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDeviceRequest,
    LaunchTemplateHttpTokensState, LaunchTemplateInstanceMetadataOptionsRequest, RequestLaunchTemplateData,
    ResourceType, ResponseLaunchTemplateData, VolumeType,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::aws::{Call, tags};
use crate::config::Proxy;
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Error, ErrorClass, Readiness, Result};
use crate::phases::site::{
    Diff, NO_TEMPLATE, Site, absent_or, live, not_ours, outputs, retag, specification, user_data,
};

/// The root volume of AL2023. Source: EKS user guide, launch templates.
const ROOT: &str = "/dev/xvda";
/// Pods of the host's network reach the metadata service, and so do others by way of one hop: as in the template of EKS.
const HOPS: i32 = 2;

/// The launch template. Changed, it gets a new version, and the node group is moved to that.
pub(super) struct NodeTemplate {
    pub(super) site: Arc<Site>,
    /// The root volume of a node, GiB.
    pub(super) disk_gib: u32,
    /// The key of the root volume, by its ARN; unset, the account's own for EBS.
    pub(super) disk_key: Option<String>,
    pub(super) proxy: Option<Proxy>,
}

impl NodeTemplate {
    fn name(&self) -> String {
        self.site.named("nodes")
    }

    async fn find(&self) -> Result<Option<LaunchTemplate>> {
        let call = self.site.aws.ec2.describe_launch_templates().launch_template_names(self.name()).send().await;
        let found = call.unless("ec2:DescribeLaunchTemplates", &["InvalidLaunchTemplateName.NotFoundException"])?;
        Ok(found.and_then(|f| f.launch_templates.unwrap_or_default().into_iter().next()))
    }

    /// What the newest version says.
    async fn content(&self, template: &LaunchTemplate) -> Result<Option<ResponseLaunchTemplateData>> {
        let call = self.site.aws.ec2.describe_launch_template_versions().versions("$Latest");
        let call = call.launch_template_id(template.launch_template_id().unwrap_or_default());
        let found = call.send().await.call("ec2:DescribeLaunchTemplateVersions")?;
        Ok(found.launch_template_versions().first().and_then(|v| v.launch_template_data().cloned()))
    }

    fn diff(&self, cx: &Context, content: Option<&ResponseLaunchTemplateData>) -> Diff {
        let mut diff = Diff::default();
        let seen = content.and_then(|c| c.user_data()).unwrap_or_default();
        // Before the cluster is known nothing can be compared.
        if let Some(wanted) = self.user_data(cx) {
            let seen = STANDARD.decode(seen).ok().and_then(|text| String::from_utf8(text).ok()).unwrap_or_default();
            diff.update("userData", seen, wanted);
        }
        let root = content.and_then(|c| c.block_device_mappings().iter().find(|b| b.device_name() == Some(ROOT)));
        let disk = root.and_then(|b| b.ebs());
        diff.update("diskGib", disk.and_then(|e| e.volume_size()).unwrap_or_default(), self.disk_gib as i32);
        diff.update("diskEncrypted", disk.and_then(|e| e.encrypted()).unwrap_or_default(), true);
        let key = disk.and_then(|e| e.kms_key_id()).unwrap_or("(none)");
        diff.update("diskKmsKeyArn", key, self.disk_key.as_deref().unwrap_or("(none)"));
        diff
    }

    /// What the nodes are told, empty without a proxy; `None` while something isn't known.
    fn user_data(&self, cx: &Context) -> Option<String> {
        match &self.proxy {
            Some(proxy) => user_data(proxy, cx),
            None => Some(String::new()),
        }
    }

    fn wanted(&self, cx: &Context) -> Result<RequestLaunchTemplateData> {
        let data = self
            .user_data(cx)
            .ok_or_else(|| Error::new(ErrorClass::Bug, "the VPC or the cluster isn't known when its nodes are made"))?;
        let disk = LaunchTemplateEbsBlockDeviceRequest::builder().volume_type(VolumeType::Gp3);
        let disk = disk.volume_size(self.disk_gib as i32).delete_on_termination(true);
        let disk = disk.encrypted(true).set_kms_key_id(self.disk_key.clone()).build();
        let root = LaunchTemplateBlockDeviceMappingRequest::builder().device_name(ROOT).ebs(disk).build();
        let metadata = LaunchTemplateInstanceMetadataOptionsRequest::builder();
        let metadata = metadata.http_tokens(LaunchTemplateHttpTokensState::Required).http_put_response_hop_limit(HOPS);
        let told = (!data.is_empty()).then(|| STANDARD.encode(data));
        let all = RequestLaunchTemplateData::builder().set_user_data(told).block_device_mappings(root);
        Ok(all.metadata_options(metadata.build()).build())
    }

    fn outputs(template: &LaunchTemplate, version: i64) -> Outputs {
        let version = version.to_string();
        outputs([("id", template.launch_template_id().unwrap_or_default()), ("version", &version)])
    }
}

#[async_trait]
impl Resource for NodeTemplate {
    fn addr(&self) -> Addr {
        "cluster/node-template".into()
    }

    fn title(&self) -> String {
        format!("Launch template {}", self.name())
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["cluster/vpc".into(), "cluster/eks".into()]
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(template) = self.find().await? else { return Ok(Observed::Absent) };
        let mut diff = self.diff(cx, self.content(&template).await?.as_ref());
        let tags = tags::from_ec2(template.tags());
        diff.tags(&tags, &self.site.tags(&self.addr(), &self.name()));
        let outputs = NodeTemplate::outputs(&template, template.latest_version_number().unwrap_or(1));
        Ok(absent_or(Some(live(outputs, self.site.owner(&tags), diff, Readiness::Ready))))
    }

    async fn apply(&self, cx: &Context, _: Action, token: &str) -> Result<Outputs> {
        let (ec2, name, data) = (&self.site.aws.ec2, self.name(), self.wanted(cx)?);
        let tags = self.site.tags(&self.addr(), &name);
        let Some(template) = self.find().await? else {
            let call = ec2.create_launch_template().launch_template_name(&name).launch_template_data(data);
            let call = call.client_token(token).tag_specifications(specification(ResourceType::LaunchTemplate, &tags));
            let made = call.send().await.call("ec2:CreateLaunchTemplate")?.launch_template;
            return Ok(made.map(|template| NodeTemplate::outputs(&template, 1)).unwrap_or_default());
        };
        not_ours(&self.addr(), "the launch template", &self.site.owner(&tags::from_ec2(template.tags())))?;
        let id = template.launch_template_id().unwrap_or_default();
        retag(&self.site, id, template.tags(), &tags).await?;
        let mut version = template.latest_version_number().unwrap_or(1);
        if !self.diff(cx, self.content(&template).await?.as_ref()).0.is_empty() {
            let call = ec2.create_launch_template_version().launch_template_id(id).launch_template_data(data);
            let made = call.client_token(token).send().await.call("ec2:CreateLaunchTemplateVersion")?;
            version = made.launch_template_version().and_then(|v| v.version_number()).unwrap_or(version + 1);
        }
        Ok(NodeTemplate::outputs(&template, version))
    }

    async fn delete(&self, _: &Context, live: &Live) -> Result<()> {
        let Some(id) = live.outputs.get("id") else { return Ok(()) };
        let call = self.site.aws.ec2.delete_launch_template().launch_template_id(id).send().await;
        call.unless("ec2:DeleteLaunchTemplate", NO_TEMPLATE)?;
        Ok(())
    }
}
