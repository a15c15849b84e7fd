//! What must be true inside the cluster: every object is there, workloads are Ready, and what their pods need exists, object
//! by object.

mod china;
mod image_webhook;
mod needs;
mod objects;
mod pods;
mod snapshot;
mod storage;
mod webhooks;

use std::sync::Arc;

use crate::checks::Checker;
use crate::kube::Client;
use crate::model::{Object, Region};

use snapshot::Cluster;

/// The checks of a cluster. `wanted` are the objects of all sets, prepared as they are applied; images come from `registry` (host
/// and prefix). The cluster is asked when the first check runs, and once.
pub fn checkers(client: Client, region: Region, registry: String, wanted: Vec<Object>) -> Vec<Arc<dyn Checker>> {
    let cluster = Arc::new(Cluster::new(client, wanted));
    let mut all = objects::checkers(&cluster);
    all.extend(pods::checkers(&cluster));
    all.extend(needs::checkers(&cluster));
    all.extend(webhooks::checkers(&cluster));
    all.extend(image_webhook::checkers(&cluster, registry));
    all.extend(storage::checkers(&cluster));
    all.extend(china::checkers(&cluster, region));
    all
}
