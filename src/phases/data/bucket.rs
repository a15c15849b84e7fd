//! The bucket of pipelines' artifacts: encrypted, versioned, closed to the public, reachable through TLS only.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, PublicAccessBlockConfiguration,
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    Tagging, VersioningConfiguration,
};
use serde_json::{Value, json};

use crate::aws::bucket::Found;
use crate::aws::tags::{self, Tags};
use crate::aws::{Call, policy};
use crate::engine::{Context, Holds, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Error, ErrorClass, Readiness, Region, Result};
use crate::phases::site::{Diff, Site, absent_or, live, not_ours, outputs};

/// The bucket.
pub(super) struct Bucket {
    pub(super) site: Arc<Site>,
    pub(super) name: String,
}

/// A bucket of this account as it is.
struct Seen {
    tags: Tags,
    encrypted: bool,
    /// The key of the customer that it encrypts with.
    key: Option<String>,
    versioned: bool,
    closed: bool,
    policy: Option<Value>,
    empty: bool,
}

/// What is there under the name.
enum There {
    Nothing,
    /// A bucket that this account can't look into, or one of another region.
    Foreign(String),
    Own(Box<Seen>),
}

/// Refuses every request that isn't made through TLS.
pub(super) fn tls_only(bucket: &str) -> Value {
    let arn = format!("arn:{}:s3:::{bucket}", Region::PARTITION);
    policy::document(vec![json!({
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, format!("{arn}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    })])
}

impl Bucket {
    fn tags(&self) -> Tags {
        self.site.tags(&self.addr(), &self.name)
    }

    /// Whose it is. A bucket of this account under our name that has no tags and is empty is one whose making was stopped between
    /// CreateBucket and PutBucketTagging.
    fn owner(&self, seen: &Seen) -> Owner {
        if seen.tags.is_empty() && seen.empty { Owner::Ours } else { self.site.owner(&seen.tags) }
    }

    async fn see(&self) -> Result<There> {
        let (s3, name) = (&self.site.aws.s3, &self.name);
        match self.site.aws.find_bucket(name, &self.site.account).await? {
            Found::Absent => return Ok(There::Nothing),
            Found::Denied => return Ok(There::Foreign("the name is taken by another account".into())),
            Found::Elsewhere => return Ok(There::Foreign("it is in another region".into())),
            Found::Here => {}
        }
        let tags =
            s3.get_bucket_tagging().bucket(name).send().await.unless("s3:GetBucketTagging", &["NoSuchTagSet"])?;
        let encryption = s3.get_bucket_encryption().bucket(name).send().await;
        let none = ["ServerSideEncryptionConfigurationNotFoundError"];
        let encryption = encryption.unless("s3:GetEncryptionConfiguration", &none)?;
        let versioning = s3.get_bucket_versioning().bucket(name).send().await.call("s3:GetBucketVersioning")?;
        let block = s3.get_public_access_block().bucket(name).send().await;
        let block = block.unless("s3:GetBucketPublicAccessBlock", &["NoSuchPublicAccessBlockConfiguration"])?;
        let block = block.and_then(|b| b.public_access_block_configuration);
        let document = s3.get_bucket_policy().bucket(name).send().await;
        let document = document.unless("s3:GetBucketPolicy", &["NoSuchBucketPolicy"])?.and_then(|p| p.policy);
        let objects = s3.list_objects_v2().bucket(name).max_keys(1).send().await.call("s3:ListBucket")?;
        Ok(There::Own(Box::new(Seen {
            tags: tags.map(|t| tags::from_s3(t.tag_set())).unwrap_or_default(),
            encrypted: encryption.is_some(),
            key: encryption.and_then(|e| e.server_side_encryption_configuration).and_then(|c| {
                c.rules.into_iter().find_map(|r| r.apply_server_side_encryption_by_default?.kms_master_key_id)
            }),
            versioned: versioning.status() == Some(&BucketVersioningStatus::Enabled),
            closed: block.is_some_and(|b| {
                [b.block_public_acls, b.ignore_public_acls, b.block_public_policy, b.restrict_public_buckets]
                    .iter()
                    .all(|on| *on == Some(true))
            }),
            policy: document.and_then(|p| serde_json::from_str(&p).ok()),
            empty: objects.contents().is_empty(),
        })))
    }

    async fn create(&self) -> Result<()> {
        // Outside us-east-1 the location is required. Source: botocore's enum has both regions of China.
        let location = BucketLocationConstraint::from(self.site.region.as_str());
        let configuration = CreateBucketConfiguration::builder().location_constraint(location).build();
        let call = self.site.aws.s3.create_bucket().bucket(&self.name).create_bucket_configuration(configuration);
        let answer = call.send().await;
        match answer.as_ref().err().and_then(|e| e.as_service_error()).and_then(|e| e.code()) {
            // It isn't seen yet: whose it is says the next look.
            Some("BucketAlreadyOwnedByYou") => Ok(()),
            Some("BucketAlreadyExists") => Err(taken(&self.name)),
            _ => answer.call("s3:CreateBucket").map(|_| ()),
        }
    }

    /// Puts right what differs. The policy comes after the block of public access, so that it is never open.
    async fn settle(&self, seen: &Seen) -> Result<()> {
        let (s3, name) = (&self.site.aws.s3, &self.name);
        if self.tags().iter().any(|(k, v)| seen.tags.get(k) != Some(v)) {
            let mut all = seen.tags.clone();
            all.extend(self.tags());
            let tagging = Tagging::builder().set_tag_set(Some(tags::s3(&all))).build().map_err(bug)?;
            s3.put_bucket_tagging().bucket(name).tagging(tagging).send().await.call("s3:PutBucketTagging")?;
        }
        if !seen.closed {
            let all = PublicAccessBlockConfiguration::builder().block_public_acls(true).ignore_public_acls(true);
            let all = all.block_public_policy(true).restrict_public_buckets(true).build();
            let call = s3.put_public_access_block().bucket(name).public_access_block_configuration(all);
            call.send().await.call("s3:PutBucketPublicAccessBlock")?;
        }
        let wanted = self.site.data_key.as_ref();
        if !seen.encrypted || wanted.is_some_and(|key| seen.key.as_ref() != Some(key)) {
            let by = if wanted.is_some() { ServerSideEncryption::AwsKms } else { ServerSideEncryption::Aes256 };
            let by_default = ServerSideEncryptionByDefault::builder().sse_algorithm(by);
            let by_default = by_default.set_kms_master_key_id(wanted.cloned()).build().map_err(bug)?;
            // One data key for many objects: fewer calls to KMS, which are paid for and limited.
            let rule = ServerSideEncryptionRule::builder().set_bucket_key_enabled(wanted.map(|_| true));
            let rule = rule.apply_server_side_encryption_by_default(by_default).build();
            let all = ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(bug)?;
            let call = s3.put_bucket_encryption().bucket(name).server_side_encryption_configuration(all);
            call.send().await.call("s3:PutEncryptionConfiguration")?;
        }
        if !seen.versioned {
            let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
            let call = s3.put_bucket_versioning().bucket(name).versioning_configuration(on);
            call.send().await.call("s3:PutBucketVersioning")?;
        }
        let wanted = tls_only(name);
        if seen.policy.as_ref().is_none_or(|p| !policy::same(p, &wanted)) {
            let call = s3.put_bucket_policy().bucket(name).policy(wanted.to_string());
            call.send().await.call("s3:PutBucketPolicy")?;
        }
        Ok(())
    }
}

fn taken(name: &str) -> Error {
    Error::new(ErrorClass::Permanent, format!("the bucket name {name} is taken by another account"))
        .hint("set `spec.data.bucket` to a name that is free")
}

fn bug(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorClass::Bug, "a request to S3 can't be built").caused_by(error.to_string())
}

#[async_trait]
impl Resource for Bucket {
    fn addr(&self) -> Addr {
        "data/bucket".into()
    }

    fn title(&self) -> String {
        format!("S3 bucket {}", self.name)
    }

    fn holds(&self) -> Option<Holds> {
        Some(Holds { output: "name", name: self.name.clone(), what: super::ARTIFACTS })
    }

    fn kept(&self) -> Option<&'static str> {
        Some("it holds the artifacts of pipelines")
    }

    async fn read(&self, _: &Context) -> Result<Observed> {
        let outputs = outputs([("name", self.name.as_str())]);
        let seen = match self.see().await? {
            There::Nothing => return Ok(Observed::Absent),
            There::Foreign(why) => {
                let other = live(outputs, Owner::Other(why), Diff::default(), Readiness::Ready);
                return Ok(Observed::Present(other));
            }
            There::Own(seen) => seen,
        };
        let mut diff = Diff::default();
        diff.update("encrypted", seen.encrypted, true);
        if let Some(wanted) = &self.site.data_key {
            diff.update("kmsKeyArn", seen.key.as_deref().unwrap_or("(none)"), wanted);
        }
        diff.update("versioned", seen.versioned, true);
        diff.update("publicAccessBlocked", seen.closed, true);
        let same = seen.policy.as_ref().is_some_and(|p| policy::same(p, &tls_only(&self.name)));
        diff.must("policy", same, "missing or another document", "TLS only");
        diff.tags(&seen.tags, &self.tags());
        Ok(absent_or(Some(live(outputs, self.owner(&seen), diff, Readiness::Ready))))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        let mut there = self.see().await?;
        if matches!(there, There::Nothing) {
            self.create().await?;
            there = self.see().await?;
        }
        match there {
            There::Own(seen) => {
                not_ours(&self.addr(), &format!("the bucket {}", self.name), &self.owner(&seen))?;
                self.settle(&seen).await?;
                Ok(outputs([("name", self.name.as_str())]))
            }
            There::Foreign(why) => Err(taken(&self.name).caused_by(why)),
            There::Nothing => Err(crate::phases::site::not_visible(&self.addr())),
        }
    }

    async fn delete(&self, cx: &Context, _: &Live) -> Result<()> {
        if matches!(self.see().await?, There::Nothing) {
            return Ok(());
        }
        super::bucket_empty::empty(&self.site, &self.name, cx).await?;
        let call = self.site.aws.s3.delete_bucket().bucket(&self.name).send().await;
        call.unless("s3:DeleteBucket", &["NoSuchBucket"])?;
        Ok(())
    }
}
