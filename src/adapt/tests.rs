//! The adaptations as a whole, on small objects of our own. The real tree is in `tests/adapt`.

use serde_json::{Value, json};

use super::*;
use crate::model::{Region, Secret};

pub(super) fn values(region: Region) -> Values {
    Values {
        region,
        account: "123456789012".into(),
        cluster: "kf".into(),
        cluster_endpoint: "https://ABC.yl4.cn-north-1.eks.amazonaws.com.cn".into(),
        kubernetes: KubernetesVersion { major: 1, minor: 35 },
        registry: format!("{}/kubeflow", region.ecr_host("123456789012")),
        bucket: "kf-123456789012".into(),
        db_host: format!("kf-db.abc.rds.{region}.amazonaws.com.cn"),
        rds_secret: "kf-rds-secret".into(),
        s3_secret: "kf-s3-secret".into(),
        secrets_role_arn: "arn:aws-cn:iam::123456789012:role/kf-secrets".into(),
        admin_email: "admin@example.com".into(),
        admin_hash: Secret::new("$2b$12$abcdefghijklmnopqrstuuGX2Vq0r0nQkqkqkqkqkqkqkqkqkqkqk"),
        oidc_client_secret: Secret::new("a-client-secret-of-this-deployment"),
        karpenter_role_arn: "arn:aws-cn:iam::123456789012:role/kf-karpenter".into(),
        karpenter_node_role: "kf-karpenter-node".into(),
        karpenter_queue: "kf-karpenter".into(),
        karpenter_version: "1.14.1".into(),
        device_plugin_version: "0.20.0".into(),
        gpu_families: vec!["g4dn".into(), "g5".into()],
        gpu_capacity_types: vec!["on-demand".into()],
        gpu_max: 8,
        gpu_consolidate_after: "300s".into(),
    }
}
