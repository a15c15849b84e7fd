//! What must be true before anything is made: credentials, what the region offers, quotas, names. Nothing here writes.

mod credentials;
mod names;
mod network;
mod offers;
mod quotas;
mod versions;

use std::sync::Arc;

use super::Checker;
use crate::aws::Clients;
use crate::config::Config;

/// All checks, in the order in which they are told.
pub fn checkers(config: &Arc<Config>, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    let mut all = credentials::checkers(config, clients);
    all.extend(versions::checkers(config, clients));
    all.extend(offers::checkers(config, clients));
    all.extend(quotas::checkers(config, clients));
    all.extend(network::checkers(config, clients));
    all.extend(names::checkers(config, clients));
    all
}
