//! IAM policy documents as data: building, reading, comparing.

use serde_json::{Value, json};

/// A policy document of these statements.
pub fn document(statements: Vec<Value>) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A trust policy for a service principal, such as `eks.amazonaws.com`.
pub fn trust_service(principal: &str) -> Value {
    document(vec![json!({"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"})])
}

/// A trust policy for a service principal that acts for one resource.
///
/// Source: EKS user guide, cross-service confused deputy prevention (since 2025-08).
pub fn trust_service_for(principal: &str, resource: &str) -> Value {
    document(vec![json!({
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": "sts:AssumeRole",
        "Condition": {"ArnLike": {"aws:SourceArn": resource}},
    })])
}

/// A trust policy for one Kubernetes service account through the cluster's OIDC provider.
///
/// The audience is `sts.amazonaws.com` in China too: eksctl had the `.cn` form for a time and took it back (eksctl#1912).
pub fn trust_service_account(provider_arn: &str, issuer: &str, namespace: &str, account: &str) -> Value {
    let host = issuer.trim_start_matches("https://");
    document(vec![json!({
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            format!("{host}:aud"): "sts.amazonaws.com",
            format!("{host}:sub"): format!("system:serviceaccount:{namespace}:{account}"),
        }},
    })])
}

/// A document as IAM answers it: percent-encoded JSON. `Null` if it can't be read.
pub fn decode(text: &str) -> Value {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = (*first == b'%').then(|| tail.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok().and_then(|json| serde_json::from_str(&json).ok()).unwrap_or(Value::Null)
}

/// True if two documents say the same: AWS may answer a list of one as its element, and lists in another order.
pub fn same(a: &Value, b: &Value) -> bool {
    canonical(a) == canonical(b)
}

fn canonical(value: &Value) -> Value {
    match value {
        Value::Array(items) if items.len() == 1 => canonical(&items[0]),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(canonical).collect();
            items.sort_by_cached_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(k, v)| (k.clone(), canonical(v))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(fields.into_iter().collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_the_same_in_any_order_and_differ_in_any_value() {
        let a = json!({"Statement": [{"Action": ["s3:Get", "s3:Put"], "Resource": ["x"]}], "Version": "1"});
        let b = json!({"Version": "1", "Statement": {"Resource": "x", "Action": ["s3:Put", "s3:Get"]}});
        assert!(same(&a, &b));
        assert!(!same(&a, &json!({"Version": "1", "Statement": {"Resource": "y", "Action": ["s3:Put", "s3:Get"]}})));
    }

    #[test]
    fn a_service_account_trusts_the_provider_of_its_region_with_the_global_audience() {
        for region in crate::model::Region::ALL {
            let issuer = format!("https://oidc.eks.{region}.amazonaws.com.cn/id/ABC");
            let arn = format!("arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.{region}.amazonaws.com.cn/id/ABC");
            let statement = &trust_service_account(&arn, &issuer, "kubeflow", "sa")["Statement"][0];
            assert_eq!(statement["Principal"]["Federated"], arn);
            let equals = &statement["Condition"]["StringEquals"];
            assert_eq!(equals[format!("oidc.eks.{region}.amazonaws.com.cn/id/ABC:aud")], "sts.amazonaws.com");
            assert_eq!(
                equals[format!("oidc.eks.{region}.amazonaws.com.cn/id/ABC:sub")],
                "system:serviceaccount:kubeflow:sa"
            );
        }
    }

    #[test]
    fn a_service_may_take_a_role_for_one_resource_only() {
        let cluster = "arn:aws-cn:eks:cn-north-1:111122223333:cluster/kf";
        let statement = &trust_service_for("eks.amazonaws.com", cluster)["Statement"][0];
        assert_eq!(statement["Principal"]["Service"], "eks.amazonaws.com");
        assert_eq!(statement["Condition"]["ArnLike"]["aws:SourceArn"], cluster);
    }

    #[test]
    fn percent_encoding_is_undone() {
        assert_eq!(decode("%7B%22a%22%3A%22b+c%25%22%7D"), json!({"a": "b+c%"}));
        assert_eq!(decode("%7"), Value::Null);
    }
}
