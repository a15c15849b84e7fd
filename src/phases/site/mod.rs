//! What all resources in AWS share: names, ARNs, tags, ownership, differences, waits, and the kinds that several phases have.

mod access;
mod astray;
mod disk_grant;
mod ec2;
mod keys;
mod linked;
mod live;
mod network;
mod once;
mod proxy;
mod role;
mod secret;
mod wait;

use std::sync::Arc;

use crate::aws::Clients;
use crate::aws::tags::{DEPLOYMENT_TAG, RESOURCE_TAG, Tags};
use crate::config::Config;
use crate::engine::Owner;
use crate::model::{Addr, Region};

pub(crate) use access::AccessEntry;
pub(crate) use astray::astray;
pub(crate) use disk_grant::DiskGrant;
pub(crate) use ec2::{NO_TEMPLATE, by_tag, one, retag, specification};
pub(crate) use keys::{use_for_disks, use_key};
pub(crate) use linked::ServiceLinked;
pub(crate) use live::{Diff, absent_or, borrowed, join, live, not_ours, outputs, use_only};
pub(crate) use network::node_security_groups;
pub(crate) use proxy::{endpoint_host, user_data};
pub(crate) use role::{Role, Trust};
pub(crate) use secret::{Content, Fields, SecretFields, SecretStore};
pub(crate) use wait::{not_visible, until};

/// Where a deployment is: its clients, its names and its tags.
#[derive(Debug)]
pub struct Site {
    /// The clients of its region.
    pub aws: Clients,
    /// The deployment's name.
    pub name: String,
    /// The EKS cluster's name.
    pub cluster: String,
    /// True if the cluster was there before.
    pub existing_cluster: bool,
    /// Its region.
    pub region: Region,
    /// Its account, 12 digits.
    pub account: String,
    extra: Tags,
    /// What was made in this process.
    pub(crate) made: once::Made,
    /// True if the network was there before.
    existing_network: bool,
    /// True if it is said which private subnets are taken: our own, or some by their ids.
    named_subnets: bool,
    /// The ARN of the policy that bounds every role and user, if there is one.
    pub(crate) boundary: Option<String>,
    /// The ARN of the key that database, bucket and secrets are encrypted with, if it is the customer's.
    pub(crate) data_key: Option<String>,
    /// The ARN of the key that disks are encrypted with, if it is the customer's.
    pub(crate) disk_key: Option<String>,
}

impl Site {
    /// The site of a configuration.
    pub fn new(config: &Config, aws: &Clients, account: &str) -> Arc<Site> {
        Arc::new(Site {
            aws: aws.clone(),
            name: config.name().to_owned(),
            cluster: config.cluster().to_owned(),
            existing_cluster: config.spec.cluster.existing.is_some(),
            region: config.spec.region,
            account: account.to_owned(),
            extra: config.spec.tags.clone(),
            made: once::Made::default(),
            boundary: config.spec.cluster.permissions_boundary_arn.clone(),
            data_key: config.spec.data.kms_key_arn.clone(),
            disk_key: config.spec.cluster.disk_kms_key_arn.clone(),
            existing_network: config.in_existing_network(),
            named_subnets: config.spec.network.existing.as_ref().is_none_or(|e| !e.private_subnet_ids.is_empty()),
        })
    }

    /// `<name>-<part>`.
    pub fn named(&self, part: &str) -> String {
        format!("{}-{part}", self.name)
    }

    /// The ARN of a regional thing, such as `arn:aws-cn:sqs:cn-north-1:111122223333:queue`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", Region::PARTITION, self.region, self.account)
    }

    /// The ARN of an IAM entity of the account, such as `role/x`.
    pub fn iam_arn(&self, resource: &str) -> String {
        format!("arn:{}:iam::{}:{resource}", Region::PARTITION, self.account)
    }

    /// Our tags and those of the configuration. Ours win.
    pub fn tags(&self, addr: &Addr, name: &str) -> Tags {
        let mut tags = self.extra.clone();
        tags.insert("Name".into(), name.into());
        tags.insert(DEPLOYMENT_TAG.into(), self.name.clone());
        tags.insert(RESOURCE_TAG.into(), addr.to_string());
        tags
    }

    /// Whose something with these tags is.
    pub fn owner(&self, tags: &Tags) -> Owner {
        match tags.get(DEPLOYMENT_TAG) {
            Some(name) if *name == self.name => Owner::Ours,
            Some(other) => Owner::Other(format!("it belongs to the deployment `{other}`")),
            None => Owner::Other(format!("it has no tag `{DEPLOYMENT_TAG}`")),
        }
    }
}

/// The ARN of a policy that AWS manages, such as `AmazonEKSClusterPolicy`. A wrong partition here is refused by IAM.
pub fn managed_policy(name: &str) -> String {
    format!("arn:{}:iam::aws:policy/{name}", Region::PARTITION)
}
