//! An archive as a target.
//!
//! The sizes of blobs are known before they come, so each has its place in the file at once, and many are written at the same time
//! without a second copy on the disk. Beside `FILE.partial` a list says where each blob lies and which are whole: the next run goes
//! on there. In the end the index is written and the file gets its name.

use std::collections::HashMap;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use fs_err::os::unix::fs::FileExt as _;
use futures::StreamExt as _;

use super::super::copy::{From, Mount, Target};
use super::super::digest::Hasher;
use super::super::fault::Outcome;
use super::super::{Counter, Descriptor, Digest, Found, Manifest, Reference};
use super::index::{Entry, Index, LAYOUT};
use crate::model::{Error, ErrorClass, Result};

const BLOCK: u64 = 512;
/// Bytes that are written at once.
const PIECE: usize = 1 << 20;

/// An archive that is being written.
pub struct Writer {
    path: PathBuf,
    file: Arc<fs_err::File>,
    state: Mutex<State>,
}

struct State {
    list: fs_err::File,
    blobs: HashMap<Digest, Blob>,
    end: u64,
    images: Vec<Entry>,
}

#[derive(Clone, Copy)]
struct Blob {
    /// Where its header lies.
    at: u64,
    size: u64,
    whole: bool,
}

impl Writer {
    /// Begins an archive, or goes on with one that was begun. What is said to be whole is read and checked.
    ///
    /// # Errors
    /// Class `StateIo` if it can't be written; `Locked` if another run writes it.
    pub fn open(path: &Path) -> Result<Writer> {
        let options = || {
            let mut options = fs_err::OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            options
        };
        let file = options().open(partial(path))?;
        if rustix::fs::flock(file.file(), rustix::fs::FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(Error::new(ErrorClass::Locked, format!("{} is being written by another run", path.display())));
        }
        let mut list = options().open(list_of(path))?;
        let mut text = String::new();
        // A list that isn't text is none: everything is fetched again.
        if list.read_to_string(&mut text).is_err() {
            text.clear();
        }
        let mut state = State { list, blobs: HashMap::new(), end: 0, images: vec![] };
        state.take_up(&file, &text)?;
        let writer = Writer { path: path.to_owned(), file: Arc::new(file), state: Mutex::new(state) };
        let layout = entry("oci-layout", LAYOUT.as_bytes());
        writer.file.write_all_at(&layout, 0)?;
        let end = layout.len() as u64;
        {
            let mut state = writer.lock();
            state.end = state.end.max(end);
        }
        Ok(writer)
    }

    /// Ends the archive: index, end mark, name. Blobs that were begun and never became whole are left out by a name of their own.
    ///
    /// # Errors
    /// Class `StateIo` if it can't be written.
    pub fn finish(&self) -> Result<PathBuf> {
        let state = self.lock();
        for (digest, blob) in state.blobs.iter().filter(|(_, blob)| !blob.whole) {
            self.file.write_all_at(&header(&format!("unfinished/{}", digest.hex()), blob.size), blob.at)?;
        }
        let index = serde_json::to_vec(&Index::new(state.images.clone()))
            .map_err(|error| Error::new(ErrorClass::Bug, error.to_string()))?;
        let mut tail = entry("index.json", &index);
        tail.extend_from_slice(&[0; 2 * BLOCK as usize]);
        self.file.write_all_at(&tail, state.end)?;
        self.file.set_len(state.end + tail.len() as u64)?;
        self.file.sync_all()?;
        fs_err::rename(partial(&self.path), &self.path)?;
        fs_err::remove_file(list_of(&self.path))?;
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs_err::File::open(folder)?.sync_all()?;
        }
        Ok(self.path.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of a blob, made if it has none.
    fn place(&self, digest: Digest, size: u64) -> Result<Blob> {
        let mut state = self.lock();
        if let Some(blob) = state.blobs.get(&digest).filter(|blob| blob.size == size) {
            return Ok(*blob);
        }
        let blob = Blob { at: state.end, size, whole: false };
        state.end += BLOCK + padded(size);
        state.blobs.insert(digest, blob);
        state.note(&format!("{} {} {size}", digest, blob.at))?;
        Ok(blob)
    }

    /// What was written of a blob is on the disk, and it is the blob: the list may say so.
    fn whole(&self, digest: Digest, blob: Blob) -> Result<()> {
        self.file.write_all_at(&header(&format!("blobs/sha256/{}", digest.hex()), blob.size), blob.at)?;
        self.file.sync_data()?;
        let mut state = self.lock();
        state.blobs.insert(digest, Blob { whole: true, ..blob });
        state.note(&format!("{digest} whole"))
    }

    fn has(&self, digest: Digest) -> bool {
        self.lock().blobs.get(&digest).is_some_and(|blob| blob.whole)
    }

    async fn write(&self, at: u64, piece: Bytes) -> Result<()> {
        let file = Arc::clone(&self.file);
        let task = tokio::task::spawn_blocking(move || file.write_all_at(&piece, at));
        Ok(task.await.map_err(|error| Error::new(ErrorClass::Bug, error.to_string()))??)
    }
}

impl State {
    fn note(&mut self, line: &str) -> Result<()> {
        self.list.write_all(format!("{line}\n").as_bytes())?;
        Ok(self.list.sync_data()?)
    }

