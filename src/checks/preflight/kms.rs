//! Customer-managed keys: that they are there, can encrypt, and leave it to IAM who uses them.

use std::sync::Arc;

use aws_sdk_kms::types::{KeyMetadata, KeySpec, KeyState};

use crate::aws::{Call, Clients};
use crate::checks::look::{fail, look, pass, warn};
use crate::checks::{Checker, Verdict};
use crate::config::Config;
use crate::model::Result;

const TOPIC: (&str, &str) = ("keys", "Encryption keys");

/// A check for each field that names a key.
pub(super) fn checkers(config: &Arc<Config>, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    let spec = &config.spec;
    let named = [
        ("spec.cluster.kmsKeyArn", &spec.cluster.kms_key_arn),
        ("spec.cluster.diskKmsKeyArn", &spec.cluster.disk_kms_key_arn),
        ("spec.data.kmsKeyArn", &spec.data.kms_key_arn),
    ];
    let named = named.into_iter().filter_map(|(field, arn)| arn.clone().map(|arn| (field, arn)));
    named.map(|(field, arn)| one(field, arn, clients)).collect()
}

fn one(field: &'static str, arn: String, clients: &Clients) -> Arc<dyn Checker> {
    let aws = clients.clone();
    look(TOPIC, format!("the key of `{field}` can encrypt"), move || {
        let (aws, arn) = (aws.clone(), arn.clone());
        async move { judge(&aws, &arn, field).await }
    })
}

async fn judge(aws: &Clients, arn: &str, field: &str) -> Result<Verdict> {
    let found = aws.kms.describe_key().key_id(arn).send().await;
    let Some(key) = found.unless("kms:DescribeKey", &["NotFoundException"])?.and_then(|f| f.key_metadata) else {
        return fail(format!("there is no key {arn}"), format!("set `{field}` to the ARN of a key"));
    };
    if let Some(why) = unfit(&key) {
        return fail(why, "enable it in the KMS console, or name another key");
    }
    let policy = aws.kms.get_key_policy().key_id(arn).policy_name("default").send().await;
    let policy = policy.unless("kms:GetKeyPolicy", &["NotFoundException", "AccessDeniedException"])?;
    match policy.and_then(|p| p.policy) {
        // Source: KMS developer guide, default key policy.
        Some(text) if !text.contains(":root\"") => warn(
            "its policy doesn't leave it to IAM who uses it",
            "let the account's root (`arn:aws-cn:iam::<account>:root`) do `kms:*` in the key's policy, or name there whoever runs \
             kfctl-cn and the roles that it makes",
        ),
        _ => pass(arn),
    }
}

/// Why a key can't encrypt what is kept with it. Source: KMS API reference, KeyMetadata.
fn unfit(key: &KeyMetadata) -> Option<String> {
    let state = key.key_state().map_or("without a state", |state| state.as_str());
    if key.key_state() != Some(&KeyState::Enabled) {
        return Some(format!("it is {state}"));
    }
    let spec = key.key_spec().map_or("without a kind", |spec| spec.as_str());
    (key.key_spec() != Some(&KeySpec::SymmetricDefault)).then(|| format!("it is {spec}: a symmetric key is needed"))
}
