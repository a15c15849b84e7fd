//! What people who did this by hand in China ran into, each case with its right value, in both regions: sections A (IAM and partition),
//! C (database, bucket, secrets) and G (going on, removal) of the list of public cases. What a running cluster shows is in [`running`].

mod a;
mod c;
mod g;
pub mod running;

use std::collections::BTreeMap;
use std::time::Duration;

use kfctl_cn::aws::{Clients, policy};
use kfctl_cn::model::Region;
use serde_json::Value;

use crate::faults::{Fault, Rule};
use crate::world::{ACCOUNT, Aws, World, configuration};

/// A whole deployment, in one region after the other.
async fn whole(name: &str, test: impl AsyncFn(&World, Region)) {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration(name, region)).await;
        world.up().await;
        test(&world, region).await;
    }
}

/// An `up` that is dropped, as a killed process is, when a call that never gets its answer is made.
async fn stopped_at(world: &World, call: &str, fault: Fault) {
    world.proxy.faults.set(vec![Rule { call: call.into(), fault, skip: 0, times: usize::MAX }]);
    let stopped = async {
        while !world.proxy.faults.take_fired().contains_key(&(call.to_owned(), fault)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = world.up() => panic!("it can't get past a call that isn't answered"),
        () = stopped => {}
    }
    world.proxy.faults.set(Vec::new());
}

/// Every policy document that is in the account: trusts, inline policies, those of bucket and queue.
async fn documents(aws: &Clients) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for role in aws.iam.list_roles().send().await.unwrap().roles() {
        let name = role.role_name();
        let trust = policy::decode(role.assume_role_policy_document().unwrap());
        all.insert(format!("trust of {name}"), trust);
        for part in aws.iam.list_role_policies().role_name(name).send().await.unwrap().policy_names() {
            let call = aws.iam.get_role_policy().role_name(name).policy_name(part).send().await.unwrap();
            all.insert(format!("{part} of {name}"), policy::decode(call.policy_document()));
        }
    }
    for user in aws.iam.list_users().send().await.unwrap().users() {
        let name = user.user_name();
        for part in aws.iam.list_user_policies().user_name(name).send().await.unwrap().policy_names() {
            let call = aws.iam.get_user_policy().user_name(name).policy_name(part).send().await.unwrap();
            all.insert(format!("{part} of {name}"), policy::decode(call.policy_document()));
        }
    }
    for bucket in aws.s3.list_buckets().send().await.unwrap().buckets() {
        let text = aws.s3.get_bucket_policy().bucket(bucket.name().unwrap()).send().await.unwrap();
        all.insert("the bucket's".into(), serde_json::from_str(text.policy().unwrap()).unwrap());
    }
    for queue in aws.sqs.list_queues().send().await.unwrap().queue_urls() {
        let call = aws.sqs.get_queue_attributes().queue_url(queue);
        let call = call.attribute_names(aws_sdk_sqs::types::QueueAttributeName::All).send().await.unwrap();
        let text = call.attributes().unwrap()[&aws_sdk_sqs::types::QueueAttributeName::Policy].clone();
        all.insert("the queue's".into(), serde_json::from_str(&text).unwrap());
    }
    assert!(all.values().all(Value::is_object), "{all:#?}");
    all
}

/// The managed policies of every role: name to ARNs.
async fn managed(aws: &Clients) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for role in aws.iam.list_roles().send().await.unwrap().roles() {
        let attached = aws.iam.list_attached_role_policies().role_name(role.role_name()).send().await.unwrap();
        let arns = attached.attached_policies().iter().filter_map(|p| p.policy_arn()).map(str::to_owned);
        all.insert(role.role_name().to_owned(), arns.collect());
    }
    all
}

/// `arn:aws-cn:iam::…:role/…` of a role of the deployment.
fn role(name: &str) -> String {
    format!("arn:aws-cn:iam::{ACCOUNT}:role/{name}")
}
