//! The inventory of images: every one that upstream names is copied, replaced for a reason, or gone with its object.

use std::collections::{BTreeMap, BTreeSet};

use kfctl_cn::adapt::{Adapted, Set};

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
