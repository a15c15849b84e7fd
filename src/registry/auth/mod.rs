//! Logging in to registries: passwords, tokens, and where both come from.

mod challenge;
mod docker;
mod helper;
mod token;

use async_trait::async_trait;

pub(super) use challenge::Challenge;
pub use docker::DockerConfig;
pub(super) use token::{Token, Tokens};

use crate::model::{Result, Secret};

/// A user's login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password; empty where there is an identity token.
    pub password: Secret,
    /// An OAuth2 refresh token, which some registries give in place of a password.
    pub identity_token: Option<Secret>,
}

impl Login {
    /// A login with a password.
    pub fn new(user: impl Into<String>, password: Secret) -> Login {
        Login { user: user.into(), password, identity_token: None }
    }
}

/// Where logins come from.
#[async_trait]
pub trait Logins: Send + Sync {
    /// The login for a registry, as it is named in images; `None` to go without. `renew`: the one that was given last was refused.
    async fn login(&self, host: &str, renew: bool) -> Result<Option<Login>>;
}

/// No logins at all.
pub struct Anonymous;

#[async_trait]
impl Logins for Anonymous {
    async fn login(&self, _host: &str, _renew: bool) -> Result<Option<Login>> {
        Ok(None)
    }
}
