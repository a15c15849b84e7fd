//! The disk with the state: full after some bytes, or read-only. On a small disk of its own, which only root can make.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{UP, world};
use crate::whole::environment::said;

const PAGE: u64 = 4096;

/// A disk in memory, for as long as this lives.
struct Disk(PathBuf);

impl Disk {
    /// None where it can't be made.
    fn mount(at: &Path) -> Option<Disk> {
        fs::create_dir(at).expect("a folder");
        let words = ["-t", "tmpfs", "-o", "size=512k,mode=0700", "tmpfs"];
        let done = Command::new("mount").args(words).arg(at).output().ok()?;
        if !done.status.success() {
            println!("skipped: no disk can be mounted: {}", String::from_utf8_lossy(&done.stderr).trim());
            return None;
        }
        Some(Disk(at.to_owned()))
    }

    fn remount(&self, how: &str) {
        let words = format!("remount,{how}");
        assert!(Command::new("mount").args(["-o", &words]).arg(&self.0).status().expect("mount").success());
    }

    /// Leaves room for so many pages.
    fn fill_up(&self, room: u64) {
        let path = self.0.join("filler");
        let mut file = File::create(&path).expect("a file");
        let mut size = 0;
        while file.write_all(&[0; PAGE as usize]).is_ok() {
            size += PAGE;
        }
        file.set_len(size.saturating_sub(room * PAGE)).expect("room");
    }

    fn free(&self) {
        fs::remove_file(self.0.join("filler")).expect("it goes");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_disk_that_fills_up_in_the_middle_ends_a_run_and_the_next_goes_on() {
    let world = world("cn-north-1", 0.0);
    let Some(disk) = Disk::mount(&world.work().join(".kfctl-cn")) else { return };
    let mut ended = 0;
    for room in [0, 1, 2, 3, 4, 6, 8, 12] {
        disk.fill_up(room);
        let done = world.run(&UP);
        let text = said(&done);
        if room == 0 {
            assert_eq!(world.aws_writes(), Default::default(), "nothing is made that can't be written down: {text}");
        }
        if !done.status.success() {
            assert_eq!(done.status.code(), Some(74), "with room for {room} pages: {text}");
            assert!(text.contains("No space left on device") && text.contains("hint: free some space"), "{text}");
            ended += 1;
        }
        disk.free();
    }
    assert!(ended > 2, "only {ended} runs met the end of the disk");
    world.succeeds(&UP);
    world.is_made_once();
}

#[test]
fn a_folder_that_cannot_be_written_ends_a_run_before_it_begins() {
    let world = world("cn-northwest-1", 0.0);
    let Some(disk) = Disk::mount(&world.work().join(".kfctl-cn")) else { return };
    disk.remount("ro");
    for arguments in [&UP[..], &["down", "--yes"]] {
        let done = world.run(arguments);
        let text = said(&done);
        assert_eq!(done.status.code(), Some(74), "{text}");
        assert!(
            text.contains(".kfctl-cn") && text.contains("Read-only file system") && text.contains("hint:"),
            "{text}"
        );
    }
    assert_eq!(world.aws_writes(), Default::default());
    disk.remount("rw");
    world.succeeds(&UP);
    world.is_made_once();
    // Looking needs no right to write.
    disk.remount("ro");
    world.succeeds(&["plan", "--phase", "data", "--detailed-exitcode"]);
    assert!(said(&world.succeeds(&["state", "list"])).contains("data/bucket"));
    assert_eq!(world.run(&UP).status.code(), Some(74));
    disk.remount("rw");
}
