//! What changes in the configuration after an install: `plan` and `diff` show it, `up` does it, and both ways.

use std::fs;

use super::environment::{Parts, World, said};
use crate::support;

const OVERLAY: &str = "resources: [banner.yaml]
patches:
- patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: ml-pipeline, namespace: kubeflow}
    spec: {replicas: 2}
";
const BANNER: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: banner, namespace: kubeflow}
data: {text: hello}
";
const MORE: &str = "  kubeflow:
    overlays: [./mine]
    components: {disable: [training-operator]}
  images: {webhook: enabled}
";

#[test]
fn an_overlay_a_disabled_part_and_the_image_webhook_come_and_go() {
    let world = World::start("cn-northwest-1", 1.0, support::sample_bundle(), Parts::All);
    world.succeeds(&["up", "--yes"]);
    let file = world.work().join("kfctl-cn.yaml");
    let plain = fs::read_to_string(&file).expect("a configuration");
    fs::create_dir(world.work().join("mine")).expect("a folder");
    fs::write(world.work().join("mine/kustomization.yaml"), OVERLAY).expect("an overlay");
    fs::write(world.work().join("mine/banner.yaml"), BANNER).expect("an object");

    fs::write(&file, format!("{}\n{MORE}", plain.trim_end())).expect("a change");
    let plan = said(&world.succeeds(&["plan"]));
    for told in [
        "ConfigMap/banner in kubeflow: absent → applied",
        "Deployment/ml-pipeline in kubeflow spec.replicas: 1 → 2",
        "Deployment/training-operator in kubeflow: applied → not wanted any more",
        "+ kubeflow/image-webhook",
    ] {
        assert!(plan.contains(told), "{told}: {plan}");
    }
    world.succeeds(&["up", "--yes"]);
    world.succeeds(&["plan", "--detailed-exitcode"]);
    world.succeeds(&["diff", "--detailed-exitcode"]);
    let applied = world.applied();
    let there = |name: &str| applied.iter().any(|object| object.contains(name));
    assert!(there("banner") && there("image-webhook"), "{applied:#?}");
    assert!(!applied.iter().any(|o| o.contains("eployment") && o.contains("training-operator")), "{applied:#?}");

    fs::write(&file, &plain).expect("a change back");
    let back = said(&world.succeeds(&["plan"]));
    assert!(back.contains("ConfigMap/banner in kubeflow: applied → not wanted any more"), "{back}");
    world.succeeds(&["up", "--yes"]);
    world.succeeds(&["diff", "--detailed-exitcode"]);
    // The webhook is not asked for any more, and goes all the same.
    world.succeeds(&["down", "--yes", "--delete-data"]);
    let status = said(&world.succeeds(&["status"]));
    assert!(status.contains("nothing is there"), "{status}");
}
