//! What lets a service of AWS start nodes whose disks are encrypted with a key of the customer: a grant on the key.
//!
//! A service-linked role takes no policies, so that leaving it to IAM who uses a key doesn't reach it.
//! Source: EC2 Auto Scaling user guide, required key policy for encrypted volumes; EC2 user guide, Spot and encrypted volumes.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_kms::types::{GrantListEntry, GrantOperation};

use crate::aws::Call;
use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Readiness, Result};

use super::{Diff, ServiceLinked, Site, absent_or, live, outputs};

/// What is done with the key to start an instance on an encrypted disk.
const OPERATIONS: [GrantOperation; 8] = [
    GrantOperation::CreateGrant,
    GrantOperation::Decrypt,
    GrantOperation::DescribeKey,
    GrantOperation::Encrypt,
    GrantOperation::GenerateDataKey,
    GrantOperation::GenerateDataKeyWithoutPlaintext,
    GrantOperation::ReEncryptFrom,
    GrantOperation::ReEncryptTo,
];

/// The grant for one service. Grants have no tags: ours is told by its name.
pub(crate) struct DiskGrant {
    site: Arc<Site>,
    addr: &'static str,
    /// The key, by its ARN.
    key: String,
    /// The service's role, made if it isn't there yet: a grant names only who exists.
    role: ServiceLinked,
}

impl DiskGrant {
    /// The grant for one service, if the disks of the site have a key of the customer.
    pub(crate) fn wanted(site: &Arc<Site>, addr: &'static str, role: ServiceLinked) -> Option<Arc<dyn Resource>> {
        let key = site.disk_key.clone()?;
        Some(Arc::new(DiskGrant { site: site.clone(), addr, key, role }))
    }

    fn name(&self) -> String {
        format!("{}-{}", self.site.named("disks"), self.role.role)
    }

    async fn find(&self) -> Result<Option<GrantListEntry>> {
        let name = self.name();
        let mut pages = self.site.aws.kms.list_grants().key_id(&self.key).into_paginator().send();
        while let Some(page) = pages.next().await {
            // A key that is gone has no grants.
            let Some(page) = page.unless("kms:ListGrants", &["NotFoundException"])? else { return Ok(None) };
            if let Some(found) = page.grants().iter().find(|g| g.name() == Some(&name)) {
                return Ok(Some(found.clone()));
            }
        }
        Ok(None)
    }

    fn outputs(&self, id: &str) -> Outputs {
        outputs([("id", id), ("key", &self.key)])
    }
}

#[async_trait]
impl Resource for DiskGrant {
    fn addr(&self) -> Addr {
        self.addr.into()
    }

    fn title(&self) -> String {
        format!("KMS grant {}: {} may use the key of disks", self.name(), self.role.role)
    }

    fn needs(&self) -> Vec<Addr> {
        Vec::new()
    }

    async fn read(&self, _: &Context) -> Result<Observed> {
        let Some(grant) = self.find().await? else { return Ok(Observed::Absent) };
        let seen = self.outputs(grant.grant_id().unwrap_or_default());
        Ok(absent_or(Some(live(seen, Owner::Ours, Diff::default(), Readiness::Ready))))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        self.role.make(&self.site).await?;
        // The same name and content twice are one grant.
        let call = self.site.aws.kms.create_grant().key_id(&self.key).name(self.name());
        let call = call.grantee_principal(self.role.arn(&self.site)).set_operations(Some(OPERATIONS.to_vec()));
        let made = call.send().await.call("kms:CreateGrant")?;
        Ok(self.outputs(made.grant_id().unwrap_or_default()))
    }

    async fn delete(&self, _: &Context, live: &Live) -> Result<()> {
        let Some(id) = live.outputs.get("id") else { return Ok(()) };
        let call = self.site.aws.kms.revoke_grant().key_id(&self.key).grant_id(id).send().await;
        call.unless("kms:RevokeGrant", &["NotFoundException"])?;
        Ok(())
    }
}
