//! A database, a bucket and secrets as another team made them.

use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use kfctl_cn::aws::Clients;
use kfctl_cn::config::{Config, ExistingDatabase};

use super::vpc::Vpc;

/// What the password is: no message may show it.
pub const PASSWORD: &str = "team-password-nobody-may-see";

/// The configuration for all that the team made.
pub fn use_all(config: &mut Config) {
    let data = &mut config.spec.data;
    data.existing_bucket = Some("team-artifacts".into());
    data.existing_s3_secret = Some("team/s3".into());
    data.database.existing = Some(database());
}

/// The database by its identifier.
pub fn database() -> ExistingDatabase {
    let (instance, secret) = (Some("team-mysql".into()), "team/mysql".into());
    ExistingDatabase { instance, cluster: None, host: None, port: None, secret }
}

/// A bucket in a region.
pub async fn bucket(aws: &Clients, name: &str) {
    let place = CreateBucketConfiguration::builder();
    let place = place.location_constraint(BucketLocationConstraint::from(aws.region().as_str())).build();
    aws.s3.create_bucket().bucket(name).create_bucket_configuration(place).send().await.unwrap();
}

/// Lets a bucket encrypt with a key.
pub async fn encrypt(aws: &Clients, bucket: &str, key: &str) {
    let by = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::AwsKms);
    let rule = ServerSideEncryptionRule::builder();
    let rule = rule.apply_server_side_encryption_by_default(by.kms_master_key_id(key).build().unwrap()).build();
    let all = ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
    let call = aws.s3.put_bucket_encryption().bucket(bucket).server_side_encryption_configuration(all);
    call.send().await.unwrap();
}

/// A JSON secret.
pub async fn secret(aws: &Clients, name: &str, fields: serde_json::Value) {
    aws.secrets.create_secret().name(name).secret_string(fields.to_string()).send().await.unwrap();
}

/// An instance in a VPC, on a port, behind a group of its own. Returns host and group.
pub async fn instance(aws: &Clients, vpc: &Vpc, engine: &str, version: &str) -> (String, String) {
    let group = aws.ec2.create_security_group().group_name("team-db").description("team").vpc_id(&vpc.id);
    let group = group.send().await.unwrap().group_id.unwrap();
    let subnets = aws.rds.create_db_subnet_group().db_subnet_group_name("team").db_subnet_group_description("team");
    subnets.set_subnet_ids(Some(vpc.private.clone())).send().await.unwrap();
    let call = aws.rds.create_db_instance().db_instance_identifier("team-mysql").db_instance_class("db.m5.large");
    let call = call.engine(engine).engine_version(version).allocated_storage(20).port(3307);
    let call = call.master_username("team").master_user_password(PASSWORD).db_subnet_group_name("team");
    call.vpc_security_group_ids(&group).send().await.unwrap();
    let all = aws.rds.describe_db_instances().db_instance_identifier("team-mysql").send().await.unwrap();
    (all.db_instances()[0].endpoint().unwrap().address().unwrap().to_owned(), group)
}

/// Everything: the database, its login, the bucket and its keys. Returns the database's host and group.
pub async fn make(aws: &Clients, vpc: &Vpc) -> (String, String) {
    let (host, group) = instance(aws, vpc, "mysql", "8.0.42").await;
    let login = serde_json::json!({
        "username": "team", "password": PASSWORD, "host": host, "port": "3307", "database": "kubeflow", "owner": "team",
    });
    secret(aws, "team/mysql", login).await;
    secret(aws, "team/s3", serde_json::json!({"accesskey": "AKIATEAM", "secretkey": PASSWORD})).await;
    bucket(aws, "team-artifacts").await;
    (host, group)
}

/// All that can be seen of it.
pub async fn portrait(aws: &Clients) -> Vec<String> {
    let mut all = Vec::new();
    let databases = aws.rds.describe_db_instances().send().await.unwrap();
    for database in databases.db_instances() {
        let mut database = database.clone();
        // Goes on by itself.
        database.latest_restorable_time = None;
        all.push(format!("{database:?}"));
    }
    let secrets = aws.secrets.list_secrets().send().await.unwrap();
    let theirs = secrets.secret_list().iter().filter(|s| s.name().is_some_and(|n| n.starts_with("team/")));
    all.extend(theirs.map(|s| format!("{:?} {:?} {:?}", s.name(), s.tags(), s.last_changed_date())));
    let s3 = &aws.s3;
    all.push(format!("{:?}", s3.get_bucket_tagging().bucket("team-artifacts").send().await.is_ok()));
    all.push(format!("{:?}", s3.get_bucket_policy().bucket("team-artifacts").send().await.is_ok()));
    all.push(format!("{:?}", s3.get_bucket_versioning().bucket("team-artifacts").send().await.unwrap().status()));
    all
}
