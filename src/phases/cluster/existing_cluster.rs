//! A cluster that was there before, and its nodes: looked at, judged, used, and never changed.

use std::sync::Arc;

use async_trait::async_trait;

use crate::aws::{Call, cluster, tags};
use crate::engine::{Context, Holds, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Result};
use crate::phases::site::{Site, borrowed, join, outputs, use_only};

use super::eks::{holds, of};

/// The cluster. It has the address of one of our own, so that what needs a cluster needn't know whose it is.
pub(super) struct ExistingCluster {
    pub(super) site: Arc<Site>,
    /// The Kubernetes version of the configuration.
    pub(super) version: String,
}

impl ExistingCluster {
    async fn find(&self, name: &str) -> Result<Option<aws_sdk_eks::types::Cluster>> {
        let call = self.site.aws.eks.describe_cluster().name(name).send().await;
        Ok(call.unless("eks:DescribeCluster", &["ResourceNotFoundException"])?.and_then(|f| f.cluster))
    }

    /// A cluster that this deployment made before `existing` was written into the configuration.
    async fn own(&self) -> Result<Option<String>> {
        let (site, name) = (&self.site, &self.site.name);
        if *name == site.cluster {
            return Ok(None);
        }
        let tags = self.find(name).await?.map(|cluster| tags::from_map(cluster.tags()));
        let ours = tags.is_some_and(|tags| site.owner(&tags) == Owner::Ours);
        let why = format!(
            "this deployment has made a cluster of its own, {name}: remove it first by `kfctl-cn down`, or leave `spec.cluster.existing` out"
        );
        Ok(ours.then_some(why))
    }
}

#[async_trait]
impl Resource for ExistingCluster {
    fn addr(&self) -> Addr {
        "cluster/eks".into()
    }

    fn title(&self) -> String {
        format!("Existing EKS cluster {}", self.site.cluster)
    }

    fn holds(&self) -> Option<Holds> {
        Some(holds(&self.site.cluster))
    }

    async fn read(&self, _: &Context) -> Result<Observed> {
        let (site, name) = (&self.site, &self.site.cluster);
        let Some(found) = self.find(name).await? else {
            let why = format!("this account has no EKS cluster {name} in {}", site.region);
            return Ok(borrowed(Outputs::new(), vec![why]));
        };
        let mut wrong = cluster::wrong(&found, &self.version, &site.name);
        wrong.extend(self.own().await?);
        let mut all = of(&found);
        let vpc = found.resources_vpc_config();
        let nodes = cluster::nodes(&site.aws, name, &site.name).await?;
        let groups = cluster::groups(&nodes, vpc.and_then(|v| v.cluster_security_group_id()).unwrap_or_default());
        let fitting = nodes.iter().filter(|node| node.fits).count().to_string();
        all.extend(outputs([
            ("vpc_id", vpc.and_then(|v| v.vpc_id()).unwrap_or_default()),
            ("subnets", &join(vpc.map(|v| v.subnet_ids()).unwrap_or_default())),
            ("node_security_groups", &join(groups)),
            ("nodes", &fitting),
            ("access_entries", if cluster::takes_entries(&found) { "taken" } else { "" }),
        ]));
        Ok(borrowed(all, wrong))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        Err(use_only(&self.addr()))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        Err(use_only(&self.addr()))
    }
}

/// The nodes that the cluster has, where none are made for the deployment.
pub(super) struct ExistingNodes {
    pub(super) site: Arc<Site>,
}

impl ExistingNodes {
    /// A node group that this deployment made before `nodeGroup` was taken out of the configuration.
    async fn left(&self) -> Result<Option<String>> {
        let (cluster, group) = (&self.site.cluster, self.site.named("nodes"));
        let call = self.site.aws.eks.describe_nodegroup().cluster_name(cluster).nodegroup_name(&group).send().await;
        let found = call.unless("eks:DescribeNodegroup", &["ResourceNotFoundException"])?.and_then(|f| f.nodegroup);
        let ours = found.is_some_and(|found| self.site.owner(&tags::from_map(found.tags())) == Owner::Ours);
        Ok(ours.then(|| {
            format!(
                "this deployment has made the node group {group}: set `spec.cluster.existing.nodeGroup: true`, or move its pods to \
                 other nodes and delete it (`aws eks delete-nodegroup --cluster-name {cluster} --nodegroup-name {group}`)"
            )
        }))
    }
}

#[async_trait]
impl Resource for ExistingNodes {
    fn addr(&self) -> Addr {
        "cluster/node-group".into()
    }

    fn title(&self) -> String {
        format!("Nodes of the existing cluster {}", self.site.cluster)
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["cluster/eks".into()]
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(nodes) = cx.output("cluster/eks", "nodes") else {
            return Ok(Observed::Unknown("the cluster doesn't exist".into()));
        };
        let mut wrong = Vec::new();
        if nodes == "0" {
            wrong.push(format!(
                "no instance runs that is an x86-64 node of {} (by the tag `kubernetes.io/cluster/{0}`): start some, or set \
                 `spec.cluster.existing.nodeGroup: true`",
                self.site.cluster
            ));
        }
        wrong.extend(self.left().await?);
        Ok(borrowed(Outputs::new(), wrong))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        Err(use_only(&self.addr()))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        Err(use_only(&self.addr()))
    }
}
