//! What a deployment has in AWS: it is there, it is as it must be, and it is in China.

mod bucket;
mod cluster;
mod database;
mod login;
mod partition;
mod secrets;
mod tables;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::aws::Clients;
use crate::checks::Checker;
use crate::config::Config;
use crate::model::{Addr, Object};

/// The outputs of all resources: what each made, by its address.
pub type AllOutputs = Arc<BTreeMap<Addr, BTreeMap<String, String>>>;

/// What the checks know.
#[derive(Clone)]
pub(super) struct Subject {
    config: Arc<Config>,
    aws: Clients,
    account: String,
    outputs: AllOutputs,
}

/// All checks, in the order in which they are told. `objects` are those of the manifests, as far as they are known.
pub fn checkers(
    config: &Arc<Config>,
    clients: &Clients,
    account: &str,
    outputs: &AllOutputs,
    objects: &[Object],
) -> Vec<Arc<dyn Checker>> {
    let (config, aws, account) = (config.clone(), clients.clone(), account.to_owned());
    let subject = Subject { config, aws, account, outputs: outputs.clone() };
    let mut all = partition::checkers(&subject);
    all.extend(cluster::checkers(&subject));
    all.extend(bucket::checkers(&subject));
    all.extend(secrets::checkers(&subject));
    all.extend(database::checkers(&subject));
    all.extend(tables::checkers(&subject, objects));
    all
}
