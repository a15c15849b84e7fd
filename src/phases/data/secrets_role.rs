//! The role of ServiceAccount `kubeflow/kubeflow-secrets-manager-sa`: it reads the two secrets and nothing else. The guide's script
//! attaches `SecretsManagerReadWrite`, all secrets of the account.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::aws::policy;
use crate::phases::site::{Role, Site, Trust, use_key};

/// What the role may do.
fn statement(arns: &[&str]) -> Value {
    json!({
        "Effect": "Allow",
        "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
        "Resource": arns,
    })
}

/// The role.
pub(super) fn role(site: &Arc<Site>) -> Role {
    let (region, any_key) = (site.region, site.arn("kms", "key/*"));
    Role {
        site: site.clone(),
        addr: "data/role-secrets-manager-sa".into(),
        part: "secrets-manager-sa",
        title: "Kubeflow's secrets in Secrets Manager",
        trust: Trust::ServiceAccount { namespace: "kubeflow", account: "kubeflow-secrets-manager-sa" },
        managed: &[],
        inline: Box::new(move |cx| {
            let secrets = ["data/rds-secret", "data/s3-secret"];
            let arns = [cx.output(secrets[0], "arn")?, cx.output(secrets[1], "arn")?];
            let mut all = vec![statement(&arns)];
            // One that was there before may be encrypted with a key of the customer's own.
            let own = secrets.iter().zip(arns).filter(|(addr, _)| cx.output(addr, "own_key").is_some());
            all.extend(own.map(|(_, arn)| use_key(region, "secretsmanager", &any_key, &["kms:Decrypt"], Some(arn))));
            Some(BTreeMap::from([("secrets".to_owned(), policy::document(all))]))
        }),
        needs: vec!["data/rds-secret".into(), "data/s3-secret".into()],
        linked: None,
    }
}

#[cfg(test)]
mod tests {
    use super::{policy, statement};

    #[test]
    fn the_role_reads_two_secrets_and_nothing_else() {
        let arns = ["rds", "s3"]
            .map(|s| format!("arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:kf-{s}-secret-AbCdEf"));
        let policy = policy::document(vec![statement(&[&arns[0], &arns[1]])]);
        insta::assert_snapshot!(serde_json::to_string_pretty(&policy).unwrap());
    }
}
