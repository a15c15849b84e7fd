//! A bucket that was there before.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::types::ServerSideEncryption;

use crate::aws::Call;
use crate::aws::bucket::Found;
use crate::engine::{Context, Holds, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Result};
use crate::phases::data::ARTIFACTS;
use crate::phases::site::{Site, borrowed, outputs, use_only};

/// The bucket. It has the address of one of our own.
pub(in crate::phases::data) struct ExistingBucket {
    pub(in crate::phases::data) site: Arc<Site>,
    pub(in crate::phases::data) name: String,
}

impl ExistingBucket {
    /// Why it can't be used, if so.
    async fn wrong(&self) -> Result<Option<String>> {
        let (s3, name) = (&self.site.aws.s3, &self.name);
        let region = self.site.region;
        let wrong = match self.site.aws.find_bucket(name, &self.site.account).await? {
            Found::Absent => format!("there is no bucket {name}"),
            Found::Denied => format!("the bucket {name} is of another account, or this one may not look at it"),
            Found::Elsewhere => format!("the bucket {name} is in another region than {region}"),
            Found::Here => String::new(),
        };
        if !wrong.is_empty() {
            return Ok(Some(wrong));
        }
        let place = s3.get_bucket_location().bucket(name).send().await.call("s3:GetBucketLocation")?;
        let place = place.location_constraint().map(|l| l.as_str().to_owned()).unwrap_or_default();
        Ok((place != region.as_str()).then(|| format!("the bucket {name} is in {place}, not in {region}")))
    }

    /// The KMS key that its objects are encrypted with, as an ARN; one known by its alias only is any key of the region.
    async fn key(&self) -> Result<Option<String>> {
        let call = self.site.aws.s3.get_bucket_encryption().bucket(&self.name).send().await;
        let none = ["ServerSideEncryptionConfigurationNotFoundError"];
        let found = call.unless("s3:GetEncryptionConfiguration", &none)?;
        let rules = found.and_then(|f| f.server_side_encryption_configuration).map(|c| c.rules).unwrap_or_default();
        let by_kms = |rule: &aws_sdk_s3::types::ServerSideEncryptionRule| {
            let default = rule.apply_server_side_encryption_by_default()?;
            let kms = [ServerSideEncryption::AwsKms, ServerSideEncryption::AwsKmsDsse];
            kms.contains(default.sse_algorithm()).then(|| default.kms_master_key_id().unwrap_or_default().to_owned())
        };
        let key = rules.iter().find_map(by_kms);
        Ok(key.map(|key| match key.as_str() {
            arn if arn.starts_with("arn:") && arn.contains(":key/") => key,
            id if !id.is_empty() && !id.contains("alias/") => self.site.arn("kms", &format!("key/{id}")),
            _ => self.site.arn("kms", "key/*"),
        }))
    }
}

#[async_trait]
impl Resource for ExistingBucket {
    fn addr(&self) -> Addr {
        "data/bucket".into()
    }

    fn title(&self) -> String {
        format!("Existing S3 bucket {}", self.name)
    }

    fn holds(&self) -> Option<Holds> {
        Some(Holds { output: "name", name: self.name.clone(), what: ARTIFACTS })
    }

    async fn read(&self, _: &Context) -> Result<Observed> {
        if let Some(why) = self.wrong().await? {
            return Ok(borrowed(Outputs::new(), vec![why]));
        }
        let key = self.key().await?.unwrap_or_default();
        Ok(borrowed(outputs([("name", self.name.as_str()), ("kms_key", &key)]), Vec::new()))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        Err(use_only(&self.addr()))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        Err(use_only(&self.addr()))
    }
}
