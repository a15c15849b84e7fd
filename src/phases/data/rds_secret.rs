//! The secret with the database's login, and its host once that is known.
//!
//! The secret is there before the database, so that a password is never lost.

use std::sync::Arc;

use async_trait::async_trait;

use crate::aws::RDS_KEYS;
use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Error, ErrorClass, Readiness, Result, Secret};
use crate::phases::site::{Content, Diff, Fields, SecretFields, SecretStore, Site, absent_or, live};

use super::password::word;
use super::{DB_NAME, DB_PORT, DB_USER};

const ABOUT: &str = "Login of Kubeflow's database";
const KEPT: &str = "it holds the password of the database, which is kept";

/// What the secret must hold.
pub(super) struct RdsLogin;

impl Content for RdsLogin {
    fn keys(&self) -> &'static [&'static str] {
        RDS_KEYS
    }

    fn right(&self, key: &str, fields: &Fields) -> bool {
        let value = fields.get(key).map_or("", Secret::expose);
        match key {
            "username" => value == DB_USER,
            "password" => !value.is_empty(),
            "database" => value == DB_NAME,
            "port" => value == DB_PORT.to_string(),
            // Filled in by `data/rds-secret-host`.
            _ => true,
        }
    }

    fn fill(&self, fields: &mut Fields) -> Result<()> {
        fields.insert("username".into(), Secret::new(DB_USER));
        fields.insert("database".into(), Secret::new(DB_NAME));
        fields.insert("port".into(), Secret::new(DB_PORT.to_string()));
        fields.entry("host".into()).or_insert_with(|| Secret::new(""));
        if fields.get("password").is_none_or(|p| p.expose().is_empty()) {
            fields.insert("password".into(), word(32));
        }
        Ok(())
    }
}

/// The secret.
pub(super) fn secret(site: &Arc<Site>) -> SecretFields<RdsLogin> {
    SecretFields { store: store(site, "data/rds-secret"), content: RdsLogin, kept: Some(KEPT) }
}

/// The secret in Secrets Manager.
pub(super) fn store(site: &Arc<Site>, addr: &str) -> SecretStore {
    SecretStore { site: site.clone(), addr: addr.into(), part: "rds-secret", about: ABOUT }
}

/// The field `host` of the secret.
pub(super) struct RdsSecretHost {
    pub(super) site: Arc<Site>,
}

impl RdsSecretHost {
    fn store(&self) -> SecretStore {
        // The tags of the secret are those of the resource that makes it.
        store(&self.site, "data/rds-secret")
    }
}

#[async_trait]
impl Resource for RdsSecretHost {
    fn addr(&self) -> Addr {
        "data/rds-secret-host".into()
    }

    fn title(&self) -> String {
        format!("Host of the database in the secret {}", self.store().name())
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["data/rds-secret".into(), "data/database".into()]
    }

    fn kept(&self) -> Option<&'static str> {
        Some(KEPT)
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let fields = self.store().fields().await?;
        let seen = fields.get("host").map_or("", Secret::expose);
        if seen.is_empty() {
            return Ok(Observed::Absent);
        }
        let mut diff = Diff::default();
        diff.update("host", seen, cx.output("data/database", "host").unwrap_or("(the new database's)"));
        Ok(absent_or(Some(live(Outputs::new(), Owner::Ours, diff, Readiness::Ready))))
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        self.write(cx.require("data/database", "host")?).await.map(|()| Outputs::new())
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        self.write("").await
    }
}

impl RdsSecretHost {
    async fn write(&self, host: &str) -> Result<()> {
        let store = self.store();
        let Some(held) = store.hold().await? else {
            return if host.is_empty() { Ok(()) } else { Err(missing(&store.name())) };
        };
        let mut fields = store.fields().await?;
        if fields.get("host").map(Secret::expose) != Some(host) {
            fields.insert("host".into(), Secret::new(host));
            store.save(Some(&held), &fields).await?;
        }
        Ok(())
    }
}

/// The error of a step that needs the login while the secret isn't visible.
pub(super) fn missing(name: &str) -> Error {
    Error::new(ErrorClass::Transient, format!("the secret {name} isn't visible yet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filling_keeps_the_password_and_the_host() {
        let mut fields = Fields::from([("password".to_owned(), Secret::new("old")), ("host".into(), Secret::new("h"))]);
        RdsLogin.fill(&mut fields).unwrap();
        assert_eq!(fields["password"].expose(), "old");
        assert_eq!(fields["host"].expose(), "h");
        assert!(RdsLogin.keys().iter().all(|key| RdsLogin.right(key, &fields)));
        assert_eq!(fields.len(), RdsLogin.keys().len());
    }
}
