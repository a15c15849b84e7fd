//! The secret with the bucket's keys, the only place where the secret key is. Keys of the user that the secret doesn't hold are lost
//! (a run was stopped between the two calls): they are deleted, and a new one is made.

use std::sync::Arc;

use async_trait::async_trait;

use crate::aws::{Call, S3_KEYS, iam_once};
use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Error, ErrorClass, Result, Secret};
use crate::phases::site::{Diff, Fields, SecretStore, Site};

/// The secret.
pub(super) struct S3Secret {
    store: SecretStore,
}

impl S3Secret {
    pub(super) fn new(site: &Arc<Site>) -> S3Secret {
        let (addr, about) = ("data/s3-secret".into(), "Keys of Kubeflow's bucket");
        S3Secret { store: SecretStore { site: site.clone(), addr, part: "s3-secret", about } }
    }

    fn user(&self) -> String {
        self.store.site.named("s3")
    }

    /// The active keys of the user.
    async fn keys(&self) -> Result<Vec<String>> {
        let call = self.store.site.aws.iam.list_access_keys().user_name(self.user()).send().await;
        let keys = call.unless("iam:ListAccessKeys", &["NoSuchEntity"])?;
        let keys = keys.map(|k| k.access_key_metadata).unwrap_or_default();
        Ok(keys.into_iter().filter_map(|k| k.access_key_id).collect())
    }

    async fn drop_key(&self, id: &str) -> Result<()> {
        let call = self.store.site.aws.iam.delete_access_key().user_name(self.user()).access_key_id(id).send().await;
        call.unless("iam:DeleteAccessKey", &["NoSuchEntity"])?;
        Ok(())
    }

    async fn new_key(&self) -> Result<Fields> {
        let call = self.store.site.aws.iam.create_access_key().user_name(self.user());
        let made = call.customize().config_override(iam_once()).send().await.call("iam:CreateAccessKey")?;
        let key = made
            .access_key()
            .ok_or_else(|| Error::new(ErrorClass::Transient, "iam:CreateAccessKey answered without a key"))?;
        let pair = [key.access_key_id(), key.secret_access_key()];
        Ok(S3_KEYS.iter().zip(pair).map(|(name, value)| ((*name).to_owned(), Secret::new(value))).collect())
    }
}

/// The access key that the secret holds, if it is whole.
fn held(fields: &Fields) -> Option<&str> {
    let whole =
        fields.len() == S3_KEYS.len() && S3_KEYS.iter().all(|k| fields.get(*k).is_some_and(|v| !v.expose().is_empty()));
    whole.then(|| fields.get(S3_KEYS[0]).map(Secret::expose)).flatten()
}

#[async_trait]
impl Resource for S3Secret {
    fn addr(&self) -> Addr {
        self.store.addr.clone()
    }

    fn title(&self) -> String {
        format!("Secret {}: {}", self.store.name(), self.store.about)
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["data/s3-user".into()]
    }

    async fn read(&self, _: &Context) -> Result<Observed> {
        let Some(seen) = self.store.see().await?.filter(|s| !s.leaving) else { return Ok(Observed::Absent) };
        let (fields, keys) = (self.store.fields().await?, self.keys().await?);
        let id = held(&fields);
        let mut diff = Diff::default();
        diff.must(
            "value.accesskey",
            id.is_some_and(|id| keys.iter().any(|k| k == id)),
            "no key of the user",
            "its key",
        );
        let lost = keys.iter().filter(|k| Some(k.as_str()) != id).count();
        diff.must("lostKeys", lost == 0, &lost.to_string(), "0");
        Ok(self.store.observed(seen, diff))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        let seen = self.store.hold().await?;
        let fields = if seen.is_some() { self.store.fields().await? } else { Fields::new() };
        let (id, keys) = (held(&fields), self.keys().await?);
        for lost in keys.iter().filter(|k| Some(k.as_str()) != id) {
            self.drop_key(lost).await?;
        }
        let arn = match &seen {
            Some(seen) if id.is_some_and(|id| keys.iter().any(|k| k == id)) => seen.arn.clone(),
            _ => {
                let fields = self.new_key().await?;
                self.store.save(seen.as_ref(), &fields).await?
            }
        };
        Ok(self.store.outputs(&arn))
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        self.store.remove().await
    }
}
