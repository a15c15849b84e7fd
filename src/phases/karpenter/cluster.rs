//! Karpenter inside the cluster: CRDs, controller, and the pool of GPU nodes.
//!
//! The pool goes first and its nodes with it, while the controller still runs: otherwise instances are paid for after the
//! cluster is gone.

use std::sync::Arc;

use crate::adapt::Set;
use crate::engine::Resource;
use crate::kube::Stage;
use crate::phases::Deps;
use crate::phases::part::{Part, Spec};

pub(in crate::phases) const SPECS: &[Spec] = &[
    Spec {
        addr: "karpenter/crds",
        title: "Karpenter's CRDs",
        set: Set::Karpenter,
        stages: &[Stage::Crds],
        needs: VALUES,
        typical: 3,
        deadline: 120,
        instances_of: &[],
    },
    Spec {
        addr: "karpenter/controller",
        title: "Karpenter",
        set: Set::Karpenter,
        stages: &[
            Stage::Namespaces,
            Stage::Access,
            Stage::Config,
            Stage::Workloads,
            Stage::CustomResources,
            Stage::Webhooks,
        ],
        needs: &[
            "cluster/eks",
            "karpenter/role-controller",
            "karpenter/queue",
            "karpenter/crds",
            "karpenter/access-nodes",
            "cluster/node-group",
            "cluster/addon-coredns",
        ],
        typical: 60,
        deadline: 900,
        instances_of: &[],
    },
    Spec {
        addr: "karpenter/gpu-pool",
        title: "pool of GPU nodes",
        set: Set::GpuPool,
        stages: &Stage::ALL,
        // A GPU node without the device plugin looks empty and is made again and again.
        needs: &["cluster/vpc", "karpenter/role-node", "karpenter/controller", "gpu/device-plugin"],
        typical: 10,
        deadline: 300,
        instances_of: &["karpenter/crds"],
    },
];

/// What the values of the set come from.
const VALUES: &[&str] = &["cluster/eks", "karpenter/role-controller", "karpenter/queue"];

/// The resources of Karpenter inside the cluster.
pub fn resources(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    if deps.config.spec.gpu.enabled { Part::all(deps, SPECS) } else { Vec::new() }
}
