//! What Karpenter made in EC2 and didn't remove: instances, which cost most of all, and launch templates.
//!
//! Tags: Karpenter 1.14 puts `kubernetes.io/cluster/<name>` and `karpenter.sh/nodepool` on all it makes, and its policy allows no less
//! (see `karpenter/aws/policies.rs`); launch templates carry `karpenter.k8s.aws/cluster` too.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, InstanceStateName};

use crate::aws::Call;
use crate::engine::Context;
use crate::model::{Addr, Result};
use crate::phases::site::{NO_TEMPLATE, Site};

use super::ec2::{filter, made_for};
use super::leftover::{Found, Hunt};

/// Instances of Karpenter's pools.
pub(super) struct Instances(pub(super) Arc<Site>);

#[async_trait]
impl Hunt for Instances {
    fn addr(&self) -> &'static str {
        "karpenter/instances"
    }

    fn title(&self) -> &'static str {
        "instances that Karpenter started"
    }

    fn needs(&self) -> Vec<Addr> {
        ["karpenter/role-node", "karpenter/access-nodes", "cluster/eks"].map(Addr::new).into()
    }

    fn hint(&self) -> &'static str {
        "terminate them in the EC2 console, then go on"
    }

    async fn find(&self, _: &Context) -> Result<Vec<Found>> {
        let states = ["pending", "running", "shutting-down", "stopping", "stopped"];
        let filters = vec![
            made_for(&self.0),
            Filter::builder().name("tag-key").values("karpenter.sh/nodepool").build(),
            Filter::builder().name("instance-state-name").set_values(Some(states.map(String::from).into())).build(),
        ];
        let mut pages = self.0.aws.ec2.describe_instances().set_filters(Some(filters)).into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.call("ec2:DescribeInstances")?;
            for instance in page.reservations().iter().flat_map(|r| r.instances()) {
                let state = instance.state().and_then(|s| s.name());
                let going = state == Some(&InstanceStateName::ShuttingDown);
                let id = instance.instance_id().unwrap_or_default().to_owned();
                all.push(Found { id, held: going.then(|| "shutting down".to_owned()) });
            }
        }
        Ok(all)
    }

    async fn remove(&self, id: &str) -> Result<()> {
        let call = self.0.aws.ec2.terminate_instances().instance_ids(id).send().await;
        call.unless("ec2:TerminateInstances", &["InvalidInstanceID.NotFound"])?;
        Ok(())
    }
}

/// Launch templates of Karpenter's node classes.
pub(super) struct LaunchTemplates(pub(super) Arc<Site>);

#[async_trait]
impl Hunt for LaunchTemplates {
    fn addr(&self) -> &'static str {
        "karpenter/launch-templates"
    }

    fn title(&self) -> &'static str {
        "launch templates that Karpenter made"
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["cluster/vpc".into()]
    }

    fn hint(&self) -> &'static str {
        "delete them in the EC2 console, then go on"
    }

    async fn find(&self, _: &Context) -> Result<Vec<Found>> {
        let mut all: Vec<Found> = Vec::new();
        let of_karpenter = filter("tag:karpenter.k8s.aws/cluster", &self.0.cluster);
        let marks = match self.0.existing_cluster {
            // The node group's template carries our mark too.
            true => vec![vec![made_for(&self.0), of_karpenter]],
            false => vec![vec![made_for(&self.0)], vec![of_karpenter]],
        };
        for by in marks {
            let call = self.0.aws.ec2.describe_launch_templates().set_filters(Some(by));
            let mut pages = call.into_paginator().send();
            while let Some(page) = pages.next().await {
                for template in page.call("ec2:DescribeLaunchTemplates")?.launch_templates() {
                    let id = template.launch_template_id().unwrap_or_default();
                    if all.iter().all(|found| found.id != id) {
                        all.push(Found { id: id.to_owned(), held: None });
                    }
                }
            }
        }
        Ok(all)
    }

    async fn remove(&self, id: &str) -> Result<()> {
        let call = self.0.aws.ec2.delete_launch_template().launch_template_id(id).send().await;
        call.unless("ec2:DeleteLaunchTemplate", NO_TEMPLATE)?;
        Ok(())
    }
}
