//! The IAM user whose keys Kubeflow Pipelines 1.8.2 uses for the bucket: its S3 client (minio-go 6) knows no web identity, so that
//! IRSA alone doesn't reach S3. The user may use that bucket and nothing else.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::aws::tags::{self, Tags};
use crate::aws::{Call, policy};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Readiness, Region, Result};
use crate::phases::site::{Diff, Site, absent_or, live, not_ours, not_visible, outputs, use_key};

const POLICY: &str = "bucket";

/// The IAM user.
pub(super) struct S3User {
    pub(super) site: Arc<Site>,
    pub(super) bucket: String,
    /// True if the bucket was there before: its key may be one of the customer's own.
    pub(super) existing: bool,
}

/// A user as it is.
struct Seen {
    tags: Tags,
    policy: Option<Value>,
    boundary: Option<String>,
}

/// What the user may do. The pipelines' API server asks for the bucket's existence at its start, for which it needs `s3:ListBucket`.
fn statements(bucket: &str) -> Vec<Value> {
    let arn = format!("arn:{}:s3:::{bucket}", Region::PARTITION);
    vec![
        json!({
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
            "Resource": arn,
        }),
        json!({
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
            "Resource": format!("{arn}/*"),
        }),
    ]
}

impl S3User {
    fn name(&self) -> String {
        self.site.named("s3")
    }

    fn tags(&self) -> Tags {
        self.site.tags(&self.addr(), &self.name())
    }

    /// The document for the bucket as it is.
    fn policy(&self, cx: &Context) -> Value {
        let mut all = statements(&self.bucket);
        let key = match self.existing {
            true => cx.output("data/bucket", "kms_key"),
            false => self.site.data_key.as_deref(),
        };
        if let Some(key) = key {
            all.push(use_key(self.site.region, "s3", key, &["kms:Decrypt", "kms:GenerateDataKey"], None));
        }
        policy::document(all)
    }

    async fn see(&self) -> Result<Option<Seen>> {
        let (iam, name) = (&self.site.aws.iam, self.name());
        let Some(answer) = iam.get_user().user_name(&name).send().await.unless("iam:GetUser", &["NoSuchEntity"])?
        else {
            return Ok(None);
        };
        let call = iam.get_user_policy().user_name(&name).policy_name(POLICY).send().await;
        let document = call.unless("iam:GetUserPolicy", &["NoSuchEntity"])?;
        Ok(Some(Seen {
            tags: answer.user().map(|u| tags::from_iam(u.tags())).unwrap_or_default(),
            policy: document.map(|d| policy::decode(d.policy_document())),
            boundary: answer
                .user()
                .and_then(|u| u.permissions_boundary())
                .and_then(|b| b.permissions_boundary_arn())
                .map(str::to_owned),
        }))
    }
}

#[async_trait]
impl Resource for S3User {
    fn addr(&self) -> Addr {
        "data/s3-user".into()
    }

    fn title(&self) -> String {
        format!("IAM user {}, limited to the bucket", self.name())
    }

    fn needs(&self) -> Vec<Addr> {
        if self.existing { vec!["data/bucket".into()] } else { Vec::new() }
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(seen) = self.see().await? else { return Ok(Observed::Absent) };
        let mut diff = Diff::default();
        let same = seen.policy.is_some_and(|p| policy::same(&p, &self.policy(cx)));
        diff.must("policy", same, "missing or another document", "ours");
        if let Some(wanted) = &self.site.boundary {
            diff.update("permissionsBoundary", seen.boundary.as_deref().unwrap_or("(none)"), wanted);
        }
        diff.tags(&seen.tags, &self.tags());
        let outputs = outputs([("name", self.name().as_str())]);
        Ok(absent_or(Some(live(outputs, self.site.owner(&seen.tags), diff, Readiness::Ready))))
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let (iam, name) = (&self.site.aws.iam, self.name());
        if self.see().await?.is_none() {
            let call = iam.create_user().user_name(&name).set_tags(Some(tags::iam(&self.tags())));
            call.set_permissions_boundary(self.site.boundary.clone())
                .send()
                .await
                .unless("iam:CreateUser", &["EntityAlreadyExists"])?;
        }
        let Some(seen) = self.see().await? else { return Err(not_visible(&self.addr())) };
        not_ours(&self.addr(), &format!("the user {name}"), &self.site.owner(&seen.tags))?;
        if let Some(wanted) = self.site.boundary.as_ref().filter(|b| seen.boundary.as_ref() != Some(b)) {
            let call = iam.put_user_permissions_boundary().user_name(&name).permissions_boundary(wanted);
            call.send().await.call("iam:PutUserPermissionsBoundary")?;
        }
        let wanted = self.policy(cx);
        if seen.policy.is_none_or(|p| !policy::same(&p, &wanted)) {
            let call = iam.put_user_policy().user_name(&name).policy_name(POLICY).policy_document(wanted.to_string());
            call.send().await.call("iam:PutUserPolicy")?;
        }
        if self.tags().iter().any(|(k, v)| seen.tags.get(k) != Some(v)) {
            let call = iam.tag_user().user_name(&name).set_tags(Some(tags::iam(&self.tags()))).send().await;
            call.call("iam:TagUser")?;
        }
        Ok(outputs([("name", name.as_str())]))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        let (iam, name) = (&self.site.aws.iam, self.name());
        let Some(keys) =
            iam.list_access_keys().user_name(&name).send().await.unless("iam:ListAccessKeys", &["NoSuchEntity"])?
        else {
            return Ok(());
        };
        for key in keys.access_key_metadata().iter().filter_map(|k| k.access_key_id()) {
            let call = iam.delete_access_key().user_name(&name).access_key_id(key).send().await;
            call.unless("iam:DeleteAccessKey", &["NoSuchEntity"])?;
        }
        let call = iam.delete_user_policy().user_name(&name).policy_name(POLICY).send().await;
        call.unless("iam:DeleteUserPolicy", &["NoSuchEntity"])?;
        iam.delete_user().user_name(&name).send().await.unless("iam:DeleteUser", &["NoSuchEntity"])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{policy, statements};
    use crate::phases::data::bucket::tls_only;

    #[test]
    fn the_user_may_use_one_bucket_and_the_bucket_refuses_plain_http() {
        insta::assert_snapshot!(
            serde_json::to_string_pretty(&policy::document(statements("kf-111122223333-cn-north-1"))).unwrap()
        );
        insta::assert_snapshot!(serde_json::to_string_pretty(&tls_only("kf-111122223333-cn-north-1")).unwrap());
    }
}
