//! The inventory of images: every one that upstream names is copied, replaced for a reason, or gone with its object.

use std::collections::{BTreeMap, BTreeSet};

use kfctl_cn::adapt::{Adapted, Fate, ImageStatus, InventoryEntry, Set, inventory};

/// Full names at their source, and what becomes of each. From reading the render and what its fields mean.
const INVENTORY: &str = include_str!("images.tsv");

/// Exactly the images of the inventory are listed, each at its place in the registry.
pub fn all_are_accounted_for(all: &BTreeMap<Set, Adapted>) {
    let mut expected = BTreeSet::new();
    let mut upstream = 0;
    for line in INVENTORY.lines().filter(|line| !line.starts_with('#')) {
        let (source, fate) = line.split_once('\t').expect("two columns");
        upstream += usize::from(fate != "+");
        match fate {
            "=" | "+" => expected.insert(source),
            "-" => false,
            other => expected.insert(other),
        };
    }
    assert_eq!(upstream, 115, "the render names 115 images");
    let listed: BTreeSet<&str> = all[&Set::Kubeflow].images.iter().map(|image| image.source.as_str()).collect();
    let missing: Vec<_> = expected.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(&expected).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing {missing:#?}, unknown {unknown:#?}");
    for image in all.values().flat_map(|out| &out.images) {
        let (host, path) = image.target.split_once("/mirror/").expect("in the registry");
        assert!(host.ends_with(".amazonaws.com.cn"), "{host}");
        assert_eq!(path, image.source);
        assert!(!image.places.is_empty());
    }
}

/// What upstream names is exactly the inventory, and each has the fate that stands there.
pub fn upstream_is_known_by_name_and_fate(all: &BTreeMap<Set, Adapted>) {
    let expected: BTreeMap<&str, &str> = INVENTORY
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .filter(|(_, fate)| *fate != "+")
        .collect();
    let found: BTreeMap<&str, &str> = all[&Set::Kubeflow]
        .upstream
        .iter()
        .map(|image| match &image.fate {
            Fate::Kept => (image.name.as_str(), "="),
            Fate::Dropped { by } if !by.is_empty() => (image.name.as_str(), "-"),
            Fate::Dropped { .. } => (image.name.as_str(), "for no reason"),
            Fate::Replaced { with, .. } => (image.name.as_str(), with.as_str()),
        })
        .collect();
    assert_eq!(expected.len(), 115);
    assert_eq!(found, expected);
}

/// The seven names that stand in programs are listed, and what is gone says so with what to do.
pub fn compiled_in_and_gone_images_are_told(all: &BTreeMap<Set, Adapted>, registry: &str) {
    let images = inventory(all.values().map(|set| (&*set.images, &*set.upstream)), registry).expect("embedded data");
    let of = |status: ImageStatus| -> Vec<&InventoryEntry> {
        images.iter().filter(|image| image.status == status).collect()
    };
    let names = |status: ImageStatus| -> Vec<&str> { of(status).iter().map(|i| i.source.as_str()).collect() };
    assert_eq!(
        names(ImageStatus::CompiledIn),
        [
            "docker.io/library/alpine:3.10",
            "docker.io/mpioperator/kubectl-delivery:latest",
            "docker.io/tensorflow/tensorflow:2.1.0",
            "docker.io/tensorflow/tensorflow:2.2.2",
            "gcr.io/google-appengine/python:2020-03-31-141326",
            "gcr.io/ml-pipeline/kfp-launcher:1.8.7",
            "gcr.io/tfx-oss-public/tfx",
        ]
    );
    assert_eq!(
        names(ImageStatus::Dropped),
        [
            "gcr.io/ml-pipeline/minio:RELEASE.2019-08-14T20-37-41Z-license-compliance",
            "public.ecr.aws/amazonlinux/amazonlinux:2",
            // Upstream's file is of an older version; the configuration says which one is installed.
            "public.ecr.aws/karpenter/controller:1.13.0@sha256:ea731b0cd813add8b2947a76bfe861c38069d85922b01d0c1647d1466279b7fe",
        ]
    );
    assert_eq!(
        names(ImageStatus::Replaced),
        ["public.ecr.aws/xray/aws-xray-daemon:latest", "quay.io/dexidp/dex:v2.24.0"]
    );
    let gone = of(ImageStatus::Gone);
    assert_eq!(gone.iter().filter(|image| image.source.starts_with("gcr.io/ml-pipeline/")).count(), 11);
    let replaced: Vec<_> = gone.iter().filter_map(|i| Some((i.source.as_str(), i.replaced_by.as_deref()?))).collect();
    assert_eq!(
        replaced,
        [
            (
                "gcr.io/arrikto/kubeflow/oidc-authservice:28c59ef",
                "docker.io/kubeflowmanifestswg/oidc-authservice:e236439"
            ),
            ("gcr.io/google-containers/busybox", "docker.io/library/busybox:1.36.1"),
            ("gcr.io/kubebuilder/kube-rbac-proxy:v0.4.0", "quay.io/brancz/kube-rbac-proxy:v0.8.0"),
        ]
    );
    assert!(gone.iter().all(|image| !image.notes.is_empty()), "{gone:#?}");
    for image in of(ImageStatus::Dropped) {
        assert_eq!(image.notes.len(), 1, "one reason, not all of the object: {image:#?}");
    }
    // 115 of Kubeflow, 5 that are named instead, 7 compiled in, 6 of the other sets and 1 instead of which one of them is.
    let pulled = images.iter().filter(|image| image.target.is_some()).count();
    assert_eq!((images.len(), pulled), (115 + 5 + 7 + 6 + 1, 122 + 3));
    for image in &images {
        let target = image.target.as_deref();
        assert!(target.is_none_or(|t| t == format!("{registry}/{}", image.source)), "{image:#?}");
    }
}