    /// Goes on from a list. The first line that can't be read ends it; what is not whole by its digest is fetched again.
    fn take_up(&mut self, file: &fs_err::File, text: &str) -> Result<()> {
        for line in text.split_inclusive('\n') {
            let words: Vec<&str> = line.split_whitespace().collect();
            let digest = words.first().and_then(|word| word.parse::<Digest>().ok());
            let (Some(digest), true) = (digest, line.ends_with('\n')) else { break };
            match words[1..] {
                ["whole"] => {
                    if let Some(blob) = self.blobs.get_mut(&digest) {
                        blob.whole = true;
                    }
                }
                [at, size] => {
                    let (Ok(at), Ok(size)) = (at.parse(), size.parse()) else { break };
                    self.blobs.insert(digest, Blob { at, size, whole: false });
                    self.end = self.end.max(at + BLOCK + padded(size));
                }
                _ => break,
            }
        }
        for (digest, blob) in self.blobs.iter_mut().filter(|(_, blob)| blob.whole) {
            blob.whole = digest_at(file, blob)? == Some(*digest);
        }
        self.list.seek(SeekFrom::End(0))?;
        if !text.is_empty() && !text.ends_with('\n') {
            self.list.write_all(b"\n")?;
        }
        Ok(())
    }
}

/// The digest of what lies in a blob's place; `None` if the file ends before.
fn digest_at(file: &fs_err::File, blob: &Blob) -> Result<Option<Digest>> {
    let (mut hasher, mut at) = (Hasher::default(), blob.at + BLOCK);
    let end = at + blob.size;
    let mut piece = vec![0; PIECE];
    while at < end {
        let want = PIECE.min(usize::try_from(end - at).unwrap_or(PIECE));
        match file.read_at(&mut piece[..want], at)? {
            0 => return Ok(None),
            read => {
                hasher.update(&piece[..read]);
                at += read as u64;
            }
        }
    }
    Ok(Some(hasher.finish()))
}

fn partial(path: &Path) -> PathBuf {
    with(path, ".partial")
}

fn list_of(path: &Path) -> PathBuf {
    with(path, ".partial.list")
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn padded(size: u64) -> u64 {
    size.div_ceil(BLOCK) * BLOCK
}

/// The header of a file in the archive; the same for the same file, whoever makes it and when.
fn header(name: &str, size: u64) -> [u8; BLOCK as usize] {
    let mut header = tar::Header::new_ustar();
    // All names here are short.
    let _ = header.set_path(name);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    *header.as_bytes()
}

/// A small file with its header.
fn entry(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut all = header(name, bytes.len() as u64).to_vec();
    all.extend_from_slice(bytes);
    all.resize((BLOCK + padded(bytes.len() as u64)) as usize, 0);
    all
}

#[async_trait]
impl Target for Writer {
    fn place(&self, _image: &Reference) -> String {
        String::new()
    }

    async fn prepare(&self, _image: &Reference) -> Outcome<bool> {
        Ok(false)
    }

    /// Nothing is there before the index is: what is whole isn't fetched again.
    async fn find(&self, _image: &Reference) -> Outcome<Found> {
        Ok(Found::Nothing)
    }

    async fn has_blob(&self, _image: &Reference, blob: &Descriptor) -> Outcome<bool> {
        Ok(self.has(blob.digest))
    }

    fn may_mount(&self, _image: &Reference) -> bool {
        true
    }

    async fn put_blob(
        &self,
        from: &From<'_>,
        _to: &Reference,
        _mount: Option<Mount<'_>>,
        count: &Counter,
    ) -> Outcome<bool> {
        let mut bytes = from.source.blob(from.image, from.blob).await?;
        let place = Writer::place(self, from.blob.digest, from.blob.size)?;
        let (mut at, mut held) = (place.at + BLOCK, BytesMut::new());
        let mut passed = 0;
        while let Some(piece) = bytes.next().await {
            let piece = piece.inspect_err(|_| count.take_back(passed))?;
            passed += piece.len() as u64;
            count.add(piece.len() as u64);
            held.extend_from_slice(&piece);
            if held.len() >= PIECE {
                let piece = held.split().freeze();
                let length = piece.len() as u64;
                self.write(at, piece).await?;
                at += length;
            }
        }
        self.write(at, held.freeze()).await?;
        self.whole(from.blob.digest, place)?;
        Ok(false)
    }

    async fn put_manifest(&self, image: &Reference, manifest: &Manifest, tag: Option<&str>) -> Outcome<()> {
        if !self.has(manifest.digest) {
            let place = Writer::place(self, manifest.digest, manifest.bytes.len() as u64)?;
            self.write(place.at + BLOCK, manifest.bytes.clone()).await?;
            self.whole(manifest.digest, place)?;
        }
        if tag.is_some() {
            self.lock().images.push(Entry::new(&image.to_string(), manifest));
        }
        Ok(())
    }
}
