//! The queue through which Karpenter hears that instances will go.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::aws::tags::{self, Tags};
use crate::aws::{Call, policy};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, live, not_ours, outputs};

const ABSENT: &[&str] =
    &["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "com.amazonaws.sqs#QueueDoesNotExist"];
/// What Karpenter hasn't read after five minutes is of no use any more. Source: karpenter-provider-aws 1.14.
const RETENTION_SECONDS: &str = "300";

/// The queue's name.
pub(super) fn name(site: &Site) -> String {
    site.named("karpenter")
}

/// The queue.
pub(super) struct Queue {
    pub(super) site: Arc<Site>,
}

/// Who may send: our rules, through EventBridge, whose principal keeps `.amazonaws.com` in China
/// (terraform-aws-modules/terraform-aws-eks#2932); a rule of others could make Karpenter empty nodes. SQS itself, of this account, as
/// the permissions of Karpenter's release have it. Nobody without TLS.
/// Source: EventBridge user guide, resource-based policies for SQS.
pub(super) fn queue_policy(arn: &str, account: &str, rules: &str) -> Value {
    policy::document(vec![
        json!({
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnLike": {"aws:SourceArn": rules}},
        }),
        json!({
            "Effect": "Allow",
            "Principal": {"Service": "sqs.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        }),
        json!({
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }),
    ])
}

impl Queue {
    fn arn(&self) -> String {
        self.site.arn("sqs", &name(&self.site))
    }

    fn tags(&self) -> Tags {
        self.site.tags(&self.addr(), &name(&self.site))
    }

    fn outputs(&self, url: &str) -> Outputs {
        outputs([("name", name(&self.site).as_str()), ("arn", &self.arn()), ("url", url)])
    }

    fn policy(&self) -> Value {
        let rules = self.site.arn("events", &format!("rule/{}-*", name(&self.site)));
        queue_policy(&self.arn(), &self.site.account, &rules)
    }

    fn attributes(&self) -> HashMap<QueueAttributeName, String> {
        HashMap::from([
            (QueueAttributeName::MessageRetentionPeriod, RETENTION_SECONDS.to_owned()),
            (QueueAttributeName::SqsManagedSseEnabled, "true".to_owned()),
            (QueueAttributeName::Policy, self.policy().to_string()),
        ])
    }

    async fn url(&self) -> Result<Option<String>> {
        let call = self.site.aws.sqs.get_queue_url().queue_name(name(&self.site)).send().await;
        Ok(call.unless("sqs:GetQueueUrl", ABSENT)?.and_then(|a| a.queue_url))
    }

    async fn tags_of(&self, url: &str) -> Result<Tags> {
        let call = self.site.aws.sqs.list_queue_tags().queue_url(url).send().await;
        Ok(tags::from_map(call.call("sqs:ListQueueTags")?.tags()))
    }

    /// The attributes that differ.
    async fn differing(&self, url: &str) -> Result<Vec<QueueAttributeName>> {
        let call = self.site.aws.sqs.get_queue_attributes().queue_url(url);
        let call = call.attribute_names(QueueAttributeName::All).send().await.call("sqs:GetQueueAttributes")?;
        let live = call.attributes.unwrap_or_default();
        let same = |name: &QueueAttributeName, wanted: &str| {
            let seen = live.get(name).map_or("", String::as_str);
            let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
            seen == wanted || (*name == QueueAttributeName::Policy && policy::same(&json(seen), &json(wanted)))
        };
        let mut differing: Vec<_> =
            self.attributes().into_iter().filter(|(name, wanted)| !same(name, wanted)).map(|(name, _)| name).collect();
        differing.sort();
        Ok(differing)
    }
}

#[async_trait]
impl Resource for Queue {
    fn addr(&self) -> Addr {
        "karpenter/queue".into()
    }

    fn title(&self) -> String {
        format!("SQS queue {}", name(&self.site))
    }

    async fn read(&self, _: &Context) -> Result<Observed> {
        let Some(url) = self.url().await? else { return Ok(Observed::Absent) };
        let tags = self.tags_of(&url).await?;
        let mut diff = Diff::default();
        for attribute in self.differing(&url).await? {
            diff.must(attribute.as_str(), false, "another value", "ours");
        }
        diff.tags(&tags, &self.tags());
        Ok(absent_or(Some(live(self.outputs(&url), self.site.owner(&tags), diff, Readiness::Ready))))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        let sqs = &self.site.aws.sqs;
        let Some(url) = self.url().await? else {
            // The same call with the same attributes yields the same queue.
            let call = sqs.create_queue().queue_name(name(&self.site)).set_attributes(Some(self.attributes()));
            let made = call.set_tags(Some(tags::map(&self.tags()))).send().await.call("sqs:CreateQueue")?;
            return Ok(self.outputs(made.queue_url().unwrap_or_default()));
        };
        let live = self.tags_of(&url).await?;
        not_ours(&self.addr(), "the queue", &self.site.owner(&live))?;
        if !self.differing(&url).await?.is_empty() {
            let call = sqs.set_queue_attributes().queue_url(&url).set_attributes(Some(self.attributes()));
            call.send().await.call("sqs:SetQueueAttributes")?;
        }
        if self.tags().iter().any(|(k, v)| live.get(k) != Some(v)) {
            let call = sqs.tag_queue().queue_url(&url).set_tags(Some(tags::map(&self.tags())));
            call.send().await.call("sqs:TagQueue")?;
        }
        Ok(self.outputs(&url))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        if let Some(url) = self.url().await? {
            self.site.aws.sqs.delete_queue().queue_url(url).send().await.unless("sqs:DeleteQueue", ABSENT)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::queue_policy;

    #[test]
    fn senders_keep_the_global_names_and_plain_http_is_refused() {
        let rules = "arn:aws-cn:events:cn-north-1:111122223333:rule/kf-karpenter-*";
        let policy = queue_policy("arn:aws-cn:sqs:cn-north-1:111122223333:kf-karpenter", "111122223333", rules);
        insta::assert_snapshot!(serde_json::to_string_pretty(&policy).unwrap(), @r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Principal": {
                "Service": "events.amazonaws.com"
              },
              "Action": "sqs:SendMessage",
              "Resource": "arn:aws-cn:sqs:cn-north-1:111122223333:kf-karpenter",
              "Condition": {
                "ArnLike": {
                  "aws:SourceArn": "arn:aws-cn:events:cn-north-1:111122223333:rule/kf-karpenter-*"
                }
              }
            },
            {
              "Effect": "Allow",
              "Principal": {
                "Service": "sqs.amazonaws.com"
              },
              "Action": "sqs:SendMessage",
              "Resource": "arn:aws-cn:sqs:cn-north-1:111122223333:kf-karpenter",
              "Condition": {
                "StringEquals": {
                  "aws:SourceAccount": "111122223333"
                }
              }
            },
            {
              "Effect": "Deny",
              "Principal": "*",
              "Action": "sqs:*",
              "Resource": "arn:aws-cn:sqs:cn-north-1:111122223333:kf-karpenter",
              "Condition": {
                "Bool": {
                  "aws:SecureTransport": "false"
                }
              }
            }
          ]
        }
        "#);
    }
}
