//! The bucket: it answers, and it is closed in every way.

use std::sync::Arc;

use aws_sdk_s3::types::BucketVersioningStatus;

use crate::aws::Call;
use crate::checks::Checker;
use crate::checks::look::{fail, look, pass};

use super::Subject;

const CATEGORY: &str = "bucket";
const UP: &str = "run `kfctl-cn up`";
const GONE: &str = "NoSuchBucket";

pub(super) fn checkers(subject: &Subject) -> Vec<Arc<dyn Checker>> {
    // How a bucket of others is set up is for them to say.
    if subject.config.spec.data.existing_bucket.is_some() {
        return vec![answers(subject.clone())];
    }
    vec![
        answers(subject.clone()),
        encrypted(subject.clone()),
        closed(subject.clone()),
        versioned(subject.clone()),
        tls_only(subject.clone()),
    ]
}

fn bucket(of: &Subject) -> String {
    of.config.bucket(&of.account)
}

fn answers(of: Subject) -> Arc<dyn Checker> {
    look(CATEGORY, format!("{} answers in {}", bucket(&of), of.config.spec.region), move || {
        let (aws, name, region) = (of.aws.clone(), bucket(&of), of.config.spec.region);
        async move {
            let call = aws.s3.get_bucket_location().bucket(&name).send().await;
            let Some(found) = call.unless("s3:GetBucketLocation", &[GONE])? else {
                return fail("there is no such bucket", UP);
            };
            match found.location_constraint().map(|l| l.as_str()) {
                Some(seen) if seen == region.as_str() => pass(""),
                seen => fail(
                    format!("it is in {}", seen.unwrap_or("an unknown region")),
                    "set `spec.data.bucket` to another name",
                ),
            }
        }
    })
}

fn encrypted(of: Subject) -> Arc<dyn Checker> {
    look(CATEGORY, "objects are encrypted by default", move || {
        let (aws, name) = (of.aws.clone(), bucket(&of));
        async move {
            let call = aws.s3.get_bucket_encryption().bucket(&name).send().await;
            let none = ["ServerSideEncryptionConfigurationNotFoundError", GONE];
            match call.unless("s3:GetEncryptionConfiguration", &none)? {
                Some(_) => pass(""),
                None => fail("they aren't", UP),
            }
        }
    })
}

fn closed(of: Subject) -> Arc<dyn Checker> {
    look(CATEGORY, "all public access is blocked", move || {
        let (aws, name) = (of.aws.clone(), bucket(&of));
        async move {
            let call = aws.s3.get_public_access_block().bucket(&name).send().await;
            let block =
                call.unless("s3:GetBucketPublicAccessBlock", &["NoSuchPublicAccessBlockConfiguration", GONE])?;
            let Some(block) = block.and_then(|b| b.public_access_block_configuration) else {
                return fail("it isn't", UP);
            };
            let all = [
                block.block_public_acls,
                block.ignore_public_acls,
                block.block_public_policy,
                block.restrict_public_buckets,
            ];
            if all.iter().all(|on| *on == Some(true)) { pass("") } else { fail("only a part of it is", UP) }
        }
    })
}

fn versioned(of: Subject) -> Arc<dyn Checker> {
    look(CATEGORY, "versions of objects are kept", move || {
        let (aws, name) = (of.aws.clone(), bucket(&of));
        async move {
            let call = aws.s3.get_bucket_versioning().bucket(&name).send().await;
            let found = call.unless("s3:GetBucketVersioning", &[GONE])?;
            if found.is_some_and(|f| f.status() == Some(&BucketVersioningStatus::Enabled)) {
                pass("")
            } else {
                fail("they aren't", UP)
            }
        }
    })
}

fn tls_only(of: Subject) -> Arc<dyn Checker> {
    look(CATEGORY, "plain HTTP is refused", move || {
        let (aws, name) = (of.aws.clone(), bucket(&of));
        async move {
            let call = aws.s3.get_bucket_policy().bucket(&name).send().await;
            let policy = call.unless("s3:GetBucketPolicy", &["NoSuchBucketPolicy", GONE])?.and_then(|p| p.policy);
            if policy.is_some_and(|p| p.contains("aws:SecureTransport")) { pass("") } else { fail("it isn't", UP) }
        }
    })
}
