//! Clusters in which something else is going wrong while `up` or `down` runs: what is said, and that all comes to the same end.

mod definition;
mod manager;
mod namespace;
mod server;
mod webhook;

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use super::account::Inventory;
use super::environment::{Parts, World, said};
use crate::support;

/// How long something that must come may take.
const PATIENCE: Duration = Duration::from_secs(180);

fn world(region: &str) -> World {
    World::start(region, 0.0, support::sample_bundle(), Parts::All)
}

/// A run in the background.
struct Run {
    child: Child,
    log: PathBuf,
    name: String,
}

impl Run {
    fn begin(world: &World, arguments: &[&str]) -> Run {
        let log = world.work().join(format!("{}.log", arguments[0]));
        Run { child: world.spawn(arguments, &log), log, name: arguments.join(" ") }
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.log).expect("the log")
    }

    /// Waits for a line that holds all of some words, and returns it.
    fn says(&mut self, words: &[&str]) -> String {
        self.says_anew(words, 0)
    }

    /// The same for a line that it has said so often before.
    fn says_anew(&mut self, words: &[&str], before: usize) -> String {
        let began = Instant::now();
        loop {
            let text = self.text();
            if let Some(line) = text.lines().filter(|line| words.iter().all(|word| line.contains(word))).nth(before) {
                return line.to_owned();
            }
            let ended = self.child.try_wait().expect("a child");
            assert!(ended.is_none(), "{} ended ({ended:?}) and never said {words:?}:\n{text}", self.name);
            assert!(began.elapsed() < PATIENCE, "{} doesn't say {words:?}:\n{text}", self.name);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn ends(&mut self) -> ExitStatus {
        self.child.wait().expect("a child")
    }

    /// Waits until it has ended well.
    fn succeeds(&mut self) {
        let status = self.ends();
        assert!(status.success(), "{}: {status}\n{}", self.name, self.text());
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl World {
    /// Runs the program, which must end with a code, and returns what it said.
    fn ends_with(&self, arguments: &[&str], code: i32) -> String {
        let done = self.run(arguments);
        let said = said(&done);
        assert_eq!(done.status.code(), Some(code), "kfctl-cn {arguments:?}: {said}");
        said
    }

    /// Sends a signal to a part of the control plane.
    fn signal(&self, part: &str, signal: &str) {
        let folder = self.var("REHEARSAL_DIR");
        let mut found = 0;
        for entry in fs::read_dir("/proc").expect("/proc").flatten() {
            let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let words: Vec<_> = words.split(|b| *b == 0).map(String::from_utf8_lossy).collect();
            if words.get(1).is_some_and(|w| w == part) && words.iter().any(|w| w.contains(folder)) {
                let pid = entry.file_name().into_string().expect("a number");
                let done = Command::new("kill").args([&format!("-{signal}"), &pid]).status().expect("kill");
                assert!(done.success(), "kill -{signal} {part}");
                found += 1;
            }
        }
        assert_eq!(found, 1, "processes of {part}");
    }

    /// What was killed stays away until [`World::release`].
    fn hold(&self) {
        fs::write(self.plane().join("hold"), "").expect("a file");
    }

    fn release(&self) {
        fs::remove_file(self.plane().join("hold")).expect("it is held");
    }

    fn plane(&self) -> PathBuf {
        PathBuf::from(self.var("REHEARSAL_DIR")).join("plane")
    }

    /// Nothing differs, nothing is there twice or missing.
    fn is_whole(&self) {
        self.succeeds(&["plan", "--detailed-exitcode"]);
        let held = self.inventory();
        for kind in ["vpc", "database", "bucket", "cluster"] {
            assert_eq!(held.get(kind).map(Vec::len), Some(1), "{kind}: {held:#?}");
        }
        let (unready, count) = self.unready();
        assert!(unready.is_empty() && count >= 5, "{count} workloads, not ready: {unready:#?}");
    }

    /// Nothing is left.
    fn is_empty(&self) {
        assert_eq!(self.inventory(), Inventory::new());
    }
}
