//! Kinds whose shape didn't change: only the version's name does.

/// The id, the version to write and the minor version of Kubernetes 1 that serves it first (0: another component's).
///
/// Source: the Kubernetes deprecation guide (rbac v1 since 1.8, CronJob v1 since 1.21, autoscaling/v2 since 1.23, of the
/// same shape as v2beta2); secrets-store CSI driver 1.0 (SecretProviderClass v1).
pub(super) fn same_shape(group: &str, version: &str, kind: &str) -> Option<(&'static str, &'static str, u32)> {
    Some(match (group, version, kind) {
        ("rbac.authorization.k8s.io", "v1alpha1" | "v1beta1", _) => ("kubernetes/rbac-v1", "v1", 8),
        ("batch", "v1beta1", "CronJob") => ("kubernetes/cron-job-v1", "v1", 21),
        ("autoscaling", "v2beta2", "HorizontalPodAutoscaler") => ("kubernetes/autoscaler-v2", "v2", 23),
        ("secrets-store.csi.x-k8s.io", "v1alpha1", "SecretProviderClass") => ("kubernetes/secret-provider-v1", "v1", 0),
        _ => return None,
    })
}
