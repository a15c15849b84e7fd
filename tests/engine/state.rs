//! The folder: who may read it, who holds it, whose it is, and what a full disk does.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use kfctl_cn::model::ErrorClass;
use kfctl_cn::state::{Disk, Identity, LocalStore, SystemDisk, View};

use crate::world::{Bench, Plug, deployment, identity};

#[tokio::test]
async fn only_its_owner_may_read_it() {
    let bench = Bench::new(deployment());
    std::fs::set_permissions(bench.folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    bench.up().await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(bench.folder.path()), 0o700);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(bench.folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.path());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["journal.jsonl", "lock", "state.json", "state.json.previous"], "no temporary file is left");
}

#[test]
fn a_held_lock_names_its_holder() {
    let folder = tempfile::tempdir().unwrap();
    let held = LocalStore::open(folder.path(), &identity()).unwrap();
    let error = LocalStore::open(folder.path(), &identity()).err().unwrap();
    assert_eq!(error.class, ErrorClass::Locked);
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    assert_eq!(View::open(folder.path()).unwrap().unwrap().holder.unwrap().pid, std::process::id());
    drop(held);
    assert!(View::open(folder.path()).unwrap().unwrap().holder.is_none());
    LocalStore::open(folder.path(), &identity()).unwrap();
}

#[test]
fn a_killed_process_leaves_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    drop(LocalStore::open(folder.path(), &identity()).unwrap());
    let lock = folder.path().join("lock");
    let script = "exec 9<>\"$1\"; flock 9; echo held; exec sleep 600";
    let mut child = std::process::Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(&lock)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    io::BufRead::read_line(&mut io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    assert_eq!(line, "held\n");
    assert_eq!(LocalStore::open(folder.path(), &identity()).err().unwrap().class, ErrorClass::Locked);
    child.kill().unwrap();
    child.wait().unwrap();
    LocalStore::open(folder.path(), &identity()).unwrap();
}

#[test]
fn the_state_of_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(LocalStore::open(folder.path(), &identity()).unwrap());
    let cases = [
        (Identity { account: "999900001111".into(), ..identity() }, ErrorClass::Credentials, "account 111122223333"),
        (Identity { region: "cn-northwest-1".into(), ..identity() }, ErrorClass::Config, "region cn-north-1"),
        (Identity { name: "other".into(), ..identity() }, ErrorClass::Config, "deployment kf"),
    ];
    for (wanted, class, text) in cases {
        let error = LocalStore::open(folder.path(), &wanted).err().unwrap();
        assert_eq!(error.class, class);
        assert!(error.to_string().contains(text) && !error.hints.is_empty(), "{error:?}");
    }
}

#[test]
fn a_newer_state_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(LocalStore::open(folder.path(), &identity()).unwrap());
    let path = folder.path().join("state.json");
    let text = std::fs::read_to_string(&path).unwrap().replace("\"schema\": 2", "\"schema\": 3");
    std::fs::write(&path, &text).unwrap();
    let error = LocalStore::open(folder.path(), &identity()).err().unwrap();
    assert_eq!(error.class, ErrorClass::StateNewer);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

/// A disk that is full after some bytes; the last write gets as far as there is room.
struct FullDisk(AtomicUsize);

impl FullDisk {
    fn fill(&self, content: &[u8], write: impl Fn(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let room = self.0.load(SeqCst);
        let part = &content[..content.len().min(room)];
        self.0.fetch_sub(part.len(), SeqCst);
        write(part)?;
        if part.len() == content.len() { Ok(()) } else { Err(io::Error::from(io::ErrorKind::StorageFull)) }
    }
}

impl Disk for FullDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        SystemDisk.create_dir(path)
    }
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        SystemDisk.read(path)
    }
    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.fill(content, |part| SystemDisk.write(path, part))
    }
    fn append(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.fill(content, |part| SystemDisk.append(path, part))
    }
    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        SystemDisk.truncate(path, length)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemDisk.rename(from, to)
    }
}

#[tokio::test]
async fn a_disk_that_fills_up_at_any_byte_leaves_nothing_half_written() {
    for room in (0..6000).step_by(97) {
        let bench = Bench::new(deployment());
        let plug = Plug::at(None);
        let result = async {
            let disk = Arc::new(FullDisk(AtomicUsize::new(room)));
            let store = Arc::new(LocalStore::open_on(disk, bench.folder.path(), &identity())?);
            let engine = bench.engine(store.clone(), &plug)?;
            engine.execute(&engine.plan().await?).await.result()?;
            store.save()
        };
        if let Err(error) = result.await {
            assert_eq!(error.class, ErrorClass::StateIo, "{error:?}");
            assert!(error.hints.iter().any(|hint| hint.contains("free some space")), "{error:?}");
        } else {
            assert!(room > 3000, "a whole run fits into {room} bytes?");
        }
        let view = View::open(bench.folder.path()).unwrap();
        assert!(view.is_some() || room < 1000);
        let journal = std::fs::read(bench.folder.path().join("journal.jsonl")).unwrap_or_default();
        assert!(journal.is_empty() || journal.ends_with(b"\n"), "a line was left half-written with room for {room}");
        bench.up().await.unwrap();
        assert!(bench.world.shape().iter().all(|(_, things)| things.len() == 1), "room {room}");
        assert_eq!(bench.world.shape().len(), 7);
    }
}

#[test]
fn a_device_without_space_is_told_from_other_faults() {
    // The real error of the kernel, from the device that is always full.
    let error = SystemDisk.append(Path::new("/dev/full"), b"x").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn a_place_that_cannot_be_made_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = LocalStore::open(&file.join("kf"), &identity()).err().unwrap();
    assert_eq!(error.class, ErrorClass::StateIo);
    assert!(error.hints[0].contains("--state-dir"), "{error:?}");
}
