//! The clock jumps back, as when a machine wakes up and is told the right time.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{UP, world};
use crate::whole::environment::{World, said};

/// The clock of a process: BACK seconds behind, once AFTER seconds have passed since its start.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static struct timespec began;
__attribute__((constructor)) static void begin(void) { syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &began); }
int clock_gettime(clockid_t id, struct timespec *t) {
    int done = syscall(SYS_clock_gettime, id, t);
    if (done == 0 && id == CLOCK_REALTIME) {
        struct timespec now;
        syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
        const char *after = getenv("AFTER"), *back = getenv("BACK");
        if (after && back && now.tv_sec - began.tv_sec >= atol(after)) t->tv_sec -= atol(back);
    }
    return done;
}
"#;

fn shim(world: &World) -> PathBuf {
    let (source, library) = (world.work().join("clock.c"), world.work().join("clock.so"));
    fs::write(&source, SHIM).expect("a file");
    let done = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status().expect("cc");
    assert!(done.success(), "cc");
    library
}

/// AWS takes what is signed up to five minutes early or late.
const BACK: &str = "240";

fn late(world: &World, arguments: &[&str], after: &str) -> Command {
    let mut command = world.command(arguments);
    command.env("LD_PRELOAD", shim(world)).env("BACK", BACK).env("AFTER", after);
    command
}

#[test]
fn a_clock_that_jumps_back_loses_and_repeats_nothing() {
    let world = world("cn-north-1", 0.5);
    // A run is killed in the middle; what it intended lies in the future of the next one.
    let log = world.work().join("up.log");
    let mut killed = world.spawn(&UP, &log);
    let began = Instant::now();
    while !fs::read_to_string(&log).expect("the log").contains("data/database: create") {
        assert!(began.elapsed() < Duration::from_secs(60) && killed.try_wait().expect("a child").is_none());
        std::thread::sleep(Duration::from_millis(10));
    }
    killed.kill().expect("SIGKILL");
    killed.wait().expect("a child");
    let done = late(&world, &UP, "0").stdout(Stdio::piped()).output().expect("the program runs");
    assert!(done.status.success(), "{}", said(&done));
    world.is_made_once();
    let shown = late(&world, &["state", "show", "-o", "json"], "0").output().expect("the program runs");
    assert!(shown.status.success(), "{}", said(&shown));

    // It jumps in the middle of a run.
    let done = late(&world, &["down", "--yes", "--delete-data", "--phase", "data"], "2").output().expect("it runs");
    assert!(done.status.success(), "{}", said(&done));
    let done = late(&world, &UP, "2").output().expect("the program runs");
    assert!(done.status.success(), "{}", said(&done));
    world.is_made_once();
}

#[test]
fn a_clock_that_is_days_behind_ends_a_run_before_it_begins() {
    let world = world("cn-northwest-1", 0.0);
    let done = late(&world, &UP, "0").env("BACK", "172800").output().expect("the program runs");
    let text = said(&done);
    assert_eq!(done.status.code(), Some(1), "{text}");
    assert!(
        text.contains("the clock here is that of AWS: it is 1728") && text.contains("hint: set the clock"),
        "{text}"
    );
    assert_eq!(world.aws_writes(), Default::default());
}
