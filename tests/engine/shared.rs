//! A shared state: exactly one run writes, whatever the network does to its writes, and nothing that was acknowledged is lost.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use kfctl_cn::engine::{Record, Store};
use kfctl_cn::model::{Action, Addr, ErrorClass, Result};
use kfctl_cn::state::{Objects, Place, RemoteStore, View, Wait};

use crate::objects::{Fault, Memory};
use crate::world::{Bench, Plug, deployment, identity, spec};

/// Opens the state with little patience.
async fn open(memory: &Arc<Memory>, folder: &Path) -> Result<RemoteStore> {
    let objects: Arc<dyn Objects> = memory.clone();
    RemoteStore::open(objects, folder, &identity(), Duration::from_millis(400), &Wait::none()).await
}

fn place(memory: &Arc<Memory>, folder: &Path) -> Place {
    Place::Remote { objects: memory.clone(), folder: folder.to_owned() }
}

async fn view(memory: &Arc<Memory>) -> View {
    place(memory, Path::new("/nowhere")).look().await.unwrap().unwrap()
}

fn record(id: &str) -> Record {
    Record { outputs: [("id".to_owned(), id.to_owned())].into(), ready: true }
}

/// A whole run, as `up` does it.
async fn up(bench: &Bench, memory: &Arc<Memory>) -> Result<()> {
    let store = Arc::new(open(memory, bench.folder.path()).await?);
    let engine = bench.engine(store.clone(), &Plug::at(None))?;
    let done = async { engine.execute(&engine.plan().await?).await.result() }.await;
    let closed = store.close().await;
    done.and(closed)
}

