//! ECR as a registry: logins and repositories from the credentials for AWS, all other registries from Docker's configuration.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::aws::{Clients, EcrHost};
use crate::model::{Region, Result};
use crate::registry::copy::Repositories;
use crate::registry::{DockerConfig, Login, Logins};

/// Logins and repositories, in whichever region a host names.
pub struct Ecr {
    clients: Mutex<HashMap<Region, Clients>>,
    others: DockerConfig,
}

impl Ecr {
    /// With Docker's usual configuration for what isn't ECR. Connects to a region when its registry is first needed.
    ///
    /// # Errors
    /// Class `Config` if Docker's configuration can't be read.
    pub fn new() -> Result<Arc<Ecr>> {
        Ok(Arc::new(Ecr { clients: Mutex::default(), others: DockerConfig::usual()? }))
    }

    async fn clients(&self, region: Region) -> Result<Clients> {
        let mut all = self.clients.lock().await;
        if let Some(clients) = all.get(&region) {
            return Ok(clients.clone());
        }
        let clients = Clients::connect(region).await?;
        all.insert(region, clients.clone());
        Ok(clients)
    }
}

#[async_trait]
impl Logins for Ecr {
    async fn login(&self, host: &str, renew: bool) -> Result<Option<Login>> {
        match EcrHost::parse(host) {
            None => self.others.login(host, renew).await,
            Some(ecr) => {
                let (user, password) = self.clients(ecr.region).await?.ecr_login().await?;
                Ok(Some(Login::new(user, password)))
            }
        }
    }
}

#[async_trait]
impl Repositories for Ecr {
    async fn ensure(&self, host: &str, repository: &str) -> Result<bool> {
        match EcrHost::parse(host) {
            None => Ok(false),
            Some(ecr) => self.clients(ecr.region).await?.ecr_repository(&ecr.account, repository).await,
        }
    }
}
