//! The built-in field specs: facts about Kubernetes kinds, as kustomize 5.8.2 has them.
//!
//! They are tables of kinds times paths, so that a pod's fields are written down once and not for every kind that has a
//! pod template.

use super::super::resource::Gvk;
use super::config::Config;
use super::spec::{FieldSpec, Referrers};

/// The kinds that hold pods: kind, version ("" for any) and the path to the pod's metadata and spec.
const PODS: [(&str, &str, &str); 9] = [
    ("Pod", "v1", ""),
    ("PodTemplate", "", "template/"),
    ("Deployment", "", "spec/template/"),
    ("ReplicaSet", "", "spec/template/"),
    ("DaemonSet", "", "spec/template/"),
    ("StatefulSet", "", "spec/template/"),
    ("Job", "", "spec/template/"),
    ("ReplicationController", "", "spec/template/"),
    ("CronJob", "", "spec/jobTemplate/spec/template/"),
];
/// Paths in a pod that hold names of ConfigMaps.
const CONFIG_MAPS: [&str; 6] = [
    "spec/volumes/configMap/name",
    "spec/containers/env/valueFrom/configMapKeyRef/name",
    "spec/initContainers/env/valueFrom/configMapKeyRef/name",
    "spec/containers/envFrom/configMapRef/name",
    "spec/initContainers/envFrom/configMapRef/name",
    "spec/volumes/projected/sources/configMap/name",
];
/// Paths in a pod that hold names of Secrets.
const SECRETS: [&str; 7] = [
    "spec/volumes/secret/secretName",
    "spec/containers/env/valueFrom/secretKeyRef/name",
    "spec/initContainers/env/valueFrom/secretKeyRef/name",
    "spec/containers/envFrom/secretRef/name",
    "spec/initContainers/envFrom/secretRef/name",
    "spec/imagePullSecrets/name",
    "spec/volumes/projected/sources/secret/name",
];
/// Kinds without names of ConfigMaps and Secrets, respectively without accounts, claims and priorities.
const NO_SOURCES: [&str; 1] = ["ReplicationController"];
const NO_ACCOUNTS: [&str; 2] = ["PodTemplate", "ReplicaSet"];
/// Paths in a pod where vars are replaced.
const VARS: [&str; 9] = [
    "spec/containers/args",
    "spec/containers/command",
    "spec/containers/env/value",
    "spec/containers/volumeMounts/mountPath",
    "spec/initContainers/args",
    "spec/initContainers/command",
    "spec/initContainers/env/value",
    "spec/initContainers/volumeMounts/mountPath",
    "spec/volumes/nfs/server",
];
const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

fn gvk(group: &str, version: &str, kind: &str) -> Gvk {
    Gvk { group: group.into(), version: version.into(), kind: kind.into() }
}

fn field(kind: &str, path: &str) -> FieldSpec {
    FieldSpec { gvk: gvk("", "", kind), path: path.into(), create: false }
}

fn grouped(group: &str, kind: &str, path: &str) -> FieldSpec {
    FieldSpec { gvk: gvk(group, "", kind), path: path.into(), create: false }
}

fn created(group: &str, version: &str, kind: &str, path: &str) -> FieldSpec {
    FieldSpec { gvk: gvk(group, version, kind), path: path.into(), create: true }
}

/// Fields of all pod-holding kinds except some.
fn in_pods(paths: &[&str], except: &[&str], versioned: bool) -> Vec<FieldSpec> {
    let kinds = PODS.iter().filter(|(kind, ..)| !except.contains(kind));
    kinds
        .flat_map(|(kind, version, prefix)| {
            let version = if versioned { version } else { &"" };
            paths.iter().map(move |path| FieldSpec {
                gvk: gvk("", version, kind),
                path: format!("{prefix}{path}"),
                create: false,
            })
        })
        .collect()
}

/// All built-in field specs.
pub fn config() -> Config {
    Config {
        name_prefix: vec![FieldSpec::of_all("metadata/name", false)],
        name_suffix: vec![FieldSpec::of_all("metadata/name", false)],
        namespace: vec![
            created("", "", "Namespace", "metadata/name"),
            created("apiregistration.k8s.io", "", "APIService", "spec/service/namespace"),
            grouped(
                "apiextensions.k8s.io",
                "CustomResourceDefinition",
                "spec/conversion/webhook/clientConfig/service/namespace",
            ),
        ],
        common_labels: common_labels(),
        labels: Vec::new(),
        template_labels: metadata("labels", "apps"),
        claim_labels: vec![claim_labels()],
        common_annotations: metadata("annotations", ""),
        name_reference: name_references(),
        var_reference: var_references(),
        images: images(),
        replicas: ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"]
            .map(|kind| created("", "", kind, "spec/replicas"))
            .into(),
    }
}

