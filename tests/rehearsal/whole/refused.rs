//! Runs that can't succeed: what is said, how they end, and that nothing is made.

use super::environment::{Parts, World, said};
use crate::support;

/// Runs `up`, which must end with a code and with a hint, and returns what it said.
fn fails(world: &World, change: impl FnOnce(&mut std::process::Command), code: i32) -> String {
    let mut command = world.command(&["up", "--yes"]);
    change(&mut command);
    let done = command.output().expect("the program runs");
    let said = said(&done);
    assert_eq!(done.status.code(), Some(code), "{said}");
    assert!(said.contains("hint:"), "{said}");
    said
}

#[test]
fn credentials_that_are_of_no_use() {
    let world = World::start("cn-north-1", 0.0, support::sample_bundle(), Parts::OnlyAws);
    let foreign = world.var("REHEARSAL_FOREIGN_ACCESS_KEY_ID").to_string();
    let said = fails(
        &world,
        |command| {
            command.env("AWS_ACCESS_KEY_ID", foreign);
        },
        77,
    );
    assert!(said.contains("aws-cn"), "the partition that is wanted: {said}");
    let said = fails(
        &world,
        |command| {
            command.env("AWS_ACCESS_KEY_ID", "AKIANOBODYKNOWSTHIS1");
        },
        77,
    );
    assert!(said.contains("InvalidClientTokenId"), "{said}");
    fails(
        &world,
        |command| {
            command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        },
        77,
    );
    assert_eq!(world.aws_writes(), Default::default());
    assert!(world.inventory().is_empty());
}

#[test]
fn an_api_server_that_cannot_be_reached() {
    let world = World::start("cn-north-1", 0.0, support::sample_bundle(), Parts::OnlyAws);
    let said = fails(&world, |_| {}, 69);
    let named = said.lines().any(|line| line.contains("the API server https://") && line.contains("can't be reached"));
    assert!(named, "{said}");
    // What was made is known, and the next run goes on from there.
    world.forget_calls();
    fails(&world, |_| {}, 69);
    assert_eq!(world.aws_writes(), Default::default());
}
