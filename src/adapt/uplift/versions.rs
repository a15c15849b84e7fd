//! Which old versions are raised to which, since when they can be, and by what code.

use serde_json::Value;

use super::{autoscaler, cert_manager, crd, disruption_budget, ingress, small, webhook, workload};

/// What raises an object; the second argument is its old `apiVersion`. Gives what it changed besides the version, or `None`
/// if this object has no counterpart in the new version.
pub(super) type Raise = fn(&mut Value, &str) -> Option<Vec<String>>;

/// How the objects of a version and kind are raised.
pub(super) struct Rule {
    /// The id under which it is reported.
    pub(super) id: &'static str,
    /// The `apiVersion` to write.
    pub(super) to: &'static str,
    /// The minor version of Kubernetes 1 that serves it first; 0: it is another component's.
    pub(super) since: u32,
    /// The code.
    pub(super) raise: Raise,
}

fn rule(id: &'static str, to: &'static str, since: u32, raise: Raise) -> Option<Rule> {
    Some(Rule { id, to, since, raise })
}

/// Nothing changes but the version's name.
fn same(_: &mut Value, _: &str) -> Option<Vec<String>> {
    Some(Vec::new())
}

/// The rule for a version and kind. Source: the Kubernetes deprecation guide, also for since when; cert-manager's and the
/// secrets-store CSI driver's release notes for theirs.
pub(super) fn of(group: &str, version: &str, kind: &str) -> Option<Rule> {
    match (group, version, kind) {
        ("apiextensions.k8s.io", "v1beta1", "CustomResourceDefinition") => {
            rule("kubernetes/crd-v1", "apiextensions.k8s.io/v1", 16, |o, _| Some(crd::raise(o)))
        }
        (
            "admissionregistration.k8s.io",
            "v1beta1",
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
        ) => rule("kubernetes/webhook-v1", "admissionregistration.k8s.io/v1", 16, |o, _| Some(webhook::raise(o))),
        ("policy", "v1beta1", "PodDisruptionBudget") => {
            rule("kubernetes/disruption-budget-v1", "policy/v1", 21, |o, _| Some(disruption_budget::raise(o)))
        }
        ("extensions" | "networking.k8s.io", "v1beta1", "Ingress") => {
            rule("kubernetes/ingress-v1", "networking.k8s.io/v1", 19, |o, _| Some(ingress::raise(o)))
        }
        ("extensions", "v1beta1", "Deployment" | "DaemonSet" | "ReplicaSet")
        | (
            "apps",
            "v1beta1" | "v1beta2",
            "Deployment" | "DaemonSet" | "ReplicaSet" | "StatefulSet" | "ControllerRevision",
        ) => rule("kubernetes/workload-v1", "apps/v1", 9, |o, api| Some(workload::raise(o, api))),
        ("autoscaling", "v2beta1", "HorizontalPodAutoscaler") => {
            rule("kubernetes/autoscaler-v2", "autoscaling/v2", 23, |o, _| Some(autoscaler::raise(o)))
        }
        ("autoscaling", "v2beta2", "HorizontalPodAutoscaler") => {
            rule("kubernetes/autoscaler-v2", "autoscaling/v2", 23, same)
        }
        ("authorization.k8s.io", "v1beta1", _) => {
            rule("kubernetes/access-review-v1", "authorization.k8s.io/v1", 6, |o, _| Some(small::access_review(o)))
        }
        ("certificates.k8s.io", "v1beta1", "CertificateSigningRequest") => {
            rule("kubernetes/signing-request-v1", "certificates.k8s.io/v1", 19, |o, _| small::signing_request(o))
        }
        ("discovery.k8s.io", "v1beta1", "EndpointSlice") => {
            rule("kubernetes/endpoint-slice-v1", "discovery.k8s.io/v1", 21, |o, _| Some(small::endpoint_slice(o)))
        }
        ("flowcontrol.apiserver.k8s.io", "v1beta1" | "v1beta2" | "v1beta3", _) => {
            let to = "flowcontrol.apiserver.k8s.io/v1";
            rule("kubernetes/flow-control-v1", to, 29, |o, _| Some(small::flow_control(o)))
        }
        ("cert-manager.io", "v1alpha2" | "v1alpha3" | "v1beta1", _) => {
            rule("kubernetes/cert-manager-v1", "cert-manager.io/v1", 0, |o, api| {
                Some(cert_manager::raise(o, api.rsplit('/').next().unwrap_or(api)))
            })
        }
        _ => same_shape(group, version, kind),
    }
}

fn same_shape(group: &str, version: &str, kind: &str) -> Option<Rule> {
    let stable = |to, since| rule("kubernetes/stable-v1", to, since, same);
    match (group, version, kind) {
        ("rbac.authorization.k8s.io", "v1alpha1" | "v1beta1", _) => {
            rule("kubernetes/rbac-v1", "rbac.authorization.k8s.io/v1", 8, same)
        }
        ("batch", "v1beta1", "CronJob") => rule("kubernetes/cron-job-v1", "batch/v1", 21, same),
        ("secrets-store.csi.x-k8s.io", "v1alpha1", "SecretProviderClass") => {
            rule("kubernetes/secret-provider-v1", "secrets-store.csi.x-k8s.io/v1", 0, same)
        }
        ("extensions", "v1beta1", "NetworkPolicy") => stable("networking.k8s.io/v1", 8),
        ("networking.k8s.io", "v1beta1", "IngressClass") => stable("networking.k8s.io/v1", 19),
        ("apiregistration.k8s.io", "v1beta1", _) => stable("apiregistration.k8s.io/v1", 10),
        ("authentication.k8s.io", "v1beta1", "TokenReview") => stable("authentication.k8s.io/v1", 6),
        ("coordination.k8s.io", "v1beta1", "Lease") => stable("coordination.k8s.io/v1", 14),
        ("scheduling.k8s.io", "v1beta1", "PriorityClass") => stable("scheduling.k8s.io/v1", 14),
        ("storage.k8s.io", "v1beta1", "StorageClass") => stable("storage.k8s.io/v1", 6),
        ("storage.k8s.io", "v1beta1", "VolumeAttachment") => stable("storage.k8s.io/v1", 13),
        ("storage.k8s.io", "v1beta1", "CSINode") => stable("storage.k8s.io/v1", 17),
        ("storage.k8s.io", "v1beta1", "CSIDriver") => stable("storage.k8s.io/v1", 19),
        ("storage.k8s.io", "v1beta1", "CSIStorageCapacity") => stable("storage.k8s.io/v1", 24),
        ("node.k8s.io", "v1beta1", "RuntimeClass") => stable("node.k8s.io/v1", 20),
        _ => None,
    }
}
