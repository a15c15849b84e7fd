//! ECR: logins, and repositories as a mirror needs them.

use aws_sdk_ecr::types::{ImageScanningConfiguration, ImageTagMutability, Tag};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{Call, Clients};
use crate::model::{Error, ErrorClass, Region, Result, Secret};

/// What marks a repository as one of a mirror.
const TAG: (&str, &str) = ("kfctl-cn/mirror", "true");

/// A private registry of ECR in this partition: account and region, from its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcrHost {
    /// The account, 12 digits.
    pub account: String,
    /// The region.
    pub region: Region,
}

impl EcrHost {
    /// Reads a host such as `111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn`; `None` if it is another.
    pub fn parse(host: &str) -> Option<EcrHost> {
        let (account, rest) = host.split_once('.')?;
        let region = Region::ALL.into_iter().find(|region| region.ecr_host(account) == host)?;
        let legal = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) && rest.starts_with("dkr.");
        legal.then(|| EcrHost { account: account.into(), region })
    }
}

/// Throws away what has no tag after two weeks: rests of copies that were broken off. All that is mirrored has a tag, and what an
/// index names is never thrown away before the index. Source: Amazon ECR user guide, lifecycle policies.
fn lifecycle() -> String {
    json!({"rules": [{
        "rulePriority": 1,
        "description": "rests of copies that were broken off",
        "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14},
        "action": {"type": "expire"},
    }]})
    .to_string()
}

impl Clients {
    /// User and password for the account's registry in this region. Good for twelve hours.
    ///
    /// # Errors
    /// What the call says; needs `ecr:GetAuthorizationToken`.
    pub async fn ecr_login(&self) -> Result<(String, Secret)> {
        let operation = "ecr:GetAuthorizationToken";
        let answer = self.ecr.get_authorization_token().send().await.call(operation)?;
        let token = answer.authorization_data().first().and_then(|data| data.authorization_token());
        let text = token.and_then(|token| STANDARD.decode(token).ok()).and_then(|bytes| String::from_utf8(bytes).ok());
        let login = text.as_deref().and_then(|text| text.split_once(':'));
        let (user, password) = login
            .ok_or_else(|| Error::new(ErrorClass::Transient, format!("{operation}: the answer holds no token")))?;
        Ok((user.to_owned(), Secret::new(password)))
    }

    /// Sees that a repository is there. A new one has tags that can't be moved, scans what is pushed, and throws rests away; one that
    /// is there stays as it is. True if it was made now.
    ///
    /// # Errors
    /// What the calls say; needs `ecr:CreateRepository`, `ecr:TagResource` and `ecr:PutLifecyclePolicy`.
    pub async fn ecr_repository(&self, account: &str, name: &str) -> Result<bool> {
        let tag = Tag::builder().key(TAG.0).value(TAG.1).build();
        let tag = tag.map_err(|error| Error::new(ErrorClass::Bug, error.to_string()))?;
        let created = self
            .ecr
            .create_repository()
            .registry_id(account)
            .repository_name(name)
            .image_tag_mutability(ImageTagMutability::Immutable)
            .image_scanning_configuration(ImageScanningConfiguration::builder().scan_on_push(true).build())
            .tags(tag)
            .send()
            .await
            .unless("ecr:CreateRepository", &["RepositoryAlreadyExistsException"])?;
        let Some(created) = created else { return Ok(false) };
        let name = created.repository().and_then(|r| r.repository_name()).unwrap_or(name);
        let policy = self.ecr.put_lifecycle_policy().registry_id(account).repository_name(name);
        policy.lifecycle_policy_text(lifecycle()).send().await.call("ecr:PutLifecyclePolicy")?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_registries_of_the_partition_are_ecr_here() {
        for region in Region::ALL {
            let host = region.ecr_host("111122223333");
            assert_eq!(EcrHost::parse(&host), Some(EcrHost { account: "111122223333".into(), region }));
        }
        for other in ["111122223333.dkr.ecr.us-east-1.amazonaws.com", "x.dkr.ecr.cn-north-1.amazonaws.com.cn", "gcr.io"]
        {
            assert_eq!(EcrHost::parse(other), None);
        }
    }

    #[test]
    fn only_what_has_no_tag_is_thrown_away() {
        let policy: serde_json::Value = serde_json::from_str(&lifecycle()).unwrap();
        let rules = policy["rules"].as_array().unwrap();
        assert!(rules.iter().all(|rule| rule["selection"]["tagStatus"] == "untagged"));
    }
}
