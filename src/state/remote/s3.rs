//! Objects in S3, written with the conditions that S3 has: `If-None-Match: *` and `If-Match: <etag>`. A refused condition is
//! 412 PreconditionFailed, one that meets a write under way 409 ConditionalRequestConflict; `If-Match` of an object that is
//! gone is 404. Source: S3 user guide, conditional requests (docs.amazonaws.cn has the same pages for China).

use async_trait::async_trait;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::BucketVersioningStatus;

use crate::aws::bucket::ELSEWHERE;
use crate::aws::{Call, Clients};
use crate::model::{Error, ErrorClass, Result};

use super::objects::{Objects, Only, Put};

/// The codes of a write whose condition didn't hold.
const REFUSED: [&str; 3] = ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"];

/// A prefix in a bucket of the region of the clients.
pub struct S3Objects {
    clients: Clients,
    bucket: String,
    prefix: String,
}

impl S3Objects {
    /// The objects below `prefix/name`, or below `name` if the prefix is empty.
    pub fn new(clients: Clients, bucket: &str, prefix: &str, name: &str) -> S3Objects {
        let prefix = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        S3Objects { clients, bucket: bucket.to_owned(), prefix }
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }

    fn no_bucket(&self) -> Error {
        let region = self.clients.region();
        Error::new(ErrorClass::Config, format!("there is no bucket {} for the state in {region}", self.bucket))
            .hint(format!("make it, once for all deployments: aws s3 mb s3://{} --region {region}", self.bucket))
            .hint("or name another one in `spec.state.backend`: it must be in the region of the deployment")
    }

    fn not_encrypted(&self) -> Error {
        let rule = r#"'{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'"#;
        Error::new(ErrorClass::Config, format!("the bucket {} doesn't encrypt what is put into it", self.bucket)).hint(
            format!(
                "aws s3api put-bucket-encryption --bucket {} --server-side-encryption-configuration {rule}",
                self.bucket
            ),
        )
    }
}

fn denied(error: &Error) -> bool {
    error.class == ErrorClass::Permanent && error.chain[0].contains("AccessDenied")
}

/// An absent object looks like a forbidden one to whom may not list the bucket.
fn may_be_absent(error: Error) -> Error {
    if !denied(&error) {
        return error;
    }
    error.hint("and `s3:ListBucket` on the bucket: without it S3 says the same of an object that isn't there")
}

#[async_trait]
impl Objects for S3Objects {
    fn place(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.prefix)
    }

    /// What the credentials may not look at is left out.
    async fn inspect(&self) -> Result<Vec<String>> {
        let (s3, bucket) = (&self.clients.s3, &self.bucket);
        let missing = [&["NoSuchBucket"][..], &ELSEWHERE].concat();
        let versioning = s3.get_bucket_versioning().bucket(bucket).send().await;
        let versioning = match versioning.unless("s3:GetBucketVersioning", &missing) {
            Ok(Some(answer)) => answer.status == Some(BucketVersioningStatus::Enabled),
            Ok(None) => return Err(self.no_bucket()),
            Err(error) if denied(&error) => true,
            Err(error) => return Err(error),
        };
        let encryption = s3.get_bucket_encryption().bucket(bucket).send().await;
        let none = ["ServerSideEncryptionConfigurationNotFoundError"];
        match encryption.unless("s3:GetEncryptionConfiguration", &none) {
            Ok(Some(_)) => {}
            Err(error) if denied(&error) => {}
            Ok(None) => return Err(self.not_encrypted()),
            Err(error) => return Err(error),
        }
        let advice = format!(
            "the bucket {bucket} keeps no old versions of the state: aws s3api put-bucket-versioning --bucket {bucket} \
             --versioning-configuration Status=Enabled"
        );
        Ok(if versioning { Vec::new() } else { vec![advice] })
    }

    async fn get(&self, name: &str) -> Result<Option<(Vec<u8>, String)>> {
        let call = self.clients.s3.get_object().bucket(&self.bucket).key(self.key(name));
        let Some(answer) = call.send().await.unless("s3:GetObject", &["NoSuchKey"]).map_err(may_be_absent)? else {
            return Ok(None);
        };
        let tag = answer.e_tag.unwrap_or_default();
        let body = answer.body.collect().await.map_err(|_| {
            Error::new(ErrorClass::Transient, format!("s3:GetObject: the answer for {name} was cut off"))
        })?;
        Ok(Some((body.to_vec(), tag)))
    }

    async fn put(&self, name: &str, content: &[u8], only: &Only) -> Result<Put> {
        let call = self.clients.s3.put_object().bucket(&self.bucket).key(self.key(name));
        let call = call.content_type("application/json").body(ByteStream::from(content.to_vec()));
        let call = match only {
            Only::IfAbsent => call.if_none_match("*"),
            Only::IfUnchanged(tag) => call.if_match(tag),
        };
        let answer = call.send().await.unless("s3:PutObject", &REFUSED)?;
        Ok(answer.map_or(Put::Refused, |answer| Put::Done(answer.e_tag.unwrap_or_default())))
    }

    async fn delete(&self, name: &str) -> Result<()> {
        let call = self.clients.s3.delete_object().bucket(&self.bucket).key(self.key(name));
        call.send().await.call("s3:DeleteObject").map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_sdk_s3::presigning::PresigningConfig;

    use super::*;
    use crate::model::Region;

    #[tokio::test]
    async fn requests_go_to_the_endpoint_of_the_region_in_china() {
        for region in Region::ALL {
            let config = aws_config::SdkConfig::builder()
                .behavior_version(aws_config::BehaviorVersion::latest())
                .region(aws_config::Region::new(region.as_str()))
                .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                    aws_credential_types::Credentials::new("AKIAEXAMPLE", "none", None, None, "test"),
                ));
            let objects = S3Objects::new(Clients::from_config(region, config.build()), "states", "team", "kf");
            let call = objects.clients.s3.get_object().bucket(&objects.bucket).key(objects.key("lock"));
            let signed = call.presigned(PresigningConfig::expires_in(Duration::from_secs(60)).unwrap()).await.unwrap();
            let wanted = format!("https://states.s3.{region}.amazonaws.com.cn/team/kf/lock?");
            assert!(signed.uri().starts_with(&wanted), "{}", signed.uri());
            assert_eq!(objects.place(), "s3://states/team/kf");
        }
    }
}
