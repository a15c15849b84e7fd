//! The state in a bucket: conditional writes, faults of the network, and the program with it.

mod faults;
mod objects;
mod program;

use std::sync::Arc;

use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    VersioningConfiguration,
};
use kfctl_cn::aws::Clients;
use kfctl_cn::state::S3Objects;

const BUCKET: &str = "kfctl-cn-states";

/// The objects of a deployment in the bucket.
fn objects(clients: &Clients) -> Arc<S3Objects> {
    Arc::new(S3Objects::new(clients.clone(), BUCKET, "team", "kf"))
}

/// Makes the bucket, as somebody would once for all deployments.
async fn bucket(clients: &Clients) {
    let location = BucketLocationConstraint::from(clients.region().as_str());
    let location = CreateBucketConfiguration::builder().location_constraint(location).build();
    clients.s3.create_bucket().bucket(BUCKET).create_bucket_configuration(location).send().await.unwrap();
}

async fn encrypt(clients: &Clients) {
    let aes = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256).build().unwrap();
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(aes).build();
    let all = ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
    let call = clients.s3.put_bucket_encryption().bucket(BUCKET).server_side_encryption_configuration(all);
    call.send().await.unwrap();
}

async fn keep_versions(clients: &Clients) {
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    clients.s3.put_bucket_versioning().bucket(BUCKET).versioning_configuration(on).send().await.unwrap();
}
