//! Keys of the customer's own: whoever reads what they encrypt must be allowed to use them.

use serde_json::{Value, json};

use crate::model::Region;

/// Lets a key be used through a service only; `secret` limits it to one secret, which Secrets Manager names to KMS.
///
/// Both forms of the service's host are listed: sources don't agree on which of them KMS in China compares with.
pub(super) fn use_key(region: Region, service: &str, key: &str, actions: &[&str], secret: Option<&str>) -> Value {
    let host = region.host(service);
    let mut equals = json!({"kms:ViaService": [host, host.trim_end_matches(".cn")]});
    if let Some(secret) = secret {
        equals["kms:EncryptionContext:SecretARN"] = json!(secret);
    }
    json!({"Effect": "Allow", "Action": actions, "Resource": key, "Condition": {"StringEquals": equals}})
}

#[cfg(test)]
mod tests {
    use super::use_key;
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
}
