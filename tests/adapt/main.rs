//! The adaptations on whole bundles: rendered, adapted and audited for both regions.

mod cases;
mod cases_a;
mod cases_c;
mod cases_f;
mod image_cases;
mod images;
#[path = "../support/mod.rs"]
mod support;
mod versions;
mod webhook;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use kfctl_cn::adapt::{Adapted, Set, adapt};
use kfctl_cn::model::Region;

use support::render::{objects, values};

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

/// Runs a test on all sets of the real bundle in both regions, with the registry that they were adapted to.
fn everywhere(test: impl Fn(&BTreeMap<Set, Adapted>, &str)) {
    type Both = Vec<(Region, BTreeMap<Set, Adapted>)>;
    static REAL: LazyLock<Option<Both>> = LazyLock::new(|| {
        let bundle = support::real_bundle()?;
        Some(Region::ALL.into_iter().map(|region| (region, adapted(&bundle, region))).collect())
    });
    for (region, all) in REAL.iter().flatten() {
        test(all, &values(*region).registry);
    }
}

#[test]
fn the_sample_bundle_is_clean_in_both_regions() {
    for region in Region::ALL {
        let all = check(&support::sample_bundle(), region);
        webhook::agrees(&all, &values(region).registry);
        for (set, out) in all {
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
        webhook::agrees(&all, &values(region).registry);
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
