//! What must be true before anything is made: the way to AWS, credentials, permissions, what the region offers, what fits together,
//! quotas, names, ranges of addresses. Nothing here writes.

mod cluster;
mod compatibility;
mod connection;
mod credentials;
mod keys;
mod kms;
mod names;
mod network;
mod offers;
mod permissions;
mod quotas;
mod ranges;
mod versions;

use std::sync::Arc;

use super::Checker;
use crate::aws::Clients;
use crate::config::Config;

pub use connection::checkers as connection;
pub use permissions::operator;

/// All checks, in the order in which they are told.
pub fn checkers(config: &Arc<Config>, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    let mut all = connection(clients);
    all.extend(credentials::checkers(config, clients));
    all.extend(permissions::checkers(config, clients));
    all.extend(versions::checkers(config, clients));
    all.extend(compatibility::checkers(config));
    all.extend(offers::checkers(config, clients));
    all.extend(quotas::checkers(config, clients));
    all.extend(network::checkers(config, clients));
    all.extend(cluster::checkers(config, clients));
    all.extend(names::checkers(config, clients));
    all.extend(ranges::checkers(config, clients));
    all.extend(keys::checkers(config));
    all.extend(kms::checkers(config, clients));
    all
}
