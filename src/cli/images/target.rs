//! The registry of a deployment.

use super::super::Global;
use crate::aws::Clients;
use crate::config;
use crate::model::Result;

/// Host and prefix. The account is that of the configuration, else that of the credentials; neither is asked for where the
/// configuration names a registry.
pub(super) async fn registry(global: &Global) -> Result<String> {
    let config = config::load(&global.file)?;
    let spec = &config.spec;
    let account = match (&spec.account, &spec.images.registry) {
        (Some(account), _) => account.clone(),
        (None, Some(_)) => String::new(),
        (None, None) => Clients::connect(spec.region).await?.identity().await?.account,
    };
    Ok(config.registry(&account))
}
