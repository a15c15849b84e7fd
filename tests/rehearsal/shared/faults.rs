//! Faults between the program and S3: the end is the same, or the state is saved here and pushed later.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kfctl_cn::engine::{Record, Store};
use kfctl_cn::model::{Action, Addr, ErrorClass, Region, Result};
use kfctl_cn::state::{Document, Identity, Objects, Place, RemoteStore, S3Objects, Wait};

use super::{bucket, objects};
use crate::faults::{Fault, Rule};
use crate::world::{ACCOUNT, Aws, World, configuration};

const PUT: &str = "s3:PUT PutObject";

fn identity(region: Region) -> Identity {
    Identity { name: "kf".into(), account: ACCOUNT.into(), region: region.to_string() }
}

async fn open(objects: &Arc<S3Objects>, folder: &Path, region: Region) -> Result<RemoteStore> {
    let patience = Duration::from_secs(5);
    RemoteStore::open(objects.clone(), folder, &identity(region), patience, &Wait::none()).await
}

fn record() -> Record {
    Record { outputs: [("id".to_owned(), "vpc-1".to_owned())].into(), ready: true }
}

/// Some events of a run.
async fn history(store: &RemoteStore) -> Result<()> {
    let (vpc, nat) = (Addr::new("cluster/vpc"), Addr::new("cluster/nat"));
    store.intend(&vpc, Action::Create, "token-1").await?;
    store.acknowledge(&vpc, &record()).await?;
    store.intend(&nat, Action::Create, "token-2").await?;
    store.abandon(&nat).await
}

#[tokio::test(flavor = "multi_thread")]
async fn any_fault_at_any_write_changes_nothing_of_the_end() {
    let region = Region::CnNorthwest1;
    let aws = Aws::empty().await;
    let world = World::new(&aws, configuration("kf", region)).await.impatient().await;
    bucket(&world.clients).await;
    let objects = objects(&world.clients);
    let folder = tempfile::tempdir().unwrap();
    let faults = [
        Fault::Throttled,
        Fault::Internal,
        Fault::Unavailable,
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::Truncated,
        Fault::Conflict,
    ];
    for fault in faults {
        // The lock, the opening and four events.
        for skip in 0..6 {
            world.proxy.faults.set(vec![Rule { call: PUT.into(), fault, skip, times: 1 }]);
            let store = open(&objects, folder.path(), region).await;
            let store = store.unwrap_or_else(|error| panic!("{fault:?} at {skip}: {error:?}"));
            history(&store).await.unwrap_or_else(|error| panic!("{fault:?} at {skip}: {error:?}"));
            store.close().await.unwrap();
            assert_eq!(world.proxy.faults.take_fired().values().sum::<usize>(), 1, "{fault:?} at {skip}");
            let place = Place::Remote { objects: objects.clone(), folder: folder.path().to_owned() };
            let view = place.look().await.unwrap().unwrap();
            assert!(view.holder.is_none() && view.intents.is_empty(), "{fault:?} at {skip}: {view:?}");
            assert_eq!(view.resources[&Addr::new("cluster/vpc")], record(), "{fault:?} at {skip}");
            objects.delete("state.json").await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stays_away_leaves_a_file_that_is_pushed_later() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration("kf", region)).await.impatient().await;
        bucket(&world.clients).await;
        let objects = objects(&world.clients);
        let folder = tempfile::tempdir().unwrap();
        let store = open(&objects, folder.path(), region).await.unwrap();
        let vpc = Addr::new("cluster/vpc");
        store.intend(&vpc, Action::Create, "token-1").await.unwrap();
        let away = Rule { call: PUT.into(), fault: Fault::Unavailable, skip: 0, times: usize::MAX };
        world.proxy.faults.set(vec![away]);
        let error = store.acknowledge(&vpc, &record()).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::StateIo, "{error:?}");
        assert!(error.to_string().contains("503"), "{error:?}");
        let path = folder.path().join("errored-state.json");
        assert!(error.hints.iter().any(|hint| hint.contains(&format!("kfctl-cn state push {}", path.display()))));
        let _ = store.close().await;

        world.proxy.faults.set(Vec::new());
        let document = Document::decode(&std::fs::read(&path).unwrap(), &path).unwrap();
        let place = Place::Remote { objects: objects.clone(), folder: folder.path().to_owned() };
        place.push(&document, &identity(region), false, &Wait::none()).await.unwrap();
        assert!(!path.exists());
        let held = place.open(&identity(region), &Wait::none()).await;
        assert_eq!(held.err().map(|error| error.class), Some(ErrorClass::Config), "an unencrypted bucket");
        super::encrypt(&world.clients).await;
        let held = place.open(&identity(region), &Wait::none()).await.unwrap();
        let known = held.store().snapshot().unwrap();
        assert!(known.open.is_empty() && known.resources[&vpc] == record(), "{known:?}");
        held.close().await.unwrap();
    }
}
