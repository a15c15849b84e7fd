//! Section F of the public cases, as far as manifests show them: storage, load balancers, logins, GPUs.

use std::collections::BTreeMap;

use kfctl_cn::adapt::{Adapted, Set};
use kfctl_cn::model::Object;
use serde_json::{Value, json};

use super::cases::field;
use super::everywhere;

fn every(all: &BTreeMap<Set, Adapted>) -> impl Iterator<Item = &Object> {
    all.values().flat_map(|out| &out.objects)
}

/// awslabs#548, containers-roadmap#1935: no class for claims, or one of the driver that is gone from Kubernetes.
#[test]
fn f1_f2_one_class_of_the_csi_driver_is_the_default_and_claims_name_no_other() {
    everywhere(|all, _| {
        let classes: Vec<&Object> = every(all).filter(|o| o.kind() == "StorageClass").collect();
        let [class] = classes.as_slice() else { panic!("{} classes", classes.len()) };
        assert_eq!(class.0["provisioner"], "ebs.csi.aws.com");
        assert_eq!(class.0["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"], "true");
        let claims: Vec<&Object> = every(all).filter(|o| o.kind() == "PersistentVolumeClaim").collect();
        assert!(!claims.is_empty());
        for claim in claims {
            assert_eq!(claim.0["spec"].get("storageClassName"), None, "{}", claim.id());
        }
    });
}

/// aws-ebs-csi-driver#743: the overlay for China is gone, and its images can't be pulled. EKS installs the driver.
#[test]
fn f3_the_ebs_driver_is_not_in_the_manifests_and_no_blocked_registry_is_named() {
    everywhere(|all, _| {
        let driver = |o: &&Object| o.kind() == "CSIDriver" && o.name() == "ebs.csi.aws.com";
        assert_eq!(every(all).filter(driver).count(), 0);
        for image in all.values().flat_map(|out| &out.images) {
            assert!(
                !image.target.starts_with("k8s.gcr.io") && !image.target.starts_with("registry.k8s.io"),
                "{image:?}"
            );
        }
    });
}

/// LBC#1256, #1579, #2900: Shield isn't in China, and its controller's policy is to be that of China. It isn't installed: nothing here
/// needs a load balancer.
#[test]
fn f4_f5_no_load_balancer_controller_and_nothing_that_needs_one() {
    everywhere(|all, _| {
        for object in every(all) {
            assert!(!object.name().contains("load-balancer-controller"), "{}", object.id());
            let text = object.0.to_string();
            assert!(!text.contains("enable-shield") && !text.contains("enable-wafv2"), "{}", object.id());
            let balanced = object.kind() == "Service" && object.0["spec"]["type"] == "LoadBalancer";
            assert!(object.kind() != "Ingress" && !balanced, "{} asks for one", object.id());
        }
    });
}

/// awslabs#18, #305: user pools don't exist in China. Logins are dex's (`cognito` is refused: tests/cli/config.rs).
#[test]
fn f6_logins_are_dex_and_nothing_asks_cognito() {
    everywhere(|all, _| {
        assert!(field(all, Set::Kubeflow, "Deployment/auth/dex", "/spec").is_some());
        for object in every(all) {
            assert!(!object.0.to_string().to_lowercase().contains("cognito"), "{}", object.id());
        }
    });
}

/// nebari#3074, k8s-device-plugin#9: the taint of the pool is the one that the plugin tolerates.
#[test]
fn f8_the_plugin_tolerates_the_pools_taint_and_looks_for_its_label() {
    everywhere(|all, _| {
        let plugin = "DaemonSet/kube-system/nvidia-device-plugin-daemonset";
        let of = |path: &str| field(all, Set::DevicePlugin, plugin, path).unwrap_or_default();
        let taints = field(all, Set::GpuPool, "NodePool//gpu", "/spec/template/spec/taints").expect("taints");
        assert_eq!(taints, json!([{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}]));
        let tolerated = of("/spec/template/spec/tolerations");
        let same = |t: &Value| t["key"] == "nvidia.com/gpu" && t["operator"] == "Exists" && t["effect"] == "NoSchedule";
        assert!(tolerated.as_array().expect("a list").iter().any(same), "{tolerated}");
        let label = field(all, Set::GpuPool, "NodePool//gpu", "/spec/template/metadata/labels/nvidia.com~1gpu.present");
        assert_eq!(label, Some(json!("true")));
        let nodes = of("/spec/template/spec/affinity/nodeAffinity").to_string();
        assert!(nodes.contains("nvidia.com/gpu.present"), "{nodes}");
    });
}

/// karpenter#5974, amazon-eks-ami#2342, #1697: an image without the GPU's runtime, or user data that names a registry. Karpenter
/// takes the variant for the GPU by itself where the family is named by alias and nothing is said about the runtime.
#[test]
fn f9_f10_nodes_take_the_familys_own_image_and_no_user_data() {
    everywhere(|all, _| {
        let class = |path: &str| field(all, Set::GpuPool, "EC2NodeClass//gpu", path);
        assert_eq!(class("/spec/amiSelectorTerms/0/alias"), Some(json!("al2023@latest")));
        for path in ["/spec/userData", "/spec/kubelet", "/spec/instanceStorePolicy"] {
            assert_eq!(class(path), None, "{path}");
        }
        assert!(every(all).all(|o| !o.0.to_string().contains("pause-container-image")));
    });
}

/// aws-efs-csi-driver#142, mountpoint-s3-csi-driver#164: hosts and ARNs of drivers that aren't installed.
#[test]
fn f11_no_other_storage_driver_is_installed() {
    everywhere(|all, _| {
        let drivers: Vec<&str> = every(all).filter(|o| o.kind() == "CSIDriver").map(Object::name).collect();
        assert_eq!(drivers, ["secrets-store.csi.k8s.io"]);
    });
}

/// awslabs#509 (C11): GPU nodes carry the cluster's group, which the database lets in.
#[test]
fn c11_gpu_nodes_carry_the_clusters_security_group() {
    everywhere(|all, _| {
        let terms = field(all, Set::GpuPool, "EC2NodeClass//gpu", "/spec/securityGroupSelectorTerms").expect("terms");
        let own = json!({"tags": {"aws:eks:cluster-name": "kf"}});
        assert!(terms.as_array().expect("a list").contains(&own), "{terms}");
    });
}
