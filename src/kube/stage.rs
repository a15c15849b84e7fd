//! The order in which objects are applied, as a table that reads like sentences.

use crate::model::Object;

/// A step of the order. Objects of one stage are applied side by side; the next one begins when they can be used.
///
/// cert-manager comes before everything that asks it for a certificate, since the CA of one certificate goes into a CRD and
/// those of five into webhook configurations. The mesh comes before the workloads, since a pod that is made before the
/// sidecar injector answers has no sidecar. A webhook configuration comes after what answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Namespaces.
    Namespaces,
    /// CRDs.
    Crds,
    /// Service accounts, roles and bindings.
    Access,
    /// ConfigMaps, Secrets, Services, classes: what pods find when they start.
    Config,
    /// The workloads of cert-manager.
    CertManager,
    /// The webhook configurations of cert-manager.
    CertManagerWebhooks,
    /// Issuers and Certificates.
    Certificates,
    /// istiod and the gateways.
    Mesh,
    /// The webhook configurations of istiod.
    MeshWebhooks,
    /// All other workloads, their volume claims and autoscalers.
    Workloads,
    /// Custom resources.
    CustomResources,
    /// All other webhook configurations, and API services.
    Webhooks,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Stage; 12] = [
        Stage::Namespaces,
        Stage::Crds,
        Stage::Access,
        Stage::Config,
        Stage::CertManager,
        Stage::CertManagerWebhooks,
        Stage::Certificates,
        Stage::Mesh,
        Stage::MeshWebhooks,
        Stage::Workloads,
        Stage::CustomResources,
        Stage::Webhooks,
    ];

    /// The stage of an object.
    pub fn of(object: &Object) -> Stage {
        match (object.group(), object.kind()) {
            ("", "Namespace") => Stage::Namespaces,
            ("apiextensions.k8s.io", _) => Stage::Crds,
            ("", "ServiceAccount") | ("rbac.authorization.k8s.io", _) => Stage::Access,
            ("apps" | "batch" | "autoscaling", _) | ("", "Pod" | "ReplicationController") => workload(object),
            // A claim is bound when a pod uses it: waiting for it any earlier would never end.
            ("", "PersistentVolumeClaim") => Stage::Workloads,
            ("admissionregistration.k8s.io", _) => webhook(object),
            ("apiregistration.k8s.io", _) => Stage::Webhooks,
            ("cert-manager.io" | "acme.cert-manager.io", _) => Stage::Certificates,
            // Inert data that pods mount: without it they never start.
            ("secrets-store.csi.x-k8s.io", _) => Stage::Config,
            (group, _) if builtin(group) => Stage::Config,
            _ => Stage::CustomResources,
        }
    }
}

/// True for the groups of Kubernetes itself, whose lists have merge keys.
pub(super) fn builtin(group: &str) -> bool {
    !group.contains('.')
        || group.ends_with(".k8s.io") && !group.contains(".x-k8s.io") && group != "metacontroller.k8s.io"
}

const CERT_MANAGER: &str = "cert-manager";
const MESH_NAMESPACE: &str = "istio-system";
const MESH: &[&str] = &["istiod", "istio-ingressgateway", "cluster-local-gateway"];

fn workload(object: &Object) -> Stage {
    match object.namespace() {
        CERT_MANAGER => Stage::CertManager,
        MESH_NAMESPACE if MESH.contains(&object.name()) => Stage::Mesh,
        _ => Stage::Workloads,
    }
}

/// A webhook configuration belongs to the stage after the workloads that answer it.
fn webhook(object: &Object) -> Stage {
    let answered_in = |namespace: &str| {
        let hooks = object.0.get("webhooks").and_then(|w| w.as_array());
        hooks.is_some_and(|hooks| {
            !hooks.is_empty()
                && hooks.iter().all(|hook| {
                    hook.pointer("/clientConfig/service/namespace").and_then(|n| n.as_str()) == Some(namespace)
                })
        })
    };
    if answered_in(CERT_MANAGER) {
        Stage::CertManagerWebhooks
    } else if answered_in(MESH_NAMESPACE) {
        Stage::MeshWebhooks
    } else {
        Stage::Webhooks
    }
}

