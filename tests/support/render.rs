//! What a deployment renders to, before it is adapted, and the values that it is adapted with.

use std::path::Path;

use kfctl_cn::adapt::{KubernetesVersion, Set, Values, own_objects};
use kfctl_cn::kustomize;
use kfctl_cn::model::{Object, Region, Secret};

/// Values as a deployment has them.
pub fn values(region: Region) -> Values {
    Values {
        region,
        account: "123456789012".into(),
        deployment: "kf".into(),
        cluster: "kf".into(),
        cluster_endpoint: "https://0123456789ABCDEF.yl4.cn-north-1.eks.amazonaws.com.cn".into(),
        kubernetes: KubernetesVersion { major: 1, minor: 35 },
        registry: format!("{}/mirror", region.ecr_host("123456789012")),
        bucket: "kf-123456789012".into(),
        db_host: format!("kf-db.abcdefghijkl.rds.{region}.amazonaws.com.cn"),
        db_port: "3306".into(),
        rds_secret: "kf-rds-secret".into(),
        s3_secret: "kf-s3-secret".into(),
        secrets_role_arn: "arn:aws-cn:iam::123456789012:role/kf-secrets".into(),
        admin_email: "admin@kubeflow.example".into(),
        admin_hash: Secret::new("$2b$12$0123456789abcdefghijkuJRqmhyMDN2Lh.4hFyiYYUAdgVqNPuKq"),
        oidc_client_secret: Secret::new("the-client-secret-of-this-deployment"),
        karpenter_role_arn: "arn:aws-cn:iam::123456789012:role/kf-karpenter".into(),
        karpenter_node_role: "kf-karpenter-node".into(),
        karpenter_queue: "kf-karpenter".into(),
        karpenter_version: "1.14.1".into(),
        device_plugin_version: "0.20.0".into(),
        karpenter_subnets: Vec::new(),
        karpenter_security_groups: Vec::new(),
        node_user_data: None,
        disk_key: None,
        gpu_families: vec!["g4dn".into(), "g5".into()],
        gpu_capacity_types: vec!["on-demand".into()],
        gpu_max: 8,
        gpu_consolidate_after: "300s".into(),
    }
}

/// The objects of a set as the bundle has them.
pub fn objects(bundle: &Path, set: Set, values: &Values) -> Vec<Object> {
    let files = |folders: &[&str]| {
        let mut all = Vec::new();
        for folder in folders {
            let mut paths: Vec<_> = std::fs::read_dir(bundle.join(folder))
                .expect("the bundle has the folder")
                .map(|entry| entry.expect("readable").path())
                .filter(|path| path.extension().is_some_and(|e| e == "yaml" || e == "yml"))
                .collect();
            paths.sort();
            for path in paths {
                let text = std::fs::read_to_string(&path).expect("readable");
                all.extend(kustomize::parse_yaml(&text, &path.display().to_string()).expect("YAML"));
            }
        }
        all
    };
    match set {
        Set::Kubeflow => deployment(bundle, "rds-s3"),
        Set::CsiDriver => files(&["secrets-store-csi-driver-1.6.0"]),
        Set::CsiProvider => files(&["secrets-store-csi-driver-provider-aws-3.1.1"]),
        Set::DevicePlugin => files(&["nvidia-device-plugin-0.20.0"]),
        Set::Karpenter => files(&["karpenter-1.14.1/crds", "karpenter-1.14.1"]),
        Set::StorageClass | Set::ImageWebhook | Set::GpuPool => own_objects(set, values).expect("embedded"),
    }
}

/// The objects of one of the deployments as the bundle has them.
pub fn deployment(bundle: &Path, name: &str) -> Vec<Object> {
    let dir = bundle.join("kubeflow-1.5.1-aws-b1.0.2/deployments").join(name);
    kustomize::build(&dir, &kustomize::Options::default()).expect("renders")
}
