//! What Kubeflow Pipelines reach the bucket with: no choice of the configuration, but something that people should know beforehand.

use std::sync::Arc;

use crate::checks::Checker;
use crate::checks::look::{look, pass};
use crate::config::Config;

const TOPIC: (&str, &str) = ("data", "Keys of the bucket");

/// Its S3 client, minio-go 6, knows no web identity: with a role of the service account alone (IRSA) it can't log in
/// (awslabs/kubeflow-manifests#44, kubeflow/manifests#2061).
pub(super) fn checkers(config: &Config) -> Vec<Arc<dyn Checker>> {
    let user = format!("{}-s3", config.name());
    vec![look(TOPIC, "Pipelines 1.8.2 reach the bucket", move || {
        let seen = format!(
            "with static keys of the IAM user {user}, which may use that bucket only; a role (IRSA) doesn't do"
        );
        async move { pass(seen) }
    })]
}