/// The objects by stage, in order; stages without objects are absent.
pub fn split(objects: Vec<Object>) -> Vec<(Stage, Vec<Object>)> {
    let mut stages: Vec<(Stage, Vec<Object>)> = Stage::ALL.map(|stage| (stage, Vec::new())).into();
    for object in objects {
        stages[Stage::of(&object) as usize].1.push(object);
    }
    stages.retain(|(_, objects)| !objects.is_empty());
    stages
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn object(api_version: &str, kind: &str, namespace: &str, name: &str) -> Object {
        Object(json!({"apiVersion": api_version, "kind": kind, "metadata": {"namespace": namespace, "name": name}}))
    }

    fn webhook(namespaces: &[&str]) -> Object {
        let mut object = object("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "", "w");
        let hook = |namespace: &&str| json!({"clientConfig": {"service": {"namespace": namespace}}});
        object.0["webhooks"] = Value::Array(namespaces.iter().map(hook).collect());
        object
    }

    #[test]
    fn each_kind_has_its_stage() {
        let table = [
            (object("v1", "Namespace", "", "kubeflow"), Stage::Namespaces),
            (object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "x"), Stage::Crds),
            (object("rbac.authorization.k8s.io/v1", "Role", "a", "x"), Stage::Access),
            (object("v1", "ServiceAccount", "a", "x"), Stage::Access),
            (object("v1", "Secret", "a", "x"), Stage::Config),
            (object("policy/v1", "PodDisruptionBudget", "a", "x"), Stage::Config),
            (object("storage.k8s.io/v1", "StorageClass", "", "gp3"), Stage::Config),
            (object("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", "kubeflow", "rds-secret"), Stage::Config),
            (object("apps/v1", "Deployment", "cert-manager", "cert-manager"), Stage::CertManager),
            (object("apps/v1", "Deployment", "istio-system", "istiod"), Stage::Mesh),
            (object("apps/v1", "StatefulSet", "istio-system", "authservice"), Stage::Workloads),
            (object("v1", "PersistentVolumeClaim", "kubeflow", "minio-pvc"), Stage::Workloads),
            (object("autoscaling/v2", "HorizontalPodAutoscaler", "knative-serving", "activator"), Stage::Workloads),
            (object("cert-manager.io/v1", "Certificate", "kubeflow", "x"), Stage::Certificates),
            (object("kubeflow.org/v1beta1", "Profile", "", "x"), Stage::CustomResources),
            (object("metacontroller.k8s.io/v1alpha1", "CompositeController", "", "x"), Stage::CustomResources),
            (object("networking.istio.io/v1beta1", "VirtualService", "a", "x"), Stage::CustomResources),
            (object("karpenter.sh/v1", "NodePool", "", "gpu"), Stage::CustomResources),
            (webhook(&["cert-manager"]), Stage::CertManagerWebhooks),
            (webhook(&["istio-system", "istio-system"]), Stage::MeshWebhooks),
            (webhook(&["istio-system", "kubeflow"]), Stage::Webhooks),
            (webhook(&[]), Stage::Webhooks),
        ];
        for (object, stage) in table {
            assert_eq!(Stage::of(&object), stage, "{}", object.id());
        }
    }

    #[test]
    fn the_order_is_that_of_need() {
        let objects = vec![
            webhook(&["kubeflow"]),
            object("kubeflow.org/v1beta1", "Profile", "", "x"),
            object("apps/v1", "Deployment", "kubeflow", "x"),
            object("cert-manager.io/v1", "Certificate", "kubeflow", "x"),
            object("apps/v1", "Deployment", "cert-manager", "x"),
            object("v1", "Namespace", "", "kubeflow"),
        ];
        let order: Vec<_> = split(objects).into_iter().map(|(stage, _)| stage).collect();
        use Stage::*;
        assert_eq!(order, [Namespaces, CertManager, Certificates, Workloads, CustomResources, Webhooks]);
    }
}
