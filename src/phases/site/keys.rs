//! Keys of the customer's own: whoever reads what they encrypt must be allowed to use them.

use serde_json::{Value, json};

use crate::model::Region;

/// Lets a key be used through a service only; `secret` limits it to one secret, which Secrets Manager names to KMS.
///
/// Both forms of the service's host are listed: sources don't agree on which of them KMS in China compares with.
pub(crate) fn use_key(region: Region, service: &str, key: &str, actions: &[&str], secret: Option<&str>) -> Value {
    let host = region.host(service);
    let mut equals = json!({"kms:ViaService": [host, host.trim_end_matches(".cn")]});
    if let Some(secret) = secret {
        equals["kms:EncryptionContext:SecretARN"] = json!(secret);
    }
    json!({"Effect": "Allow", "Action": actions, "Resource": key, "Condition": {"StringEquals": equals}})
}

/// Lets disks in EC2 be made, attached and copied that are encrypted with the key. What keeps a disk readable while it is attached is a
/// grant that EC2 makes in the caller's name; no other grant may be made. Source: EBS user guide, permissions for encryption.
pub(crate) fn use_for_disks(region: Region, key: &str) -> Vec<Value> {
    let actions = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"];
    let mut grant = use_key(region, "ec2", key, &["kms:CreateGrant"], None);
    grant["Condition"]["Bool"] = json!({"kms:GrantIsForAWSResource": "true"});
    vec![use_key(region, "ec2", key, &actions, None), grant]
}

#[cfg(test)]
mod tests {
    use super::{use_for_disks, use_key};
    use crate::model::Region;

    #[test]
    fn a_key_is_used_through_its_service_and_for_one_secret() {
        let key = "arn:aws-cn:kms:cn-north-1:111122223333:key/*";
        let secret = "arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:team-AbCdEf";
        let statement = use_key(Region::CnNorth1, "secretsmanager", key, &["kms:Decrypt"], Some(secret));
        let equals = &statement["Condition"]["StringEquals"];
        assert_eq!(equals["kms:ViaService"][0], "secretsmanager.cn-north-1.amazonaws.com.cn");
        assert_eq!(equals["kms:ViaService"][1], "secretsmanager.cn-north-1.amazonaws.com");
        assert_eq!(equals["kms:EncryptionContext:SecretARN"], secret);
    }

    #[test]
    fn a_key_for_disks_is_used_by_way_of_ec2_and_granted_to_aws_only() {
        let all = use_for_disks(Region::CnNorthwest1, "arn:aws-cn:kms:cn-northwest-1:111122223333:key/a");
        for statement in &all {
            let via = &statement["Condition"]["StringEquals"]["kms:ViaService"];
            assert_eq!(via[0], "ec2.cn-northwest-1.amazonaws.com.cn");
            assert_eq!(statement["Resource"], "arn:aws-cn:kms:cn-northwest-1:111122223333:key/a");
        }
        let grants: Vec<_> = all.iter().filter(|s| s["Action"].to_string().contains("Grant")).collect();
        assert_eq!(grants.len(), 1);
        assert_eq!(grants[0]["Condition"]["Bool"]["kms:GrantIsForAWSResource"], "true");
    }
}