/// Labels or annotations of objects and their templates. StatefulSets count only in group `apps` for labels.
fn metadata(what: &str, stateful_group: &str) -> Vec<FieldSpec> {
    let template = format!("spec/template/metadata/{what}");
    vec![
        FieldSpec::of_all(&format!("metadata/{what}"), true),
        created("", "v1", "ReplicationController", &template),
        created("", "", "Deployment", &template),
        created("", "", "ReplicaSet", &template),
        created("", "", "DaemonSet", &template),
        created(stateful_group, "", "StatefulSet", &template),
        created("batch", "", "Job", &template),
        created("batch", "", "CronJob", &format!("spec/jobTemplate/metadata/{what}")),
        created("batch", "", "CronJob", &format!("spec/jobTemplate/spec/template/metadata/{what}")),
    ]
}

fn claim_labels() -> FieldSpec {
    created("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels")
}

fn common_labels() -> Vec<FieldSpec> {
    let selector = "spec/selector/matchLabels";
    let network = "networking.k8s.io";
    let mut specs = vec![
        created("", "v1", "Service", "spec/selector"),
        created("", "v1", "ReplicationController", "spec/selector"),
        created("", "", "Deployment", selector),
        created("", "", "ReplicaSet", selector),
        created("", "", "DaemonSet", selector),
        created("apps", "", "StatefulSet", selector),
        grouped("batch", "Job", selector),
        grouped("batch", "CronJob", "spec/jobTemplate/spec/selector/matchLabels"),
        grouped("policy", "PodDisruptionBudget", selector),
        grouped(network, "NetworkPolicy", "spec/podSelector/matchLabels"),
        grouped(network, "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels"),
        grouped(network, "NetworkPolicy", "spec/egress/to/podSelector/matchLabels"),
    ];
    for kind in ["Deployment", "StatefulSet"] {
        let spec = "spec/template/spec";
        for affinity in ["podAffinity", "podAntiAffinity"] {
            let preferred = "preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm";
            for when in [preferred, "requiredDuringSchedulingIgnoredDuringExecution"] {
                let path = format!("{spec}/affinity/{affinity}/{when}/labelSelector/matchLabels");
                specs.push(grouped("apps", kind, &path));
            }
        }
        specs.push(grouped("apps", kind, &format!("{spec}/topologySpreadConstraints/labelSelector/matchLabels")));
    }
    specs.extend(metadata("labels", "apps"));
    specs.push(claim_labels());
    specs
}

fn images() -> Vec<FieldSpec> {
    let pods = ["spec/", "spec/template/spec/"];
    let fields = ["containers[]/image", "initContainers[]/image", "volumes[]/image/reference"];
    let mut specs: Vec<FieldSpec> =
        pods.iter().flat_map(|pod| fields.iter().map(move |f| FieldSpec::of_all(&format!("{pod}{f}"), true))).collect();
    specs.push(FieldSpec::of_all("spec/jobTemplate/spec/template/spec/volumes[]/image/reference", true));
    specs
}

