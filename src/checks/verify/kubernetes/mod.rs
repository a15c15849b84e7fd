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

/// An image as users name it, which the image webhook must change.
pub const FOREIGN_IMAGE: &str = image_webhook::FOREIGN;

/// The checks of a cluster. `wanted` are the objects of all sets, prepared as they are applied; `copy` is where the cluster pulls
/// [`FOREIGN_IMAGE`] from, `registry` where all images come from. The cluster is asked when the first check runs, and once.
pub fn checkers(
    client: Client,
    region: Region,
    copy: String,
    registry: String,
    wanted: Vec<Object>,
) -> Vec<Arc<dyn Checker>> {
    let cluster = Arc::new(Cluster::new(client, wanted));
    let mut all = objects::checkers(&cluster);
    all.extend(pods::checkers(&cluster, &registry));
    all.extend(needs::checkers(&cluster));
    all.extend(webhooks::checkers(&cluster));
    all.extend(image_webhook::checkers(&cluster, copy));
    all.extend(storage::checkers(&cluster));
    all.extend(china::checkers(&cluster, region));
    all
}
