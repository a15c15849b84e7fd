//! The API server is killed and comes back; etcd and the API server stand still for a while.

use super::{Run, world};

const DOWN: [&str; 3] = ["down", "--yes", "--delete-data"];

#[test]
fn a_killed_api_server_is_waited_for() {
    let world = world("cn-north-1");
    let mut up = Run::begin(&world, &["up", "--yes"]);
    for (step, away) in [("kubeflow/crds: create", true), ("kubeflow/workloads: create", false)] {
        up.says(&[step]);
        if away {
            world.hold();
        }
        world.signal("kube-apiserver", "KILL");
        if away {
            up.says(&["the API server https://127.0.0.1", "can't be reached"]);
            world.release();
        }
    }
    up.succeeds();
    world.is_whole();

    let mut down = Run::begin(&world, &DOWN);
    down.says(&["kubeflow/workloads: delete"]);
    world.hold();
    world.signal("kube-apiserver", "KILL");
    down.says(&["the API server https://127.0.0.1", "can't be reached"]);
    world.release();
    down.succeeds();
    world.is_empty();
}

#[test]
fn a_control_plane_that_stands_still_is_told_and_waited_for() {
    let world = world("cn-northwest-1");
    let mut up = Run::begin(&world, &["up", "--yes"]);
    for (part, step) in [("etcd", "kubeflow/crds: create"), ("kube-apiserver", "kubeflow/mesh: create")] {
        up.says(&[step]);
        stands_still(&world, &mut up, part);
    }
    up.succeeds();
    world.is_whole();

    let mut down = Run::begin(&world, &DOWN);
    down.says(&["kubeflow/workloads: delete"]);
    stands_still(&world, &mut down, "etcd");
    down.succeeds();
    world.is_empty();
}

/// Stops a part until the run has said so, lets it go on, and waits until the run has noticed.
fn stands_still(world: &super::World, run: &mut Run, part: &str) {
    let said = |run: &Run| run.text().matches("answers again").count();
    let before = said(run);
    world.signal(part, "STOP");
    let line = run.says_anew(&["the API server https://127.0.0.1", "hasn't answered for 12 s"], before);
    world.signal(part, "CONT");
    run.says_anew(&["the API server answers again"], before);
    assert!(line.contains("waiting for it"), "{line}");
}
