//! JSON secrets in Secrets Manager: made with all their keys in one call, never read into anything but the call that needs them.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::aws::Call;
use crate::aws::tags::{self, Tags};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Readiness, Result, Secret};

use super::{Diff, Site, absent_or, live, not_ours, outputs};

/// The fields of a JSON secret.
pub(crate) type Fields = BTreeMap<String, Secret>;

/// One secret of the deployment in Secrets Manager.
pub(crate) struct SecretStore {
    pub(crate) site: Arc<Site>,
    pub(crate) addr: Addr,
    /// The part of the name after the deployment's.
    pub(crate) part: &'static str,
    /// What it is for, kept as its description.
    pub(crate) about: &'static str,
}

/// A secret as it is, without its value.
pub(crate) struct SeenSecret {
    pub(crate) arn: String,
    pub(crate) tags: Tags,
    /// The customer's key that it is encrypted with.
    pub(crate) key: Option<String>,
    /// Scheduled for deletion by an earlier `down`: it can be restored.
    pub(crate) leaving: bool,
}

impl SecretStore {
    /// Its name.
    pub(crate) fn name(&self) -> String {
        self.site.named(self.part)
    }

    fn tags(&self) -> Tags {
        self.site.tags(&self.addr, &self.name())
    }

    /// What it hands to others.
    pub(crate) fn outputs(&self, arn: &str) -> Outputs {
        let own_key = if self.site.data_key.is_some() { "yes" } else { "" };
        outputs([("arn", arn), ("name", &self.name()), ("own_key", own_key)])
    }

    /// Looks at it, without its value.
    pub(crate) async fn see(&self) -> Result<Option<SeenSecret>> {
        let call = self.site.aws.secrets.describe_secret().secret_id(self.name()).send().await;
        let seen = call.unless("secretsmanager:DescribeSecret", &["ResourceNotFoundException"])?;
        Ok(seen.map(|s| SeenSecret {
            arn: s.arn().unwrap_or_default().to_owned(),
            tags: tags::from_secrets(s.tags()),
            key: s.kms_key_id().map(str::to_owned),
            leaving: s.deleted_date().is_some(),
        }))
    }

    /// Its fields; empty if it doesn't exist or is leaving.
    pub(crate) async fn fields(&self) -> Result<Fields> {
        Ok(self.site.aws.secret_json(&self.name()).await?.unwrap_or_default())
    }

    /// What a read yields, given in what its value differs.
    pub(crate) fn observed(&self, seen: SeenSecret, mut diff: Diff) -> Observed {
        if let Some(wanted) = &self.site.data_key {
            diff.update("kmsKeyArn", seen.key.as_deref().unwrap_or("(none)"), wanted);
        }
        diff.tags(&seen.tags, &self.tags());
        absent_or(Some(live(self.outputs(&seen.arn), self.site.owner(&seen.tags), diff, Readiness::Ready)))
    }

    /// Restores it if it is leaving and puts its tags right. `None` if it doesn't exist.
    pub(crate) async fn hold(&self) -> Result<Option<SeenSecret>> {
        let Some(seen) = self.see().await? else { return Ok(None) };
        not_ours(&self.addr, &format!("the secret {}", self.name()), &self.site.owner(&seen.tags))?;
        let api = &self.site.aws.secrets;
        if seen.leaving {
            let call = api.restore_secret().secret_id(self.name()).send().await;
            call.call("secretsmanager:RestoreSecret")?;
        }
        if let Some(key) = self.site.data_key.as_ref().filter(|key| seen.key.as_ref() != Some(key)) {
            let call = api.update_secret().secret_id(self.name()).kms_key_id(key).send().await;
            call.call("secretsmanager:UpdateSecret")?;
        }
        if self.tags().iter().any(|(k, v)| seen.tags.get(k) != Some(v)) {
            let call = api.tag_resource().secret_id(self.name()).set_tags(Some(tags::secrets(&self.tags())));
            call.send().await.call("secretsmanager:TagResource")?;
        }
        Ok(Some(seen))
    }

