//! Damage: the journal cut at every byte, every bit of journal and state flipped. Never a wrong state, never a panic.

use std::collections::BTreeMap;
use std::path::Path;

use kfctl_cn::engine::Record;
use kfctl_cn::model::{Action, Addr, ErrorClass};
use kfctl_cn::state::{LocalStore, View};

use crate::world::{Bench, Plug, deployment, identity};

/// Writes a state with some snapshot and some journal, and returns every state that was true at one time.
fn history(folder: &Path) -> Vec<View> {
    let mut states = Vec::new();
    let store = LocalStore::open(folder, &identity()).unwrap();
    let record = |id: &str, ready| Record { outputs: BTreeMap::from([("id".into(), id.into())]), ready };
    let look = |states: &mut Vec<View>| {
        states.push(View { holder: None, ..View::open(folder).unwrap().unwrap() });
    };
    look(&mut states);
    let (vpc, nat) = (Addr::new("cluster/vpc"), Addr::new("cluster/nat"));
    store.intend(&vpc, Action::Create, "token-1").unwrap();
    store.acknowledge(&vpc, &record("vpc-1", true)).unwrap();
    store.save().unwrap();
    look(&mut states);
    store.intend(&nat, Action::Create, "token-2").unwrap();
    look(&mut states);
    store.abandon(&nat).unwrap();
    look(&mut states);
    store.intend(&nat, Action::Create, "token-3").unwrap();
    look(&mut states);
    store.acknowledge(&nat, &record("nat-1", false)).unwrap();
    look(&mut states);
    store.intend(&vpc, Action::Delete, "token-4").unwrap();
    look(&mut states);
    store.forget(&vpc).unwrap();
    look(&mut states);
    states
}

fn same(view: &View, other: &View) -> bool {
    view.resources == other.resources && view.intents == other.intents && view.deployment == other.deployment
}

#[test]
fn a_journal_cut_at_any_byte_is_an_earlier_state() {
    let folder = tempfile::tempdir().unwrap();
    let states = history(folder.path());
    let path = folder.path().join("journal.jsonl");
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(whole.iter().filter(|byte| **byte == b'\n').count(), 6);
    for length in 0..=whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let view = View::open(folder.path()).unwrap().unwrap();
        let lines = whole[..length].iter().filter(|byte| **byte == b'\n').count();
        assert!(same(&view, &states[1 + lines]), "cut at {length}");
        // And a run goes on from there: the torn end is gone.
        let copy = tempfile::tempdir().unwrap();
        for name in ["state.json", "journal.jsonl"] {
            std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
        }
        if length % 7 == 0 {
            let store = LocalStore::open(copy.path(), &identity()).unwrap();
            store.intend(&Addr::new("data/database"), Action::Create, "token-9").unwrap();
            drop(store);
            let view = View::open(copy.path()).unwrap().unwrap();
            assert_eq!(view.intents[&Addr::new("data/database")].token, "token-9", "cut at {length}");
        }
    }
}

#[test]
fn any_flipped_bit_is_an_error_or_a_torn_end() {
    let folder = tempfile::tempdir().unwrap();
    let states = history(folder.path());
    for name in ["journal.jsonl", "state.json"] {
        let path = folder.path().join(name);
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                std::fs::write(&path, &bytes).unwrap();
                match View::open(folder.path()) {
                    Ok(view) => {
                        let view = view.unwrap();
                        assert!(
                            states.iter().any(|state| same(state, &view)),
                            "{name}, byte {at}, bit {bit}: {view:?}"
                        );
                    }
                    Err(error) => {
                        assert!(matches!(error.class, ErrorClass::StateIo | ErrorClass::StateNewer), "{error:?}");
                        assert!(!error.hints.is_empty() && error.to_string().contains(name), "{error:?}");
                    }
                }
            }
        }
        std::fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn damage_names_the_line_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    history(folder.path());
    let path = folder.path().join("journal.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    for (broken, line, what) in [
        (text.replacen("token-3", "token-X", 1), 3, "its checksum is wrong"),
        ([&lines[..1], &lines[2..]].concat().join("\n") + "\n", 2, "line 4 of the run is missing before it"),
        (lines[1..].join("\n") + "\n", 1, "line 3 of the run is missing before it"),
        (format!("hello\n{text}"), 1, "it doesn't begin with a checksum"),
    ] {
        std::fs::write(&path, broken).unwrap();
        let error = LocalStore::open(folder.path(), &identity()).err().unwrap();
        assert_eq!(error.class, ErrorClass::StateIo);
        assert!(error.to_string().ends_with(&format!("journal.jsonl is damaged in line {line}: {what}")), "{error}");
        assert!(error.hints[0].contains(&format!("before line {line}")));
    }
}

#[test]
fn the_journal_of_another_state_is_refused() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    history(one.path());
    history(other.path());
    std::fs::copy(other.path().join("journal.jsonl"), one.path().join("journal.jsonl")).unwrap();
    assert_eq!(LocalStore::open(one.path(), &identity()).err().unwrap().class, ErrorClass::StateIo);
    std::fs::remove_file(one.path().join("state.json")).unwrap();
    let error = LocalStore::open(one.path(), &identity()).err().unwrap();
    assert!(error.to_string().contains("is gone") && error.hints[0].contains("state.json.previous"), "{error:?}");
}

#[tokio::test]
async fn a_run_goes_on_from_a_journal_cut_anywhere() {
    let bench = Bench::new(deployment());
    let plug = Plug::at(None);
    // No save: as after kill -9 at the very end.
    let store = bench.store(&plug).unwrap();
    let engine = bench.engine(store.clone(), &plug).unwrap();
    engine.execute(&engine.plan().await.unwrap()).await.result().unwrap();
    drop((engine, store));
    let shape = bench.world.shape();
    let names = ["state.json", "journal.jsonl"];
    let saved = names.map(|name| std::fs::read(bench.folder.path().join(name)).unwrap());
    for length in (0..=saved[1].len()).step_by(41) {
        std::fs::write(bench.folder.path().join(names[0]), &saved[0]).unwrap();
        std::fs::write(bench.folder.path().join(names[1]), &saved[1][..length]).unwrap();
        bench.up().await.unwrap();
        assert_eq!(bench.world.shape(), shape, "cut at {length}");
        assert!(!bench.plan().await.unwrap().has_changes());
    }
}
