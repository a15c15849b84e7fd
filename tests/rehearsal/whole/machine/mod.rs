//! What the machine does to a run: a disk that is full, a folder that can't be written, a second run, a clock that jumps.

mod clock;
mod disk;
mod twice;

use std::collections::BTreeSet;

use super::environment::{Parts, World};
use crate::support;

/// What needs no API server.
const UP: [&str; 4] = ["up", "--yes", "--phase", "data"];

fn world(region: &str, slow: f64) -> World {
    World::start(region, slow, support::sample_bundle(), Parts::OnlyAws)
}

impl World {
    /// All that `UP` makes is there, once, and known.
    fn is_made_once(&self) {
        let held = self.inventory();
        for kind in ["vpc", "database", "bucket", "cluster", "access key"] {
            assert_eq!(held.get(kind).map(Vec::len), Some(1), "{kind}: {held:#?}");
        }
        for (kind, names) in &held {
            let different: BTreeSet<_> = names.iter().collect();
            assert_eq!(different.len(), names.len(), "{kind}: {names:?}");
        }
        self.succeeds(&["plan", "--phase", "data", "--detailed-exitcode"]);
    }
}
