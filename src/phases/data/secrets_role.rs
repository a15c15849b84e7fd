//! The role of ServiceAccount `kubeflow/kubeflow-secrets-manager-sa`: it reads the two secrets and nothing else. The guide's script
//! attaches `SecretsManagerReadWrite`, all secrets of the account.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::aws::policy;
use crate::phases::site::{Role, Site, Trust};

/// What the role may do.
pub(super) fn read_secrets(arns: &[&str]) -> Value {
    policy::document(vec![json!({
        "Effect": "Allow",
        "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
        "Resource": arns,
    })])
}

/// The role.
pub(super) fn role(site: &Arc<Site>) -> Role {
    Role {
        site: site.clone(),
        addr: "data/role-secrets-manager-sa".into(),
        part: "secrets-manager-sa",
        title: "Kubeflow's secrets in Secrets Manager",
        trust: Trust::ServiceAccount { namespace: "kubeflow", account: "kubeflow-secrets-manager-sa" },
        managed: &[],
        inline: Box::new(|cx| {
            let arns = [cx.output("data/rds-secret", "arn")?, cx.output("data/s3-secret", "arn")?];
            Some(BTreeMap::from([("secrets".to_owned(), read_secrets(&arns))]))
        }),
        needs: vec!["data/rds-secret".into(), "data/s3-secret".into()],
        linked: None,
    }
}

#[cfg(test)]
mod tests {
    use super::read_secrets;

    #[test]
    fn the_role_reads_two_secrets_and_nothing_else() {
        let arns = ["rds", "s3"]
            .map(|s| format!("arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:kf-{s}-secret-AbCdEf"));
        let policy = read_secrets(&[&arns[0], &arns[1]]);
        insta::assert_snapshot!(serde_json::to_string_pretty(&policy).unwrap());
    }
}
