//! The phase `platform`: what Kubeflow stands on besides the cluster itself.

use std::sync::Arc;

use crate::adapt::Set;
use crate::engine::Resource;
use crate::kube::Stage;

use super::Deps;
use super::part::{Part, Spec};
use super::storage_class::ClassOrTheirs;

/// The address of the default storage class.
pub(super) const CLASS: &str = "platform/storage-class";

pub(super) const SPECS: &[Spec] = &[
    Spec {
        addr: CLASS,
        title: "default storage class gp3",
        set: Set::StorageClass,
        stages: &Stage::ALL,
        needs: &[],
        typical: 1,
        deadline: 60,
        instances_of: &[],
    },
    Spec {
        addr: "platform/csi-driver",
        title: "secrets-store CSI driver",
        set: Set::CsiDriver,
        stages: &Stage::ALL,
        needs: &["cluster/node-group"],
        typical: 40,
        deadline: 900,
        instances_of: &[],
    },
    Spec {
        addr: "platform/csi-provider",
        title: "AWS provider of the secrets-store CSI driver",
        set: Set::CsiProvider,
        stages: &Stage::ALL,
        needs: &["cluster/node-group"],
        typical: 40,
        deadline: 900,
        instances_of: &[],
    },
];

/// The resources of the phase.
pub fn resources(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    let mut all = Part::all(deps, SPECS);
    if deps.config.spec.cluster.existing.is_some() {
        let theirs = |inner| Arc::new(ClassOrTheirs { inner, deps: deps.clone() }) as Arc<dyn Resource>;
        let (class, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|r| r.addr().as_str() == CLASS);
        all = class.into_iter().map(theirs).chain(others).collect();
    }
    all
}
