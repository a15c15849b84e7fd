//! Differential runs: the same objects, in the same order, in the same words as kustomize 5.8.2.

use std::path::Path;

use kfctl_cn::kustomize::{Options, Reorder, build, parse_yaml, to_yaml};

use crate::{kustomize, reference, support};

fn compare(kustomize: &Path, dir: &Path) {
    for reorder in [Reorder::Unspecified, Reorder::None] {
        let theirs = reference(kustomize, dir, reorder).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
        let ours =
            build(dir, &Options { reorder, ..Options::default() }).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
        let theirs_read = parse_yaml(&theirs, "kustomize").unwrap();
        let name = |o: &kfctl_cn::model::Object| o.id().to_string();
        assert_eq!(
            ours.iter().map(name).collect::<Vec<_>>(),
            theirs_read.iter().map(name).collect::<Vec<_>>(),
            "{}: other objects or another order",
            dir.display()
        );
        for (our, their) in ours.iter().zip(&theirs_read) {
            assert_eq!(our, their, "{}: {}", dir.display(), our.id());
        }
        assert_eq!(to_yaml(&ours), theirs, "{}: the same objects, printed otherwise", dir.display());
    }
}

#[test]
fn the_deployments_of_the_real_bundle_are_rendered_as_by_kustomize() {
    let (Some(bundle), Some(kustomize)) = (support::real_bundle(), kustomize()) else { return };
    for deployment in support::DEPLOYMENTS {
        compare(&kustomize, &bundle.join("kubeflow-1.5.1-aws-b1.0.2/deployments").join(deployment));
    }
}

#[test]
fn the_deployments_of_the_sample_bundle_are_rendered_as_by_kustomize() {
    let Some(kustomize) = kustomize() else { return };
    let deployments = support::sample_bundle().join("kubeflow-1.5.1-aws-b1.0.2/deployments");
    let mut compared = 0;
    for deployment in support::DEPLOYMENTS.map(|name| deployments.join(name)).iter().filter(|dir| dir.is_dir()) {
        compare(&kustomize, deployment);
        compared += 1;
    }
    assert!(compared > 0, "the sample bundle has no deployment");
}

#[test]
fn the_sample_bundle_is_rendered_without_any_tool() {
    let dir = support::sample_bundle().join("kubeflow-1.5.1-aws-b1.0.2/deployments/rds-s3");
    let objects = build(&dir, &Options::default()).unwrap();
    assert!(objects.len() > 50, "{}", objects.len());
    // Webhooks before the services that answer them would refuse all that comes after them.
    let is_webhook = |o: &kfctl_cn::model::Object| o.kind().ends_with("WebhookConfiguration");
    let first_webhook = objects.iter().position(is_webhook).expect("the sample has a webhook");
    assert!(objects[first_webhook..].iter().all(is_webhook), "webhook configurations come last");
    assert_eq!(objects[0].kind(), "Namespace");
    let text = to_yaml(&objects);
    assert_eq!(parse_yaml(&text, "ours").unwrap(), objects, "what is printed reads back as the same objects");
    assert_eq!(to_yaml(&build(&dir, &Options::default()).unwrap()), text, "a second run gives the same text");
}
