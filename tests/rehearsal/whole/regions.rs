//! From nothing to the end, and back, in each region of China.

use std::fs;

use super::account::Inventory;
use super::environment::{Parts, World, said};
use super::opened::{logs_are_read, the_gateway_is_reached};
use super::secrets::wait_and_collect_arguments;
use crate::cases::running;
use crate::support;

#[test]
fn beijing() {
    from_nothing_to_the_end_and_back("cn-north-1");
}

#[test]
fn ningxia() {
    from_nothing_to_the_end_and_back("cn-northwest-1");
}

fn from_nothing_to_the_end_and_back(region: &str) {
    let world = World::start(region, 1.0, support::bundle_dir(), Parts::All);
    everything_comes_up(&world);
    running::hold(&world);
    a_second_run_changes_nothing(&world);
    lost_state_is_rebuilt(&world);
    down_keeps_the_data(&world);
    down_with_data_leaves_nothing(&world);
}

fn everything_comes_up(world: &World) {
    let log = world.work().join("up.log");
    let (status, arguments) = wait_and_collect_arguments(&mut world.spawn(&["up", "--yes"], &log));
    let text = fs::read_to_string(&log).expect("the log");
    assert!(status.success(), "up: {status}\n{}", text.lines().rev().take(40).collect::<Vec<_>>().join("\n"));
    images_out_of_reach_are_named(world, &text);
    let refused: Vec<_> = world.cluster_writes(0).into_iter().filter(|write| refused(write)).collect();
    assert!(refused.is_empty(), "refused by the API server: {refused:#?}");
    let (unready, count) = world.unready();
    assert!(unready.is_empty(), "not ready: {unready:#?}");
    assert!(count >= 10, "only {count} workloads");
    world.assert_no_secret("the arguments of some process", &arguments);
    world.assert_no_secret_in_files();
    let verified = world.succeeds(&["verify"]);
    world.assert_no_secret("verify", &said(&verified));
    the_gateway_is_reached(world);
    logs_are_read(world);
}

/// Neither sources nor registry are reached here: `up` goes on, says so in a line, and leaves what to run elsewhere.
fn images_out_of_reach_are_named(world: &World, log: &str) {
    let line = log.lines().find(|line| line.contains("images/mirror: done in")).expect("a line of the mirror");
    let script = world.state().join("images-elsewhere.sh");
    let registry = format!("dkr.ecr.{}.amazonaws.com.cn/kfctl-cn/", world.region);
    assert!(line.contains("but: ") && line.contains("images are not in the registry (cannot look for "), "{line}");
    assert!(line.ends_with("run .kfctl-cn/rehearsal/images-elsewhere.sh"), "{line}");
    let script = fs::read_to_string(script).expect("a script");
    let list = fs::read_to_string(world.state().join("images.tsv")).expect("the list");
    let targets = script.lines().filter(|line| line.split('\t').nth(1).is_some_and(|name| name.contains(&registry)));
    assert_eq!(targets.count(), list.lines().count() - 1, "{script}");
    assert!(script.contains("\ndocker.io/mpioperator/kubectl-delivery:latest\t"), "what only programs name: {script}");
}

/// A refusal that isn't one of those that pass by themselves: a conflict (409), a server that is settling (429, 5xx).
fn refused(write: &str) -> bool {
    let code = write.rsplit(' ').next().and_then(|code| code.parse::<u16>().ok()).unwrap_or(0);
    (400..500).contains(&code) && ![404, 409, 429].contains(&code)
}

fn a_second_run_changes_nothing(world: &World) {
    world.forget_calls();
    let audited = world.audited();
    world.succeeds(&["up", "--yes"]);
    world.succeeds(&["plan", "--detailed-exitcode"]);
    assert_eq!(world.aws_writes(), Default::default(), "writes to AWS");
    assert_eq!(world.cluster_writes(audited), Vec::<String>::new(), "writes to the API server");
}

fn lost_state_is_rebuilt(world: &World) {
    let before = world.inventory();
    fs::rename(world.state(), world.work().join("lost")).expect("the state folder moves");
    world.forget_calls();
    let audited = world.audited();
    world.succeeds(&["up", "--yes"]);
    assert_eq!(world.aws_writes(), Default::default(), "writes to AWS");
    assert_eq!(world.cluster_writes(audited), Vec::<String>::new(), "writes to the API server");
    assert_eq!(world.inventory(), before);
    world.succeeds(&["plan", "--detailed-exitcode"]);
}

/// What `down` keeps: bucket and database, what they can't be without, and what opens them.
const KEPT: [&str; 8] =
    ["bucket", "database", "subnet group", "parameter group", "security group", "secret", "vpc", "subnet"];

fn down_keeps_the_data(world: &World) {
    world.succeeds(&["down", "--yes"]);
    let left = world.inventory();
    let unexpected: Inventory = left.clone().into_iter().filter(|(kind, _)| !KEPT.contains(&kind.as_str())).collect();
    assert!(unexpected.is_empty(), "left behind: {unexpected:#?}");
    assert_eq!(left["bucket"].len(), 1);
    assert_eq!(left["database"], ["rehearsal-db"]);
    assert!(left["secret"].contains(&"rehearsal-rds-secret".to_string()), "nobody could open the database: {left:#?}");
    assert!(left["subnet"].iter().all(|subnet| subnet.contains("private")), "{left:#?}");
    let status = said(&world.succeeds(&["status"]));
    assert!(status.contains("Next: kfctl-cn up: makes it again, on what was kept"), "{status}");
}

fn down_with_data_leaves_nothing(world: &World) {
    world.succeeds(&["down", "--yes", "--delete-data"]);
    assert_eq!(world.inventory(), Inventory::new());
}