fn var_references() -> Vec<FieldSpec> {
    let mut specs = in_pods(&VARS, &["PodTemplate", "ReplicationController", "CronJob"], false);
    specs.retain(|spec| !(spec.gvk.kind == "StatefulSet" && spec.path.ends_with("nfs/server")));
    let cron = in_pods(&VARS[..8], &[], false).into_iter().filter(|spec| spec.gvk.kind == "CronJob");
    specs.extend(cron);
    specs.extend(
        [
            ("CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server"),
            ("Deployment", "spec/template/metadata/annotations"),
            ("Ingress", "spec/rules/host"),
            ("Ingress", "spec/tls/hosts"),
            ("Ingress", "spec/tls/secretName"),
            ("Service", "spec/ports/port"),
            ("Service", "spec/ports/targetPort"),
            ("StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
            ("PersistentVolume", "spec/nfs/server"),
        ]
        .map(|(kind, path)| field(kind, path)),
    );
    specs.extend(["metadata/labels", "metadata/annotations"].map(|path| FieldSpec::of_all(path, false)));
    specs
}

fn name_references() -> Vec<Referrers> {
    let refers = |group: &str, version: &str, kind: &str, fields: Vec<FieldSpec>| Referrers {
        target: gvk(group, version, kind),
        fields,
    };
    let mut all: Vec<Referrers> = ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"]
        .map(|kind| refers("", "", kind, vec![field("HorizontalPodAutoscaler", "spec/scaleTargetRef/name")]))
        .into();
    let roles = ["Role", "ClusterRole"].map(|kind| field(kind, "rules/resourceNames"));

    let mut config_maps = in_pods(&CONFIG_MAPS, &NO_SOURCES, true);
    config_maps.push(field("Node", "spec/configSource/configMap"));
    config_maps.extend(roles.clone());
    config_maps.push(field("Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap"));
    all.push(refers("", "v1", "ConfigMap", config_maps));

    let mut secrets = in_pods(&SECRETS, &NO_SOURCES, true);
    secrets.extend(
        [
            ("Ingress", "spec/tls/secretName"),
            ("Ingress", r"metadata/annotations/ingress.kubernetes.io\/auth-secret"),
            ("Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret"),
            ("Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret"),
            ("ServiceAccount", "imagePullSecrets/name"),
            ("StorageClass", "parameters/secretName"),
            ("StorageClass", "parameters/adminSecretName"),
            ("StorageClass", "parameters/userSecretName"),
            ("StorageClass", "parameters/secretRef"),
            ("PersistentVolume", "spec/azureFile/secretName"),
        ]
        .map(|(kind, path)| field(kind, path)),
    );
    secrets.extend(roles);
    let knative = gvk("serving.knative.dev", "v1", "Service");
    let knative_path = "spec/template/spec/containers/env/valueFrom/secretKeyRef/name".to_owned();
    secrets.push(FieldSpec { gvk: knative, path: knative_path, create: false });
    all.push(refers("", "v1", "Secret", secrets));

    let mut services = vec![
        grouped("apps", "StatefulSet", "spec/serviceName"),
        grouped("apiregistration.k8s.io", "APIService", "spec/service/name"),
        grouped(ADMISSION, "ValidatingWebhookConfiguration", "webhooks/clientConfig/service"),
        grouped(ADMISSION, "MutatingWebhookConfiguration", "webhooks/clientConfig/service"),
    ];
    let ingress = ["rules/http/paths/backend/serviceName", "backend/serviceName"];
    let ingress_v1 = ["rules/http/paths/backend/service/name", "defaultBackend/service/name"];
    services.extend(ingress.iter().chain(&ingress_v1).map(|path| field("Ingress", &format!("spec/{path}"))));
    all.push(refers("", "v1", "Service", services));

    let binding = |kind: &str, path: &str| grouped(RBAC, kind, path);
    all.push(refers(RBAC, "", "Role", vec![binding("RoleBinding", "roleRef/name")]));
    let bindings = ["RoleBinding", "ClusterRoleBinding"];
    all.push(refers(RBAC, "", "ClusterRole", bindings.map(|kind| binding(kind, "roleRef/name")).into()));

    let mut accounts: Vec<FieldSpec> = bindings.map(|kind| binding(kind, "subjects")).into();
    accounts.extend(in_pods(&["spec/serviceAccountName"], &NO_ACCOUNTS, false));
    all.push(refers("", "v1", "ServiceAccount", accounts));
    let claims = in_pods(&["spec/volumes/persistentVolumeClaim/claimName"], &NO_ACCOUNTS, false);
    all.push(refers("", "v1", "PersistentVolumeClaim", claims));
    all.push(refers(
        "",
        "v1",
        "PersistentVolume",
        vec![field("PersistentVolumeClaim", "spec/volumeName"), field("ClusterRole", "rules/resourceNames")],
    ));
    all.push(refers(
        "storage.k8s.io",
        "v1",
        "StorageClass",
        vec![
            field("PersistentVolume", "spec/storageClassName"),
            field("PersistentVolumeClaim", "spec/storageClassName"),
            field("StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
        ],
    ));
    let priorities = in_pods(&["spec/priorityClassName"], &NO_ACCOUNTS, false);
    all.push(refers("scheduling.k8s.io", "v1", "PriorityClass", priorities));
    all.push(refers("networking.k8s.io/v1", "v1", "IngressClass", vec![field("Ingress", "spec/ingressClassName")]));
    all.push(refers(
        ADMISSION,
        "",
        "ValidatingAdmissionPolicy",
        vec![grouped(ADMISSION, "ValidatingAdmissionPolicyBinding", "spec/policyName")],
    ));
    all
}
