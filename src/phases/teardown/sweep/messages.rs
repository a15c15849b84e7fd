//! SQS and EventBridge: by the names that begin with the deployment's, then by tag.

use crate::aws::{Call, tags};
use crate::model::Result;
use crate::phases::site::Site;

use super::{Answers, Remnant, ours};

pub(super) async fn all(site: &Site) -> Answers {
    vec![("SQS", queues(site).await), ("EventBridge", rules(site).await)]
}

async fn queues(site: &Site) -> Result<Vec<Remnant>> {
    let mut pages = site.aws.sqs.list_queues().queue_name_prefix(site.named("karpenter")).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        for url in page.call("sqs:ListQueues")?.queue_urls() {
            let tags = site.aws.sqs.list_queue_tags().queue_url(url).send().await;
            let gone = ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];
            let Some(tags) = tags.unless("sqs:ListQueueTags", &gone)? else { continue };
            let tags = tags::from_map(tags.tags());
            if ours(site, &tags) {
                all.push(Remnant::new("SQS queue", url.rsplit('/').next().unwrap_or(url), &tags));
            }
        }
    }
    Ok(all)
}

async fn rules(site: &Site) -> Result<Vec<Remnant>> {
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let call = site.aws.events.list_rules().name_prefix(site.named("karpenter-")).set_next_token(next);
        let page = call.send().await.call("events:ListRules")?;
        for rule in page.rules() {
            let tags = site.aws.events.list_tags_for_resource().resource_arn(rule.arn().unwrap_or_default());
            let tags = tags.send().await.unless("events:ListTagsForResource", &["ResourceNotFoundException"])?;
            let tags = tags.map(|t| tags::from_events(t.tags())).unwrap_or_default();
            if ours(site, &tags) {
                all.push(Remnant::new("EventBridge rule", rule.name().unwrap_or_default(), &tags));
            }
        }
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            return Ok(all);
        }
    }
}
