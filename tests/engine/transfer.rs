//! Whole states from place to place: replaced at once or not at all, never a newer one by an older one unasked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kfctl_cn::model::{Action, Addr, ErrorClass};
use kfctl_cn::state::{Document, Identity, LocalStore, Moved, Place, Wait};

use crate::objects::{Fault, Memory};
use crate::world::identity;

/// A local and a shared place.
fn places() -> (tempfile::TempDir, Arc<Memory>, Place, Place) {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::new();
    let local = Place::Local(folder.path().to_owned());
    let shared = Place::Remote { objects: memory.clone(), folder: folder.path().to_owned() };
    (folder, memory, local, shared)
}

/// A local place, and a shared one that knows nothing of it.
fn apart() -> (tempfile::TempDir, [Place; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let local = Place::Local(folder.path().join("local"));
    (folder, [local, Place::Remote { objects: Memory::new(), folder: PathBuf::from("/nowhere") }])
}

/// Begins a state, or goes on with it: one more intent.
async fn intend(place: &Place, addr: &str) {
    let held = place.open(&identity(), &Wait::none()).await.unwrap();
    held.store().intend(&Addr::new(addr), Action::Create, "a-token").await.unwrap();
    held.save().await.unwrap();
    held.close().await.unwrap();
}

async fn pulled(place: &Place) -> Document {
    place.document().await.unwrap().unwrap()
}

async fn push(place: &Place, document: &Document, force: bool) -> Result<Moved, ErrorClass> {
    place.push(document, &identity(), force, &Wait::none()).await.map_err(|error| {
        assert!(error.class == ErrorClass::Locked || !error.hints.is_empty(), "{error:?}");
        error.class
    })
}

#[tokio::test]
async fn only_a_newer_state_of_the_same_lineage_is_pushed() {
    let (_folder, both) = apart();
    for place in both {
        intend(&place, "cluster/vpc").await;
        let old = pulled(&place).await;
        assert_eq!(push(&place, &old, false).await, Ok(Moved::Same), "{place}");
        intend(&place, "cluster/nat").await;
        let newer = pulled(&place).await;
        assert_eq!(push(&place, &old, false).await, Err(ErrorClass::Config), "{place}: older");
        assert_eq!(pulled(&place).await, newer, "{place}: a refused push changes nothing");
        assert_eq!(push(&place, &old, true).await, Ok(Moved::Written), "{place}: forced");
        assert!(pulled(&place).await.serial() > newer.serial(), "{place}: others see that it is newer");
        // What was pushed is what a run goes on from.
        let held = place.open(&identity(), &Wait::none()).await.unwrap();
        assert_eq!(held.store().snapshot().unwrap().open.len(), 1, "{place}");
        held.close().await.unwrap();
    }
}

#[tokio::test]
async fn another_lineage_or_another_deployment_is_refused() {
    let ((_folder, both), (_folder2, others)) = (apart(), apart());
    for (place, other) in both.into_iter().zip(others) {
        intend(&place, "cluster/vpc").await;
        intend(&other, "cluster/nat").await;
        intend(&other, "cluster/eks").await;
        assert_eq!(push(&place, &pulled(&other).await, false).await, Err(ErrorClass::Config), "{place}");
        let account = Identity { account: "999900001111".into(), ..identity() };
        let error = place.push(&pulled(&place).await, &account, true, &Wait::none()).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Credentials, "{place}: not even by force");
    }
}

#[tokio::test]
async fn a_push_during_a_run_is_refused() {
    let (_folder, both) = apart();
    for place in both {
        let held = place.open(&identity(), &Wait::none()).await.unwrap();
        let document = pulled(&place).await;
        assert_eq!(push(&place, &document, true).await, Err(ErrorClass::Locked), "{place}");
        held.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_state_is_moved_there_and_back() {
    let (folder, memory, local, shared) = places();
    intend(&local, "cluster/vpc").await;
    let before = pulled(&local).await;
    // Not folded into the snapshot: as after kill -9.
    LocalStore::open(folder.path(), &identity())
        .unwrap()
        .intend(&Addr::new("cluster/nat"), Action::Create, "a-token")
        .unwrap();
    let error = shared.open(&identity(), &Wait::none()).await.err().expect("a local state is there");
    assert!(error.class == ErrorClass::Config && error.hints[0].contains("state migrate --from local"), "{error:?}");

    local.migrate(&shared, &identity(), false, &Wait::none()).await.unwrap();
    assert!(local.document().await.unwrap().is_none());
    assert!(folder.path().join("state.json.migrated").exists());
    let view = shared.look().await.unwrap().unwrap();
    assert_eq!(view.intents.len(), 2, "with what the journal had");
    intend(&shared, "cluster/eks").await;

    shared.migrate(&local, &identity(), false, &Wait::none()).await.unwrap();
    assert!(memory.all.lock().unwrap().is_empty(), "neither state nor lock is left");
    let view = local.look().await.unwrap().unwrap();
    assert_eq!(view.intents.len(), 3);
    assert!(view.serial > before.serial());
    intend(&local, "data/bucket").await;
    let error = shared.migrate(&local, &identity(), false, &Wait::none()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Config, "there is nothing to move any more");
}

#[tokio::test]
async fn a_move_that_is_cut_off_leaves_one_whole_state_and_can_be_repeated() {
    for fault in [Fault::Lost, Fault::Unanswered, Fault::Repeated, Fault::Conflict] {
        for at in 0..3 {
            let (_folder, memory, local, shared) = places();
            intend(&local, "cluster/vpc").await;
            let before = pulled(&local).await;
            memory.faults.lock().unwrap().extend(std::iter::repeat_n(Fault::None, at).chain([fault]));
            if local.migrate(&shared, &identity(), false, &Wait::none()).await.is_err() {
                assert_eq!(pulled(&local).await, before, "{fault:?} at {at}: it stays where it was");
                memory.all.lock().unwrap().remove("lock");
                local.migrate(&shared, &identity(), false, &Wait::none()).await.unwrap();
            }
            assert_eq!(shared.look().await.unwrap().unwrap().intents.len(), 1, "{fault:?} at {at}");
            assert!(local.document().await.unwrap().is_none(), "{fault:?} at {at}");
        }
    }
}

#[tokio::test]
async fn a_local_lock_is_not_for_unlocking() {
    let (_folder, _memory, local, _) = places();
    let error = local.unlock("0123").await.unwrap_err();
    assert!(error.class == ErrorClass::Usage && error.hints[0].contains("the kernel's"), "{error:?}");
    assert!(!Path::new("lock").exists());
}
