//! What changes in the configuration after an install: `plan` and `diff` show it, `up` does it, and both ways.

use std::fs;
use std::process::Command;
use std::time::Duration;

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
    the_image_webhook_is_proved(&world);
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

/// What `verify` says of the image webhook, once it says what is expected: its pods answer a moment after they are Ready.
fn proved(world: &World, expected: &str) -> String {
    for _ in 0..60 {
        let text = String::from_utf8(world.run(&["verify"]).stdout).expect("text");
        let line =
            text.lines().find(|line| line.contains("a pod with a foreign image is made with that of the registry"));
        if line.is_some_and(|line| line.contains(expected)) {
            return text;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    panic!("verify never says {expected}: {}", said(&world.run(&["verify"])));
}

fn the_image_webhook_is_proved(world: &World) {
    let registry = "123456789012.dkr.ecr.cn-northwest-1.amazonaws.com.cn/kfctl-cn";
    let audited = world.audited();
    proved(world, &format!("{registry}/docker.io/library/busybox:1.36 in "));
    assert_eq!(world.cluster_writes(audited), Vec::<String>::new(), "verify writes nothing");
    // The process that stands in for its pods.
    let mark =
        format!("{}/env/plane/webhooks/image-webhook.tls-cert", world.work().parent().expect("a folder").display());
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    let of = |path: &std::path::Path| {
        fs::read(path.join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(&mark))
    };
    let pid = processes.map(|entry| entry.path()).find(|path| of(path)).expect("the webhook's process");
    let pid = pid.file_name().expect("a process").to_owned();
    assert!(Command::new("kill").arg("-KILL").arg(pid).status().expect("kill").success());
    proved(world, "docker.io/library/busybox:1.36 became docker.io/library/busybox:1.36 in ");
}
