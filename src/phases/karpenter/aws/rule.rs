//! EventBridge rules that send to the queue what Karpenter acts on. Rule and target are separate calls: a target that is missing after
//! a crash is put by the next run.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_eventbridge::types::Target;
use serde_json::{Value, json};

use crate::aws::tags::{self, Tags};
use crate::aws::{Call, policy};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Error, ErrorClass, Readiness, Result};
use crate::phases::site::{Diff, Site, absent_or, live, not_ours, outputs};

use super::queue;

const TARGET: &str = "karpenter";

/// What a rule listens to.
pub(super) struct About {
    /// The last part of the address and of the name.
    part: &'static str,
    source: &'static str,
    detail_type: &'static str,
}

/// All rules. Source: karpenter-provider-aws 1.14, interruption handling.
pub(super) const RULES: &[About] = &[
    About { part: "health", source: "aws.health", detail_type: "AWS Health Event" },
    About { part: "spot", source: "aws.ec2", detail_type: "EC2 Spot Instance Interruption Warning" },
    About { part: "rebalance", source: "aws.ec2", detail_type: "EC2 Instance Rebalance Recommendation" },
    About { part: "state", source: "aws.ec2", detail_type: "EC2 Instance State-change Notification" },
    About {
        part: "capacity",
        source: "aws.ec2",
        detail_type: "EC2 Capacity Reservation Instance Interruption Warning",
    },
];

/// A rule.
pub(super) struct Rule {
    pub(super) site: Arc<Site>,
    pub(super) about: &'static About,
}

/// A rule as it is.
struct Seen {
    arn: String,
    pattern: Value,
    enabled: bool,
    tags: Tags,
    targets: Vec<(String, String)>,
}

impl Rule {
    fn name(&self) -> String {
        self.site.named(&format!("karpenter-{}", self.about.part))
    }

    fn tags(&self) -> Tags {
        self.site.tags(&self.addr(), &self.name())
    }

    fn pattern(&self) -> Value {
        json!({"source": [self.about.source], "detail-type": [self.about.detail_type]})
    }

    fn target(&self) -> String {
        self.site.arn("sqs", &queue::name(&self.site))
    }

    fn has_target(&self, seen: &Seen) -> bool {
        seen.targets.iter().any(|(_, arn)| *arn == self.target())
    }

    async fn see(&self) -> Result<Option<Seen>> {
        let (events, absent) = (&self.site.aws.events, ["ResourceNotFoundException"]);
        let call = events.describe_rule().name(self.name()).send().await;
        let Some(rule) = call.unless("events:DescribeRule", &absent)? else { return Ok(None) };
        let arn = rule.arn().unwrap_or_default().to_owned();
        let tags = events.list_tags_for_resource().resource_arn(&arn).send().await;
        let tags = tags::from_events(tags.call("events:ListTagsForResource")?.tags());
        let targets = events.list_targets_by_rule().rule(self.name()).send().await.call("events:ListTargetsByRule")?;
        Ok(Some(Seen {
            pattern: rule.event_pattern().and_then(|p| serde_json::from_str(p).ok()).unwrap_or(Value::Null),
            enabled: rule.state().is_none_or(|s| s.as_str() == "ENABLED"),
            targets: targets.targets().iter().map(|t| (t.id().to_owned(), t.arn().to_owned())).collect(),
            arn,
            tags,
        }))
    }
}

#[async_trait]
impl Resource for Rule {
    fn addr(&self) -> Addr {
        Addr::new(format!("karpenter/rule-{}", self.about.part))
    }

    fn title(&self) -> String {
        format!("EventBridge rule for “{}”", self.about.detail_type)
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["karpenter/queue".into()]
    }

    async fn read(&self, _: &Context) -> Result<Observed> {
        let Some(seen) = self.see().await? else { return Ok(Observed::Absent) };
        let mut diff = Diff::default();
        diff.must("pattern", policy::same(&seen.pattern, &self.pattern()), "another pattern", "ours");
        diff.update("enabled", seen.enabled, true);
        diff.must("target", self.has_target(&seen), "missing", "the queue");
        diff.tags(&seen.tags, &self.tags());
        let outputs = outputs([("arn", seen.arn.as_str())]);
        Ok(absent_or(Some(live(outputs, self.site.owner(&seen.tags), diff, Readiness::Ready))))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        let (events, name) = (&self.site.aws.events, self.name());
        let seen = self.see().await?;
        if let Some(seen) = &seen {
            not_ours(&self.addr(), &format!("the rule {name}"), &self.site.owner(&seen.tags))?;
        }
        let same = |s: &Seen| s.enabled && policy::same(&s.pattern, &self.pattern());
        if !seen.as_ref().is_some_and(same) {
            let call = events.put_rule().name(&name).event_pattern(self.pattern().to_string());
            let call = call.description("What Karpenter acts on");
            // PutRule takes tags only when it makes the rule.
            let call = if seen.is_none() { call.set_tags(Some(tags::events(&self.tags()))) } else { call };
            call.send().await.call("events:PutRule")?;
        }
        if let Some(seen) = seen.as_ref().filter(|s| self.tags().iter().any(|(k, v)| s.tags.get(k) != Some(v))) {
            let call = events.tag_resource().resource_arn(&seen.arn).set_tags(Some(tags::events(&self.tags())));
            call.send().await.call("events:TagResource")?;
        }
        if !seen.as_ref().is_some_and(|s| self.has_target(s)) {
            let bug = |e: aws_sdk_eventbridge::error::BuildError| {
                Error::new(ErrorClass::Bug, "a target can't be built").caused_by(e.to_string())
            };
            let target = Target::builder().id(TARGET).arn(self.target()).build().map_err(bug)?;
            let answer = events.put_targets().rule(&name).targets(target).send().await.call("events:PutTargets")?;
            if let Some(failed) = answer.failed_entries().first() {
                let why = failed.error_message().unwrap_or("no reason given");
                return Err(
                    Error::new(ErrorClass::Transient, format!("the rule {name} takes no target")).caused_by(why)
                );
            }
        }
        Ok(outputs([("arn", self.site.arn("events", &format!("rule/{name}")).as_str())]))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        let Some(seen) = self.see().await? else { return Ok(()) };
        let (events, name, gone) = (&self.site.aws.events, self.name(), ["ResourceNotFoundException"]);
        if !seen.targets.is_empty() {
            let ids = seen.targets.into_iter().map(|(id, _)| id).collect();
            events
                .remove_targets()
                .rule(&name)
                .set_ids(Some(ids))
                .send()
                .await
                .unless("events:RemoveTargets", &gone)?;
        }
        events.delete_rule().name(&name).send().await.unless("events:DeleteRule", &gone)?;
        Ok(())
    }
}
