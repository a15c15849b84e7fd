//! The secret with the first user's login: what people ask for with `kfctl-cn credentials`, and what dex is configured with.

use std::sync::Arc;

use crate::aws::ADMIN_KEYS;
use crate::model::{Error, ErrorClass, Result, Secret};
use crate::phases::site::{Content, Fields, SecretFields, SecretStore, Site};

use super::password::word;

/// dex takes no hash that is cheaper than this.
const COST: u32 = 10;

/// What the secret must hold.
pub(super) struct AdminLogin {
    email: String,
}

impl Content for AdminLogin {
    fn keys(&self) -> &'static [&'static str] {
        ADMIN_KEYS
    }

    fn right(&self, key: &str, fields: &Fields) -> bool {
        let value = |key: &str| fields.get(key).map_or("", Secret::expose);
        match key {
            "email" => value(key) == self.email,
            "hash" => bcrypt::verify(value("password"), value(key)).unwrap_or(false),
            _ => !value(key).is_empty(),
        }
    }

    fn fill(&self, fields: &mut Fields) -> Result<()> {
        fields.insert("email".into(), Secret::new(&self.email));
        for key in ["password", "clientsecret"] {
            if !self.right(key, fields) {
                fields.insert(key.into(), word(32));
            }
        }
        if !self.right("hash", fields) {
            let password = fields.get("password").map_or("", Secret::expose);
            let hash = bcrypt::hash(password, COST)
                .map_err(|e| Error::new(ErrorClass::Bug, "the password can't be hashed").caused_by(e.to_string()))?;
            fields.insert("hash".into(), Secret::new(hash));
        }
        Ok(())
    }
}

/// The secret.
pub(super) fn secret(site: &Arc<Site>, email: &str) -> SecretFields<AdminLogin> {
    let store = SecretStore {
        site: site.clone(),
        addr: "data/admin-secret".into(),
        part: "admin",
        about: "Login of Kubeflow's first user",
    };
    SecretFields { store, content: AdminLogin { email: email.to_owned() }, kept: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_of_the_password_and_a_new_address_keeps_both() {
        let mut fields = Fields::new();
        AdminLogin { email: "a@example.com".into() }.fill(&mut fields).unwrap();
        let (password, hash) = (fields["password"].clone(), fields["hash"].clone());
        assert!(bcrypt::verify(password.expose(), hash.expose()).unwrap());
        let other = AdminLogin { email: "b@example.com".into() };
        assert!(!other.right("email", &fields));
        other.fill(&mut fields).unwrap();
        assert!(other.keys().iter().all(|key| other.right(key, &fields)));
        assert_eq!((&password, &hash), (&fields["password"], &fields["hash"]));
    }
}
