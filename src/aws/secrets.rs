//! JSON secrets of Secrets Manager.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{Error, ErrorClass, Result, Secret};

use super::{Call, Clients};

/// What the secret `<name>-rds-secret` holds: the keys of the guide's setup script, which the SecretProviderClass names.
pub const RDS_KEYS: &[&str] = &["username", "password", "database", "host", "port"];
/// What the secret `<name>-s3-secret` holds, likewise.
pub const S3_KEYS: &[&str] = &["accesskey", "secretkey"];
/// What the secret `<name>-admin` holds: the first user's login, its bcrypt hash, and the OIDC client secret.
pub const ADMIN_KEYS: &[&str] = &["email", "password", "hash", "clientsecret"];

impl Clients {
    /// The fields of a JSON secret, or `None` if it doesn't exist or is scheduled for deletion.
    ///
    /// # Errors
    /// Class `Permanent` if it isn't a JSON object of strings; the value is never part of the error.
    pub async fn secret_json(&self, name: &str) -> Result<Option<BTreeMap<String, Secret>>> {
        let absent = ["ResourceNotFoundException", "InvalidRequestException"];
        let answer = self.secrets.get_secret_value().secret_id(name).send().await;
        let Some(answer) = answer.unless("secretsmanager:GetSecretValue", &absent)? else { return Ok(None) };
        let wrong = || {
            Error::new(ErrorClass::Permanent, format!("the secret {name} isn't a JSON object of strings"))
                .hint("put the JSON back, or remove the secret so that it is made anew")
        };
        let value: Value = serde_json::from_str(answer.secret_string().unwrap_or_default()).map_err(|_| wrong())?;
        let fields = value.as_object().ok_or_else(wrong)?;
        let text = |v: &Value| v.as_str().map(Secret::new).ok_or_else(wrong);
        fields.iter().map(|(k, v)| Ok((k.clone(), text(v)?))).collect::<Result<_>>().map(Some)
    }
}
