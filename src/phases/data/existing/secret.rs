//! A secret that was there before. Its fields are looked at, and never shown.

use std::sync::Arc;

use async_trait::async_trait;

use crate::aws::Call;
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Result};
use crate::phases::site::{Site, borrowed, outputs, use_only};

/// The secret. It has the address of one of our own.
pub(in crate::phases::data) struct ExistingSecret {
    pub(in crate::phases::data) site: Arc<Site>,
    pub(in crate::phases::data) addr: &'static str,
    /// Its name or its ARN.
    pub(in crate::phases::data) name: String,
    /// The fields that it must have; it may have more.
    pub(in crate::phases::data) keys: &'static [&'static str],
}

#[async_trait]
impl Resource for ExistingSecret {
    fn addr(&self) -> Addr {
        self.addr.into()
    }

    fn title(&self) -> String {
        format!("Existing secret {}", self.name)
    }

    async fn read(&self, _: &Context) -> Result<Observed> {
        let name = &self.name;
        let seen = self.site.aws.secrets.describe_secret().secret_id(name).send().await;
        let seen = seen.unless("secretsmanager:DescribeSecret", &["ResourceNotFoundException"])?;
        let Some(seen) = seen else {
            return Ok(borrowed(Outputs::new(), vec![format!("there is no secret {name} in {}", self.site.region)]));
        };
        let mut wrong = Vec::new();
        match self.site.aws.secret_json(name).await {
            Ok(None) => wrong.push(format!("the secret {name} is scheduled for deletion, or has no value")),
            Ok(Some(fields)) => {
                let empty = |key: &&&str| fields.get(**key).is_none_or(|v| v.expose().is_empty());
                let missing: Vec<&str> = self.keys.iter().filter(empty).copied().collect();
                if !missing.is_empty() {
                    wrong.push(format!("the secret {name} has no {}: it needs them as texts", missing.join(", ")));
                }
            }
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => wrong.push(error.to_string()),
        }
        // A key of the customer's own: whoever reads the secret must be allowed to use it.
        let own = seen.kms_key_id().filter(|key| !key.ends_with("alias/aws/secretsmanager"));
        let outputs = outputs([
            ("arn", seen.arn().unwrap_or_default()),
            ("name", seen.name().unwrap_or_default()),
            ("own_key", own.map_or("", |_| "yes")),
        ]);
        Ok(borrowed(outputs, wrong))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        Err(use_only(&self.addr()))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        Err(use_only(&self.addr()))
    }
}
