//! A small bundle of two archives, and how to make it good and bad.

use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use kfctl_cn::bundle::{Digest, FetchOptions, Fetched, Lock, Progress, Source, bundle_dir, fetch};
use kfctl_cn::model::Result;
use tempfile::TempDir;

pub const MAIN: &str = "/one/main/archive/refs/tags/v1.tar.gz";
pub const UPSTREAM: &str = "/two/manifests/archive/refs/tags/v1.tar.gz";
pub const DRIVER: &str = "/three/driver/archive/refs/tags/v2.tar.gz";
pub const DRIVER_OTHER: &str = "/three/driver/archive/refs/tags/2.tar.gz";

/// Content of a pinned file: not compressible, so that half an archive is about half of its files.
pub fn content(path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut digest = Digest::of(path.as_bytes());
    while bytes.len() < 20_000 {
        bytes.extend(digest.to_string().into_bytes());
        digest = Digest::of(digest.to_string().as_bytes());
    }
    bytes
}

pub const MAIN_FILES: [&str; 6] =
    ["deploy/a.yaml", "deploy/b.yaml", "deploy/c.yaml", "deploy/d.yaml", "e.yaml", "f.yaml"];

fn line(indent: &str, path: &str, file: &str) -> String {
    format!("{indent}{path}: {}\n", Digest::of(&content(file)))
}

/// The lock of the small bundle. Leaked, since locks live as long as the program.
pub fn lock() -> &'static Lock {
    let mut text = String::from("apiVersion: kfctl-cn/v1alpha1\nkind: BundleLock\nname: small\ncomponents:\n");
    text += "- name: kubeflow\n  version: '1'\n  folder: kubeflow-1\n  sources:\n";
    text += &format!("  - archives: [https://github.com{MAIN}]\n    folders: {{'': ''}}\n");
    text += &format!("  - archives: [https://github.com{UPSTREAM}]\n    folders: {{'': upstream}}\n  files:\n");
    for file in MAIN_FILES {
        text += &line("    ", file, file);
    }
    text += &line("    ", "upstream/deploy/a.yaml", "upstream");
    text += "- name: csi-driver\n  version: '2'\n  folder: driver-2\n  sources:\n";
    text += &format!("  - archives: [https://github.com{DRIVER}, https://github.com{DRIVER_OTHER}]\n");
    text += "    folders: {manifests: ''}\n  rendered: [rendered.yaml]\n  files:\n";
    text += &line("    ", "driver.yaml", "driver");
    text += &line("    ", "rendered.yaml", "rendered");
    Box::leak(Box::new(Lock::parse(&text, "small.lock.yaml").unwrap()))
}

/// Entries of an archive, in order: path and content.
pub type Entries = Vec<(String, Vec<u8>)>;

pub fn main_entries() -> Entries {
    let mut entries: Entries = MAIN_FILES.iter().map(|f| (format!("main-1/{f}"), content(f))).collect();
    entries.insert(0, ("main-1/not-pinned.txt".into(), b"left out".to_vec()));
    entries
}

pub fn upstream_entries() -> Entries {
    vec![("manifests-1/deploy/a.yaml".into(), content("upstream"))]
}

pub fn driver_entries() -> Entries {
    vec![("driver-2/manifests/driver.yaml".into(), content("driver"))]
}

/// A `.tar.gz` of regular files; paths go in as they are, however bad.
pub fn archive(entries: &Entries) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in entries {
        append(&mut tar, path, tar::EntryType::Regular, content, None);
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// Appends an entry whose path `tar` itself would refuse.
pub fn append(
    tar: &mut tar::Builder<GzEncoder<Vec<u8>>>,
    path: &str,
    kind: tar::EntryType,
    content: &[u8],
    link: Option<&str>,
) {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
    if let Some(link) = link {
        header.as_gnu_mut().unwrap().linkname[..link.len()].copy_from_slice(link.as_bytes());
    }
    header.set_cksum();
    tar.append(&header, content).unwrap();
}

/// A cache to fetch into.
pub struct Cache(TempDir);

impl Cache {
    pub fn new() -> Cache {
        Cache(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where the small bundle lies once it is whole.
    pub fn root(&self) -> PathBuf {
        bundle_dir(self.path(), lock())
    }

    pub fn options(&self, from: Source) -> FetchOptions {
        let mut options = FetchOptions::new(from, self.path().to_path_buf());
        options.pause = std::time::Duration::from_millis(5);
        options
    }

    pub async fn fetch(&self, from: Source) -> Result<Fetched> {
        fetch(lock(), &self.options(from), &|_: Progress| ()).await
    }

    /// Every file below the cache, but for the lock that guards it.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        walk(self.path(), &mut files);
        files.retain(|file| file.file_name().is_some_and(|name| name != "lock"));
        files
    }
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}
