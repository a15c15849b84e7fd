//! The phase `gpu`: the NVIDIA device plugin.

use std::sync::Arc;

use crate::adapt::Set;
use crate::engine::Resource;
use crate::kube::Stage;

use super::Deps;
use super::part::{Part, Spec};

pub(super) const SPECS: &[Spec] = &[Spec {
    addr: "gpu/device-plugin",
    title: "NVIDIA device plugin",
    set: Set::DevicePlugin,
    stages: &Stage::ALL,
    needs: &["cluster/node-group"],
    typical: 40,
    deadline: 900,
    instances_of: &[],
}];

/// The resources of the phase; none without GPU nodes.
pub fn resources(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    if deps.config.spec.gpu.enabled { Part::all(deps, SPECS) } else { Vec::new() }
}
