//! What each resource inside the cluster wants to be there, for those who only look.

use std::collections::BTreeSet;

use crate::adapt::Set;
use crate::engine::Context;
use crate::kube::Owned;
use crate::model::{Addr, Object, Result, Secret};

use super::manifests::{Known, known, sets};
use super::part::Spec;
use super::{Deps, gpu, karpenter, kubeflow, platform, storage_class};

/// The objects of one resource.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The resource.
    pub addr: Addr,
    /// Its objects, in the order in which they are applied.
    pub objects: Vec<Object>,
    /// The objects of the other resources of its set: they aren't pruned when they move.
    pub elsewhere: BTreeSet<Owned>,
}

/// All that can be known to be wanted in the cluster.
#[derive(Debug, Default)]
pub struct Pieces {
    /// One a resource, in the order in which they are applied.
    pub known: Vec<Piece>,
    /// The resources whose objects depend on what doesn't exist yet, each with what that is.
    pub unknown: Vec<(Addr, String)>,
    /// Values in the objects that nobody may see.
    pub secrets: Vec<Secret>,
}

/// The objects of all resources inside the cluster, as they are applied.
///
/// # Errors
/// What a render or Secrets Manager refuses.
pub async fn pieces(deps: &Deps, cx: &Context) -> Result<Pieces> {
    let mut pieces = Pieces::default();
    let specs =
        [platform::SPECS, kubeflow::SPECS, kubeflow::IMAGE_WEBHOOK, gpu::SPECS, karpenter::cluster::SPECS].concat();
    for set in sets(&deps.config) {
        let specs: Vec<&Spec> = specs.iter().filter(|spec| spec.set == set).collect();
        match known(set, &deps.config, &deps.account, &deps.aws, cx).await? {
            Known::Missing(what) => {
                pieces.unknown.extend(specs.iter().map(|spec| (Addr::new(spec.addr), what.clone())));
            }
            Known::Values(values) => {
                if set == Set::Kubeflow {
                    pieces.secrets = vec![values.admin_hash.clone(), values.oidc_client_secret.clone()];
                }
                let rendered = deps.link.renders.get(set, &deps.config, &deps.bundle, *values).await?;
                let mut all: Vec<Piece> = specs.iter().map(|spec| piece(spec, &rendered.stages)).collect();
                if set == Set::StorageClass && storage_class::is_theirs(deps, cx).await? {
                    all.retain(|piece| piece.addr.as_str() != platform::CLASS);
                }
                pieces.known.extend(all);
            }
        }
    }
    Ok(pieces)
}

fn piece(spec: &Spec, stages: &[(crate::kube::Stage, Vec<Object>)]) -> Piece {
    let mut piece = Piece { addr: Addr::new(spec.addr), objects: Vec::new(), elsewhere: BTreeSet::new() };
    for (stage, objects) in stages {
        if spec.stages.contains(stage) {
            piece.objects.extend(objects.iter().cloned());
        } else {
            piece.elsewhere.extend(objects.iter().map(Owned::of));
        }
    }
    piece
}
