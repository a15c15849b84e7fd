//! States that earlier versions of the program wrote load for ever: a fixture a version, never changed after its release.

use std::path::{Path, PathBuf};

use kfctl_cn::engine::Store;
use kfctl_cn::model::{Action, Addr, ErrorClass};
use kfctl_cn::state::{LocalStore, View};

use crate::world::identity;

/// A copy of the folder that a version left behind.
fn left_by(version: u32) -> tempfile::TempDir {
    let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/engine/fixtures/state-v{version}"));
    let folder = tempfile::tempdir().unwrap();
    for name in ["state.json", "journal.jsonl"] {
        std::fs::copy(from.join(name), folder.path().join(name)).unwrap();
    }
    folder
}

fn schema_of(folder: &Path) -> u64 {
    let text = std::fs::read(folder.join("state.json")).unwrap();
    serde_json::from_slice::<serde_json::Value>(&text).unwrap()["schema"].as_u64().unwrap()
}

#[test]
fn the_state_of_every_version_loads_with_its_journal() {
    for version in 1..=2 {
        let folder = left_by(version);
        let view = View::open(folder.path()).unwrap().unwrap();
        assert_eq!((view.serial, view.deployment), (7, identity()), "version {version}");
        let recorded: Vec<_> = view.resources.iter().map(|(addr, record)| (addr.as_str(), record.ready)).collect();
        assert_eq!(recorded, [("cluster/nat", false), ("cluster/vpc", true)], "version {version}");
        assert_eq!(view.resources[&Addr::new("cluster/nat")].outputs["id"], "nat-0f0e0d0c");
        // The clock of that machine jumped back by an hour between two lines.
        assert_eq!(view.intents[&Addr::new("data/database")].at, "2026-11-20T07:00:00Z");
        assert_eq!(view.intents[&Addr::new("cluster/nat")].token, "0123456789abcdef0123456789abcdef");
    }
}

#[test]
fn a_run_goes_on_from_it_and_leaves_the_newest_version() {
    for version in 1..=2 {
        let folder = left_by(version);
        let store = LocalStore::open(folder.path(), &identity()).unwrap();
        store.intend(&Addr::new("cluster/eks"), Action::Create, "a-token").unwrap();
        store.save().unwrap();
        drop(store);
        assert_eq!(schema_of(folder.path()), 2, "version {version}");
        let view = View::open(folder.path()).unwrap().unwrap();
        assert_eq!((view.resources.len(), view.intents.len()), (2, 3), "version {version}");
    }
}

#[test]
fn a_version_that_never_was_is_damage() {
    let folder = left_by(1);
    let path = folder.path().join("state.json");
    std::fs::write(&path, "{\"schema\": 0}").unwrap();
    assert_eq!(View::open(folder.path()).unwrap_err().class, ErrorClass::StateIo);
    std::fs::write(&path, "{\"schema\": 3}").unwrap();
    assert_eq!(View::open(folder.path()).unwrap_err().class, ErrorClass::StateNewer);
}

/// An intent that seems to come from the future must not have its token used again: nobody knows how old it is.
#[test]
fn a_clock_that_was_ahead_makes_a_token_old() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path(), &identity()).unwrap();
    let addr = Addr::new("cluster/eks");
    store.intend(&addr, Action::Create, "a-token").unwrap();
    store.save().unwrap();
    let document = std::fs::read_to_string(folder.path().join("state.json")).unwrap();
    assert!(store.snapshot().unwrap().open[&addr].2 < 300);
    drop(store);
    let at = document.split("\"at\": \"").nth(1).unwrap().split('"').next().unwrap();
    let ahead = resealed(&document.replace(at, "2199-01-01T00:00:00Z"));
    std::fs::write(folder.path().join("state.json"), ahead).unwrap();
    let store = LocalStore::open(folder.path(), &identity()).unwrap();
    assert_eq!(store.snapshot().unwrap().open[&addr].2, u64::MAX);
}

/// The text of a state with the checksum that it should have.
fn resealed(text: &str) -> String {
    use sha2::Digest;
    let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
    value.as_object_mut().unwrap().shift_remove("checksum");
    let sum: String = sha2::Sha256::digest(value.to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
    value.as_object_mut().unwrap().insert("checksum".into(), sum.into());
    value.to_string()
}
