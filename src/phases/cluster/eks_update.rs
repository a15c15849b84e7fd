//! Changing a cluster in place. EKS takes one change at a time and is busy for minutes after each.

use std::time::Duration;

use aws_sdk_eks::types::{Cluster, ClusterStatus, VpcConfigRequest};

use crate::aws::{Call, tags};
use crate::engine::Context;
use crate::model::Result;
use crate::phases::site::until;

use super::eks::Eks;

impl Eks {
    /// Makes one change after the other until nothing differs.
    pub(super) async fn update(&self, cx: &Context, first: Cluster) -> Result<Cluster> {
        let mut cluster = first;
        // Each step makes one difference go away; a bound, should EKS answer something else than what was asked.
        for _ in 0..16 {
            if cluster.status() == Some(&ClusterStatus::Creating) || !self.step(cx, &cluster).await? {
                break;
            }
            cluster = self.idle(cx, cluster).await?;
        }
        Ok(cluster)
    }

    /// Starts the first change that is needed. False if none is.
    async fn step(&self, cx: &Context, cluster: &Cluster) -> Result<bool> {
        let (eks, name) = (&self.site.aws.eks, &self.site.name);
        let differs = self.diff(cx, cluster).0;
        let has = |field: &str| differs.iter().any(|c| c.field == field);
        let what = "EKS is busy with another change";
        let limit = Duration::from_secs(1800);
        if differs.iter().any(|c| c.field.starts_with("tags.")) {
            let call = eks.tag_resource().resource_arn(cluster.arn().unwrap_or_default());
            call.set_tags(Some(tags::map(&self.tags()))).send().await.call("eks:TagResource")?;
        } else if has("privateEndpoint") || has("publicEndpoint") || has("publicAccessCidrs") {
            until(cx, what, limit, || async {
                let call = eks.update_cluster_config().name(name).resources_vpc_config(self.endpoint().build());
                call.send().await.call("eks:UpdateClusterConfig").map(Some)
            })
            .await?;
        } else if has("subnets") {
            let subnets = self.site.private_subnets(cx)?;
            until(cx, what, limit, || async {
                let request = VpcConfigRequest::builder().set_subnet_ids(Some(subnets.clone())).build();
                let call = eks.update_cluster_config().name(name).resources_vpc_config(request);
                call.send().await.call("eks:UpdateClusterConfig").map(Some)
            })
            .await?;
        } else if has("logs") {
            until(cx, what, limit, || async {
                let call = eks.update_cluster_config().name(name).logging(self.logging());
                call.send().await.call("eks:UpdateClusterConfig").map(Some)
            })
            .await?;
        } else if has("kmsKeyArn") {
            until(cx, what, limit, || async {
                let call = eks.associate_encryption_config().cluster_name(name);
                let call = call.set_encryption_config(self.encryption());
                call.send().await.call("eks:AssociateEncryptionConfig").map(Some)
            })
            .await?;
        } else if has("version") {
            let next = &self.config.version;
            until(cx, what, limit, || async {
                let call = eks.update_cluster_version().name(name).version(next);
                call.send().await.call("eks:UpdateClusterVersion").map(Some)
            })
            .await?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Waits until the cluster is active again.
    async fn idle(&self, cx: &Context, before: Cluster) -> Result<Cluster> {
        let found = until(cx, "EKS is changing the cluster", Duration::from_secs(3600), || async {
            let found = self.find().await?;
            Ok(found.filter(|c| c.status() != Some(&ClusterStatus::Updating)))
        });
        Ok(found.await.unwrap_or(before))
    }
}
