//! Whether a secret that was there before is of the database that was there before.

use std::sync::Arc;

use async_trait::async_trait;

use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Result, Secret};
use crate::phases::site::{Site, borrowed, use_only};

/// The fields `host` and `port` of the secret: Katib reads them there, Pipelines in a ConfigMap, and both must mean one database.
pub(in crate::phases::data) struct ExistingHost {
    pub(in crate::phases::data) site: Arc<Site>,
    /// The secret's name or ARN.
    pub(in crate::phases::data) secret: String,
}

#[async_trait]
impl Resource for ExistingHost {
    fn addr(&self) -> Addr {
        "data/rds-secret-host".into()
    }

    fn title(&self) -> String {
        format!("Host and port in the existing secret {}", self.secret)
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["data/rds-secret".into(), "data/database".into()]
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let mut wrong = Vec::new();
        // A secret or a database that isn't there is told where it is looked for.
        if cx.output("data/rds-secret", "arn").is_some() && cx.output("data/database", "host").is_some() {
            let fields = match self.site.aws.secret_json(&self.secret).await {
                Err(error) if error.is_passing() => return Err(error),
                fields => fields.ok().flatten().unwrap_or_default(),
            };
            for key in ["host", "port"] {
                let seen = fields.get(key).map_or("", Secret::expose);
                let wanted = cx.output("data/database", key).unwrap_or_default();
                // Not a login; but a field that holds something else than it should may be one, so it isn't shown.
                if !seen.is_empty() && seen != wanted {
                    wrong.push(format!("`{key}` in the secret {} isn't the database's, {wanted}", self.secret));
                }
            }
        }
        Ok(borrowed(Outputs::new(), wrong))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        Err(use_only(&self.addr()))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        Err(use_only(&self.addr()))
    }
}
