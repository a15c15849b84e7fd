//! The adaptations on whole bundles: rendered, adapted and audited for both regions.

mod cases;
mod image_cases;
mod images;
#[path = "../support/mod.rs"]
mod support;
mod versions;

use std::collections::BTreeMap;
use std::path::Path;

use kfctl_cn::adapt::{Adapted, KubernetesVersion, Set, Values, adapt, own_objects};
use kfctl_cn::kustomize;
use kfctl_cn::model::{Object, Region, Secret};

/// Values as a deployment has them.
fn values(region: Region) -> Values {
    Values {
        region,
        account: "123456789012".into(),
        cluster: "kf".into(),
        cluster_endpoint: "https://0123456789ABCDEF.yl4.cn-north-1.eks.amazonaws.com.cn".into(),
        kubernetes: KubernetesVersion { major: 1, minor: 35 },
        registry: format!("{}/mirror", region.ecr_host("123456789012")),
        bucket: "kf-123456789012".into(),
        db_host: format!("kf-db.abcdefghijkl.rds.{region}.amazonaws.com.cn"),
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
        gpu_families: vec!["g4dn".into(), "g5".into()],
        gpu_capacity_types: vec!["on-demand".into()],
        gpu_max: 8,
        gpu_consolidate_after: "300s".into(),
    }
}

/// The objects of a set as the bundle has them.
fn objects(bundle: &Path, set: Set, values: &Values) -> Vec<Object> {
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
        Set::Kubeflow => {
            let dir = bundle.join("kubeflow-1.5.1-aws-b1.0.2/deployments/rds-s3");
            kustomize::build(&dir, &kustomize::Options::default()).expect("renders")
        }
        Set::CsiDriver => files(&["secrets-store-csi-driver-1.6.0"]),
        Set::CsiProvider => files(&["secrets-store-csi-driver-provider-aws-3.1.1"]),
        Set::DevicePlugin => files(&["nvidia-device-plugin-0.20.0"]),
        Set::Karpenter => files(&["karpenter-1.14.1/crds", "karpenter-1.14.1"]),
        Set::StorageClass | Set::GpuPool => own_objects(set, values).expect("embedded"),
    }
}

/// All sets of a bundle, adapted.
fn adapted(bundle: &Path, region: Region) -> BTreeMap<Set, Adapted> {
    let values = values(region);
    let one = |set: Set| (set, adapt(set, objects(bundle, set, &values), &values).expect("adapts"));
    Set::ALL.into_iter().map(one).collect()
}

/// What holds for any bundle: nothing foreign is left, and a second time changes nothing.
fn check(bundle: &Path, region: Region) -> BTreeMap<Set, Adapted> {
    let all = adapted(bundle, region);
    for (set, out) in &all {
        let set = *set;
        assert!(out.findings.is_empty(), "{region} {}: {:#?}", set.as_str(), out.findings);
        let again = adapt(set, out.objects.clone(), &values(region)).expect("adapts");
        assert_eq!(again.applied, [], "{}", set.as_str());
        assert!(again.objects == out.objects && again.images == out.images, "{}", set.as_str());
    }
    all
}

#[test]
fn the_sample_bundle_is_clean_in_both_regions() {
    for region in Region::ALL {
        for (set, out) in check(&support::sample_bundle(), region) {
            assert!(out.unmatched.is_empty(), "{}: {:?}", set.as_str(), out.unmatched);
        }
    }
}

#[test]
fn the_real_bundle_is_clean_in_both_regions() {
    let Some(bundle) = support::real_bundle() else { return };
    for region in Region::ALL {
        let all = check(&bundle, region);
        for (set, out) in &all {
            assert!(out.unmatched.is_empty(), "{}: {:?}", set.as_str(), out.unmatched);
        }
        images::all_are_accounted_for(&all);
        images::upstream_is_known_by_name_and_fate(&all);
        images::compiled_in_and_gone_images_are_told(&all, &values(region).registry);
        cases::hold(&all, region);
    }
}

/// Adapting hides nothing: the audit finds the faults of what comes out of the renderer.
#[test]
fn an_unadapted_render_is_full_of_findings() {
    let bundle = support::bundle_dir();
    let values = values(Region::CnNorth1);
    let raw = objects(&bundle, Set::Kubeflow, &values);
    // The set that has no adaptation for these objects: they are only raised, rewritten and audited.
    let out = adapt(Set::StorageClass, raw, &values).expect("adapts");
    for rule in ["endpoint", "ca-bundle", "published-login"] {
        assert!(out.findings.iter().any(|finding| finding.rule == rule), "no finding of {rule}: {:#?}", out.findings);
    }
}