    /// Writes all fields: a new version of what exists, or a new secret. Returns its ARN.
    pub(crate) async fn save(&self, held: Option<&SeenSecret>, fields: &Fields) -> Result<String> {
        let json: Map<String, Value> =
            fields.iter().map(|(k, v)| (k.clone(), Value::String(v.expose().to_owned()))).collect();
        let text = Value::Object(json).to_string();
        let api = &self.site.aws.secrets;
        if let Some(seen) = held {
            let call = api.put_secret_value().secret_id(self.name()).secret_string(text);
            call.send().await.call("secretsmanager:PutSecretValue")?;
            return Ok(seen.arn.clone());
        }
        let call = api.create_secret().name(self.name()).description(self.about).secret_string(text);
        let call = call.set_kms_key_id(self.site.data_key.clone());
        let made = call.set_tags(Some(tags::secrets(&self.tags()))).send().await;
        match made.unless("secretsmanager:CreateSecret", &["ResourceExistsException"])? {
            Some(made) => Ok(made.arn().unwrap_or_default().to_owned()),
            None => Err(super::wait::not_visible(&self.addr)),
        }
    }

    /// Schedules it for deletion; for 7 days the next `up` restores it.
    pub(crate) async fn remove(&self) -> Result<()> {
        let call = self.site.aws.secrets.delete_secret().secret_id(self.name()).recovery_window_in_days(7);
        let gone = ["ResourceNotFoundException", "InvalidRequestException"];
        call.send().await.unless("secretsmanager:DeleteSecret", &gone)?;
        Ok(())
    }
}

/// What a secret must hold.
pub(crate) trait Content: Send + Sync {
    /// Exactly these keys.
    fn keys(&self) -> &'static [&'static str];
    /// True if the value of a key is what it must be.
    fn right(&self, key: &str, fields: &Fields) -> bool;
    /// Puts in what is missing or wrong, and keeps the rest.
    fn fill(&self, fields: &mut Fields) -> Result<()>;
}

/// A secret whose fields this program makes.
pub(crate) struct SecretFields<C> {
    pub(crate) store: SecretStore,
    pub(crate) content: C,
    pub(crate) kept: Option<&'static str>,
}

impl<C: Content> SecretFields<C> {
    /// The keys that are missing, wrong or too many.
    fn wrong(&self, fields: &Fields) -> Vec<String> {
        let keys = self.content.keys();
        let extra = fields.keys().filter(|k| !keys.contains(&k.as_str())).cloned();
        let bad = |key: &&&str| !fields.contains_key(**key) || !self.content.right(key, fields);
        keys.iter().filter(bad).map(|k| (*k).to_owned()).chain(extra).collect()
    }
}

#[async_trait]
impl<C: Content + 'static> Resource for SecretFields<C> {
    fn addr(&self) -> Addr {
        self.store.addr.clone()
    }

    fn title(&self) -> String {
        format!("Secret {}: {}", self.store.name(), self.store.about)
    }

    fn kept(&self) -> Option<&'static str> {
        self.kept
    }

    async fn read(&self, _: &Context) -> Result<Observed> {
        let Some(seen) = self.store.see().await?.filter(|s| !s.leaving) else { return Ok(Observed::Absent) };
        let mut diff = Diff::default();
        for key in self.wrong(&self.store.fields().await?) {
            diff.must(&format!("value.{key}"), false, "not as it must be", "ours");
        }
        Ok(self.store.observed(seen, diff))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        let held = self.store.hold().await?;
        let mut fields = if held.is_some() { self.store.fields().await? } else { Fields::new() };
        let arn = match &held {
            Some(seen) if self.wrong(&fields).is_empty() => seen.arn.clone(),
            _ => {
                fields.retain(|key, _| self.content.keys().contains(&key.as_str()));
                self.content.fill(&mut fields)?;
                self.store.save(held.as_ref(), &fields).await?
            }
        };
        Ok(self.store.outputs(&arn))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        self.store.remove().await
    }
}
