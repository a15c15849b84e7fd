//! EBS volumes of claims whose driver went before them.
//!
//! Tags: the EBS CSI driver puts `KubernetesCluster` and `kubernetes.io/cluster/<name>` on volumes where it knows the cluster's name,
//! as the add-on does (kubernetes-sigs/aws-ebs-csi-driver#996).

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::VolumeState;

use crate::aws::{Call, tags};
use crate::engine::Context;
use crate::model::{Addr, Result};
use crate::phases::site::Site;

use super::ec2::{filter, made_for};
use super::leftover::{Found, Hunt};

/// The tag on volumes that their owners want to keep: of PersistentVolumes with the reclaim policy `Retain`.
pub(super) const KEEP_TAG: &str = "kfctl-cn/keep";

/// The volumes.
pub(super) struct Volumes(pub(super) Arc<Site>);

#[async_trait]
impl Hunt for Volumes {
    fn addr(&self) -> &'static str {
        "cluster/volumes"
    }

    fn title(&self) -> &'static str {
        "disks of volume claims"
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["cluster/vpc".into()]
    }

    fn hint(&self) -> &'static str {
        "an instance still has them attached: look in the EC2 console which one, then go on"
    }

    async fn find(&self, _: &Context) -> Result<Vec<Found>> {
        let mut all: Vec<Found> = Vec::new();
        for by in [made_for(&self.0), filter("tag:KubernetesCluster", &self.0.name)] {
            let mut pages = self.0.aws.ec2.describe_volumes().filters(by).into_paginator().send();
            while let Some(page) = pages.next().await {
                for volume in page.call("ec2:DescribeVolumes")?.volumes() {
                    let id = volume.volume_id().unwrap_or_default();
                    let kept = tags::from_ec2(volume.tags()).contains_key(KEEP_TAG);
                    if kept || all.iter().any(|found| found.id == id) {
                        continue;
                    }
                    let free =
                        volume.state().is_none_or(|state| matches!(state, VolumeState::Available | VolumeState::Error));
                    let held = (!free).then(|| volume.state().map_or("in use", |s| s.as_str()).to_owned());
                    all.push(Found { id: id.to_owned(), held });
                }
            }
        }
        Ok(all)
    }

    async fn remove(&self, id: &str) -> Result<()> {
        let call = self.0.aws.ec2.delete_volume().volume_id(id).send().await;
        call.unless("ec2:DeleteVolume", &["InvalidVolume.NotFound"])?;
        Ok(())
    }
}
