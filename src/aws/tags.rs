//! Tags, in the type of each service.

use std::collections::{BTreeMap, HashMap};

/// The tag whose value is the deployment's name: it makes a thing ours.
pub const DEPLOYMENT_TAG: &str = "kfctl-cn/deployment";
/// The tag whose value is the resource's address.
pub const RESOURCE_TAG: &str = "kfctl-cn/resource";

/// Tags as data: key to value.
pub type Tags = BTreeMap<String, String>;

/// The type of EKS and SQS.
pub fn map(tags: &Tags) -> HashMap<String, String> {
    tags.clone().into_iter().collect()
}

/// Back from the type of EKS and SQS.
pub fn from_map(tags: Option<&HashMap<String, String>>) -> Tags {
    tags.into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// One pair of functions for a service whose tags are a list: to its type and back.
macro_rules! list {
    ($to:ident, $from:ident, $tag:path, $service:literal, optional) => {
        #[doc = concat!("The type of ", $service, ".")]
        pub fn $to(tags: &Tags) -> Vec<$tag> {
            tags.iter().map(|(k, v)| <$tag>::builder().key(k).value(v).build()).collect()
        }

        #[doc = concat!("Back from the type of ", $service, ".")]
        pub fn $from(tags: &[$tag]) -> Tags {
            tags.iter()
                .map(|t| (t.key().unwrap_or_default().to_owned(), t.value().unwrap_or_default().to_owned()))
                .collect()
        }
    };
    ($to:ident, $from:ident, $tag:path, $service:literal, required) => {
        #[doc = concat!("The type of ", $service, ".")]
        pub fn $to(tags: &Tags) -> Vec<$tag> {
            // Both fields are set, so that building never fails and nothing is dropped.
            tags.iter().filter_map(|(k, v)| <$tag>::builder().key(k).value(v).build().ok()).collect()
        }

        #[doc = concat!("Back from the type of ", $service, ".")]
        pub fn $from(tags: &[$tag]) -> Tags {
            tags.iter().map(|t| (t.key().to_owned(), t.value().to_owned())).collect()
        }
    };
}

list!(ec2, from_ec2, aws_sdk_ec2::types::Tag, "EC2", optional);
list!(rds, from_rds, aws_sdk_rds::types::Tag, "RDS", optional);
list!(secrets, from_secrets, aws_sdk_secretsmanager::types::Tag, "Secrets Manager", optional);
list!(iam, from_iam, aws_sdk_iam::types::Tag, "IAM", required);
list!(s3, from_s3, aws_sdk_s3::types::Tag, "S3", required);
list!(events, from_events, aws_sdk_eventbridge::types::Tag, "EventBridge", required);
