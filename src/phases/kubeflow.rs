//! The phase `kubeflow`: all objects of the variant, one resource a stage.

use std::sync::Arc;

use crate::adapt::Set;
use crate::config::Switch;
use crate::engine::Resource;
use crate::kube::Stage;

use super::Deps;
use super::part::{Part, Spec};

/// What the rendered objects depend on.
const FIRST: &[&str] = &[
    "data/bucket",
    "data/database",
    "data/rds-secret-host",
    "data/s3-secret",
    "data/admin-secret",
    "data/role-secrets-manager-sa",
];

/// The values of the set must be known to every stage, so each names them again beside the stage before it.
macro_rules! after {
    ($($addr:literal),+) => {
        &[
            "data/bucket",
            "data/database",
            "data/role-secrets-manager-sa",
            "data/admin-secret",
            $($addr),+
        ]
    };
}

/// Objects go with their namespace and with their CRD: when one of these was made anew, each stage looks again.
macro_rules! within {
    ($($addr:literal),*) => { after!("kubeflow/namespaces", "kubeflow/crds" $(, $addr)*) };
}

const fn spec(
    addr: &'static str,
    title: &'static str,
    stages: &'static [Stage],
    needs: &'static [&'static str],
    seconds: (u64, u64),
) -> Spec {
    let (typical, deadline) = seconds;
    Spec { addr, title, set: Set::Kubeflow, stages, needs, typical, deadline, instances_of: &[] }
}

pub(super) const SPECS: &[Spec] = &[
    spec("kubeflow/namespaces", "namespaces", &[Stage::Namespaces], FIRST, (1, 60)),
    spec("kubeflow/crds", "CRDs", &[Stage::Crds], after!("kubeflow/namespaces"), (10, 180)),
    spec("kubeflow/access", "service accounts and roles", &[Stage::Access], within!(), (10, 60)),
    // SecretProviderClass is a kind of the CSI driver.
    spec(
        "kubeflow/config",
        "configuration, secrets, services",
        &[Stage::Config],
        within!("kubeflow/access", "platform/csi-driver"),
        (10, 300),
    ),
    spec(
        "kubeflow/cert-manager",
        "cert-manager",
        &[Stage::CertManager, Stage::CertManagerWebhooks],
        within!("kubeflow/config", "cluster/node-group", "cluster/addon-coredns"),
        (60, 900),
    ),
    spec(
        "kubeflow/certificates",
        "issuers and certificates",
        &[Stage::Certificates],
        within!("kubeflow/cert-manager"),
        (30, 600),
    ),
    spec("kubeflow/mesh", "Istio", &[Stage::Mesh], within!("kubeflow/certificates"), (60, 900)),
    spec("kubeflow/mesh-webhooks", "Istio's webhooks", &[Stage::MeshWebhooks], within!("kubeflow/mesh"), (2, 120)),
    spec(
        "kubeflow/workloads",
        "workloads",
        &[Stage::Workloads],
        within!("kubeflow/mesh-webhooks", "platform/storage-class", "platform/csi-provider", "cluster/addon-ebs-csi"),
        (300, 2400),
    ),
    Spec {
        instances_of: &["kubeflow/crds"],
        ..spec(
            "kubeflow/custom-resources",
            "custom resources",
            &[Stage::CustomResources],
            within!("kubeflow/workloads"),
            (20, 600),
        )
    },
    spec(
        "kubeflow/webhooks",
        "webhook configurations",
        &[Stage::Webhooks],
        within!("kubeflow/custom-resources"),
        (3, 300),
    ),
];

/// The webhook for users' images, if it is asked for. It needs the cert-manager that comes with Kubeflow, and nothing
/// needs it.
pub(super) const IMAGE_WEBHOOK: &[Spec] = &[Spec {
    addr: "kubeflow/image-webhook",
    title: "image webhook",
    set: Set::ImageWebhook,
    stages: &Stage::ALL,
    needs: &["kubeflow/namespaces", "kubeflow/certificates", "cluster/node-group"],
    typical: 40,
    deadline: 600,
    instances_of: &[],
}];

/// The resources of the phase.
pub fn resources(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    let mut all = Part::all(deps, SPECS);
    if deps.config.spec.images.webhook == Switch::Enabled {
        all.extend(Part::all(deps, IMAGE_WEBHOOK));
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_stage_belongs_to_one_part_in_order() {
        let stages: Vec<Stage> = SPECS.iter().flat_map(|spec| spec.stages).copied().collect();
        assert_eq!(stages, Stage::ALL);
    }

    #[test]
    fn each_part_needs_the_one_before() {
        for pair in SPECS.windows(2) {
            assert!(pair[1].needs.contains(&pair[0].addr), "{} after {}", pair[1].addr, pair[0].addr);
        }
        let addrs: BTreeSet<&str> = SPECS.iter().map(|spec| spec.addr).collect();
        assert_eq!(addrs.len(), SPECS.len());
    }
}