#[tokio::test]
async fn an_intent_is_there_before_its_call() {
    let (memory, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    let store = open(&memory, folder.path()).await.unwrap();
    let vpc = Addr::new("cluster/vpc");
    store.intend(&vpc, Action::Create, "token-1").await.unwrap();
    assert_eq!(view(&memory).await.intents[&vpc].token, "token-1");
    store.acknowledge(&vpc, &record("vpc-1")).await.unwrap();
    let seen = view(&memory).await;
    assert!(seen.intents.is_empty() && seen.resources[&vpc] == record("vpc-1"));
    store.close().await.unwrap();
    assert!(!memory.all.lock().unwrap().contains_key("lock"), "the lock is let go");
}

#[tokio::test]
async fn of_two_at_once_one_writes_and_the_other_is_told_who() {
    let (memory, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    let (one, other) = tokio::join!(open(&memory, folder.path()), open(&memory, folder.path()));
    let error = [one, other].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert_eq!(error.len(), 1);
    assert_eq!(error[0].class, ErrorClass::Locked);
    let id = view(&memory).await.holder.unwrap().id;
    assert!(error[0].to_string().contains(&format!("process {}", std::process::id())), "{:?}", error[0]);
    assert!(error[0].hints.iter().any(|hint| hint.contains(&format!("kfctl-cn state unlock {id}"))), "{:?}", error[0]);
}

#[tokio::test]
async fn whoever_waits_gets_its_turn_when_the_other_is_done() {
    let (memory, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    let one = open(&memory, folder.path()).await.unwrap();
    let (told, mut waits) = tokio::sync::mpsc::unbounded_channel();
    let note = Arc::new(move |text: &str| told.send(text.to_owned()).unwrap());
    let wait = Wait { timeout: Duration::from_secs(60), note, ..Wait::none() };
    let (at, who) = (place(&memory, folder.path()), identity());
    let first = async {
        assert!(waits.recv().await.unwrap().contains("is locked by"));
        one.intend(&Addr::new("cluster/vpc"), Action::Create, "token-1").await.unwrap();
        one.close().await.unwrap();
    };
    let (held, ()) = tokio::join!(at.open(&who, &wait), first);
    let held = held.unwrap();
    assert_eq!(held.store().snapshot().unwrap().open.len(), 1, "it goes on from what the first one left");
    held.close().await.unwrap();
}

#[tokio::test]
async fn a_holder_that_was_unlocked_writes_nothing_any_more() {
    let (memory, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    let old = open(&memory, folder.path()).await.unwrap();
    let vpc = Addr::new("cluster/vpc");
    old.intend(&vpc, Action::Create, "token-1").await.unwrap();
    let at = place(&memory, folder.path());
    let id = at.holder().await.unwrap().unwrap().id;
    assert_eq!(at.unlock("0123").await.unwrap_err().class, ErrorClass::Usage, "another id");
    assert_eq!(at.unlock(&id).await.unwrap().pid, std::process::id());
    let new = open(&memory, folder.path()).await.unwrap();
    let error = old.acknowledge(&vpc, &record("vpc-1")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Locked, "{error:?}");
    assert_eq!(old.intend(&vpc, Action::Update, "token-2").await.unwrap_err().class, ErrorClass::Locked);
    old.close().await.unwrap();
    assert!(memory.text("lock").contains("renewed"), "the lock of the new holder stays");
    new.acknowledge(&vpc, &record("vpc-2")).await.unwrap();
    assert_eq!(view(&memory).await.resources[&vpc], record("vpc-2"));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "what lost the race isn't kept to be pushed: {left:?}");
}

#[tokio::test]
async fn any_fault_at_any_write_changes_nothing_of_the_end() {
    let clean = (Bench::new(deployment()), Memory::new());
    up(&clean.0, &clean.1).await.unwrap();
    let writes = clean.1.puts.load(SeqCst);
    let wanted = clean.0.world.shape();
    let mut runs = 0;
    for fault in [Fault::Lost, Fault::Unanswered, Fault::Repeated, Fault::Conflict] {
        for at in 0..writes {
            let (bench, memory) = (Bench::new(deployment()), Memory::new());
            memory.faults.lock().unwrap().extend(std::iter::repeat_n(Fault::None, at).chain([fault]));
            // Only the taking of the lock isn't tried again by the store itself: the SDK does that.
            if let Err(error) = up(&bench, &memory).await {
                assert!(at == 0 && error.class != ErrorClass::Bug, "{fault:?} at {at}: {error:?}");
                memory.delete("lock").await.unwrap();
                up(&bench, &memory).await.unwrap();
            }
            assert_eq!(bench.world.shape(), wanted, "{fault:?} at {at}");
            let seen = view(&memory).await;
            assert!(seen.intents.is_empty() && seen.resources.len() == 7 && seen.holder.is_none(), "{fault:?} at {at}");
            runs += 1;
        }
    }
    assert!(runs >= 40, "{runs}");
}

#[tokio::test]
async fn a_store_that_goes_away_leaves_a_file_to_push_and_nothing_is_made_twice() {
    for calls in 0..12 {
        let (bench, memory) = (Bench::new(deployment()), Memory::new());
        let store = Arc::new(open(&memory, bench.folder.path()).await.unwrap());
        let engine = bench.engine(store.clone(), &Plug::at(None)).unwrap();
        let planned = engine.plan().await.unwrap();
        let cut = async {
            while memory.puts.load(SeqCst) < 2 + calls {
                tokio::task::yield_now().await;
            }
            memory.down.store(true, SeqCst);
        };
        let (report, ()) = tokio::join!(engine.execute(&planned), cut);
        let error = report.result().unwrap_err();
        let path = bench.folder.path().join("errored-state.json");
        assert_eq!(error.class, ErrorClass::StateIo, "{error:?}");
        let push = format!("kfctl-cn state push {}", path.display());
        assert!(error.hints.iter().any(|hint| hint.contains(&push)), "{error:?}");
        store.close().await.unwrap();
        memory.down.store(false, SeqCst);

        let error = {
            memory.delete("lock").await.unwrap();
            open(&memory, bench.folder.path()).await.err().expect("what wasn't pushed is in the way")
        };
        assert!(error.class == ErrorClass::StateIo && error.hints[0].contains(&push), "{error:?}");
        let saved = std::fs::read(&path).unwrap();
        let document = kfctl_cn::state::Document::decode(&saved, &path).unwrap();
        let at = place(&memory, bench.folder.path());
        at.push(&document, &identity(), false, &Wait::none()).await.unwrap();
        assert!(!path.exists());
        // All that exists is recorded: nothing of what was acknowledged in flight is lost.
        let seen = view(&memory).await;
        for (addr, _) in bench.world.shape() {
            let addr = Addr::new(addr);
            assert!(seen.resources.contains_key(&addr) || seen.intents.contains_key(&addr), "{addr} after {calls}");
        }
        up(&bench, &memory).await.unwrap();
        assert!(bench.world.shape().iter().all(|(_, things)| things.len() == 1), "after {calls} writes");
        assert_eq!(bench.world.shape().len(), 7);
    }
}

#[tokio::test]
async fn a_lock_that_the_failed_run_left_behind_is_no_hindrance_to_its_push() {
    let (memory, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    let store = open(&memory, folder.path()).await.unwrap();
    memory.down.store(true, SeqCst);
    store.intend(&Addr::new("cluster/vpc"), Action::Create, "token-1").await.unwrap_err();
    store.close().await.unwrap();
    memory.down.store(false, SeqCst);
    assert!(memory.text("lock").contains("renewed"), "it couldn't be removed");
    let path = folder.path().join("errored-state.json");
    let document = kfctl_cn::state::Document::decode(&std::fs::read(&path).unwrap(), &path).unwrap();
    let stranger = tempfile::tempdir().unwrap();
    let elsewhere = place(&memory, stranger.path()).push(&document, &identity(), false, &Wait::none()).await;
    assert_eq!(elsewhere.unwrap_err().class, ErrorClass::Locked, "only the folder of that run knows that it is dead");
    place(&memory, folder.path()).push(&document, &identity(), false, &Wait::none()).await.unwrap();
    assert!(!memory.all.lock().unwrap().contains_key("lock"));
    open(&memory, folder.path()).await.unwrap();
}

#[tokio::test]
async fn events_at_the_same_time_go_together() {
    let bench = Bench::new((0..30).map(|i| spec(ADDRS[i], &[])).collect());
    let memory = Memory::new();
    up(&bench, &memory).await.unwrap();
    // An intent and two acknowledgements each; the lock and the opening are two writes of their own.
    let writes = memory.puts.load(SeqCst);
    assert!(writes < 60, "{writes} writes for 30 resources");
    assert_eq!(view(&memory).await.resources.len(), 30);
}

const ADDRS: [&str; 30] = [
    "cluster/a",
    "cluster/b",
    "cluster/c",
    "cluster/d",
    "cluster/e",
    "cluster/f",
    "cluster/g",
    "cluster/h",
    "cluster/i",
    "cluster/j",
    "cluster/k",
    "cluster/l",
    "cluster/m",
    "cluster/n",
    "cluster/o",
    "cluster/p",
    "cluster/q",
    "cluster/r",
    "cluster/s",
    "cluster/t",
    "cluster/u",
    "cluster/v",
    "cluster/w",
    "cluster/x",
    "cluster/y",
    "cluster/z",
    "data/a",
    "data/b",
    "data/c",
    "data/d",
];

#[tokio::test]
async fn no_state_and_the_state_of_something_else() {
    let (memory, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    assert!(place(&memory, folder.path()).look().await.unwrap().is_none());
    open(&memory, folder.path()).await.unwrap().close().await.unwrap();
    let other = kfctl_cn::state::Identity { account: "999900001111".into(), ..identity() };
    let error = place(&memory, folder.path()).open(&other, &Wait::none()).await.err().unwrap();
    assert_eq!(error.class, ErrorClass::Credentials);
    assert!(!memory.all.lock().unwrap().contains_key("lock"), "a refused run leaves no lock");
    let newer = memory.text("state.json").replace("\"schema\": 2", "\"schema\": 9");
    memory.all.lock().unwrap().get_mut("state.json").unwrap().0 = newer.into_bytes();
    let error = place(&memory, folder.path()).open(&identity(), &Wait::none()).await.err().unwrap();
    assert_eq!(error.class, ErrorClass::StateNewer);
}
