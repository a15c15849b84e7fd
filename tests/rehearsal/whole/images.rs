//! What `up` does about images that are out of reach, as the configuration wants it.

use std::fs;

use super::environment::{Parts, World, said};
use crate::support;

#[test]
fn with_images_required_nothing_goes_into_the_cluster_before() {
    let world = World::start("cn-north-1", 0.0, support::sample_bundle(), Parts::OnlyAws);
    let part = ["plan", "--target", "platform/storage-class"];
    let plan = said(&world.succeeds(&part));
    assert!(plan.contains("platform/storage-class") && !plan.contains("images/mirror"), "{plan}");

    let file = world.work().join("kfctl-cn.yaml");
    let plain = fs::read_to_string(&file).expect("a configuration");
    fs::write(&file, format!("{}\n  images: {{mirror: required}}\n", plain.trim_end())).expect("a change");
    let plan = said(&world.succeeds(&part));
    assert!(plan.contains("images/mirror"), "{plan}");

    let up = world.run(&["up", "--yes", "--target", "images/mirror"]);
    let text = said(&up);
    assert_eq!(up.status.code(), Some(1), "{text}");
    assert!(text.contains("images are not in the registry") && text.contains("Connection refused"), "{text}");
    assert!(text.contains("run .kfctl-cn/rehearsal/images-elsewhere.sh, then go on here"), "{text}");
    assert!(world.state().join("images-elsewhere.sh").exists());
    assert!(!world.state().join("images-mirror.json").exists(), "it is not done");
}
