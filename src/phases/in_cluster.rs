//! The cluster and all that should be in it, for those who only look.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::{Context, Outputs};
use crate::kube::Client;
use crate::model::{Addr, Error, ErrorClass, Object, Result};

use super::Deps;
use super::manifests::{Known, known, sets};

/// A client of the cluster, and the objects of all sets as they are applied; `None` while there is no cluster. `outputs` are
/// those of all resources, as the engine's read found them.
///
/// # Errors
/// Class `Permanent` if the objects can't be known yet; and what a render or Secrets Manager refuses.
pub async fn in_cluster(deps: &Deps, outputs: &Arc<BTreeMap<Addr, Outputs>>) -> Result<Option<(Client, Vec<Object>)>> {
    let cx = Context::new(outputs.clone(), Arc::new(|_| {}));
    let Some(client) = deps.link.client(&cx).await? else { return Ok(None) };
    let mut objects = Vec::new();
    for set in sets(&deps.config) {
        let values = match known(set, &deps.config, &deps.account, &deps.aws, &cx).await? {
            Known::Values(values) => *values,
            Known::Missing(what) => {
                return Err(Error::new(ErrorClass::Permanent, what).hint("run `kfctl-cn up`"));
            }
        };
        let rendered = deps.link.renders.get(set, &deps.config, &deps.bundle, values).await?;
        objects.extend(rendered.stages.iter().flat_map(|(_, objects)| objects).cloned());
    }
    Ok(Some((client, objects)))
}
