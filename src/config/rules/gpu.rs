//! The GPU nodes, the device plugin and Karpenter.

use super::{Found, matches};
use crate::config::Config;

pub fn check(config: &Config, found: &mut Found) {
    let gpu = &config.spec.gpu;
    let versions = "\"0.20.0\" or \"0.9.0\"";
    found.pattern("spec.gpu.devicePluginVersion", &gpu.device_plugin_version, r"0\.20\.0|0\.9\.0", versions);
    // Source: the CRD of NodePool, `disruption.consolidateAfter`.
    let duration = "a duration such as 60s, 5m or 1h30m, or Never";
    found.pattern("spec.gpu.consolidateAfter", &gpu.consolidate_after, "([0-9]+[smh])+|Never", duration);
    let karpenter = &config.spec.karpenter.version;
    if karpenter != "1.14.1" {
        let hint = "version: \"1.14.1\", the only one here that speaks to Kubernetes 1.32 to 1.36";
        found.add("spec.karpenter.version", format!("Karpenter `{karpenter}` is not installed by this version"), hint);
    }
    if !gpu.enabled {
        return;
    }
    if gpu.families.is_empty() {
        found.add("spec.gpu.families", "no family".into(), "one or more such as g4dn, or enabled: false");
    }
    for (i, family) in gpu.families.iter().enumerate() {
        let path = format!("spec.gpu.families[{i}]");
        if family.contains('.') {
            found.add(&path, format!("`{family}` is an instance type"), "the family alone, such as g4dn");
        } else if matches("g[0-9]+g[a-z]*", family) {
            found.add(
                &path,
                format!("{family} is an Arm family"),
                "the images are x86-64 only: g4dn, g5, p3 and others",
            );
        } else if !matches("[gp][0-9]+[a-z0-9-]*", family) {
            found.add(&path, format!("`{family}` is not a family with NVIDIA GPUs"), "a family such as g4dn, g5 or p3");
        }
    }
    if gpu.capacity_types.is_empty() {
        found.add("spec.gpu.capacityTypes", "no capacity type".into(), "on-demand, spot or both");
    }
    found.range("spec.gpu.maxGpus", gpu.max_gpus, 1, 10_000, " GPUs");
}
