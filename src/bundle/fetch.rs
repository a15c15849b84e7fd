//! Gets the pinned files from where they can be had into the cache.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fs_err as fs;
use tokio::sync::mpsc;

use super::download::{self, Pieces, Transfer};
use super::store::Store;
use super::unpack::{MAX_FILE, unpack};
use super::{Lock, Pin, sample, verify};
use crate::model::{Error, ErrorClass, Result};

/// Where the files come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The archives that the lock names, on GitHub.
    Upstream,
    /// A mirror: a URL that stands in place of `https://github.com` in the addresses of the archives.
    Mirror(String),
    /// The URL of one archive made by `bundle pack`.
    Url(String),
    /// A local archive made by `bundle pack`.
    Archive(PathBuf),
    /// A local folder with the layout of a bundle.
    Folder(PathBuf),
}

impl Source {
    /// Reads an argument: `upstream`, a URL (of one archive if it ends in `.tar.gz` or `.tgz`, else of a mirror), a folder or a file.
    ///
    /// # Errors
    /// Class `Usage` if it is none of these.
    pub fn parse(text: &str) -> Result<Source> {
        if text == "upstream" {
            return Ok(Source::Upstream);
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            let is_archive = text.ends_with(".tar.gz") || text.ends_with(".tgz");
            let url = text.trim_end_matches('/').to_string();
            return Ok(if is_archive { Source::Url(url) } else { Source::Mirror(url) });
        }
        let path = PathBuf::from(text);
        if path.is_dir() {
            Ok(Source::Folder(path))
        } else if path.is_file() {
            Ok(Source::Archive(path))
        } else {
            Err(Error::new(ErrorClass::Usage, format!("`{text}` is no folder, no file and no URL"))
                .hint("give `upstream`, the URL of a mirror of GitHub or of an archive, or the path of a folder or an archive"))
        }
    }
}

/// How to fetch.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// Where the files come from.
    pub from: Source,
    /// The cache's folder; see [`super::cache_dir`].
    pub cache: PathBuf,
    /// Files that may differ from their pins.
    pub allow: Vec<String>,
    /// How often a broken transfer is repeated.
    pub retries: u32,
    /// How long to wait before the first repetition; doubles each time.
    pub pause: Duration,
}

impl FetchOptions {
    /// The defaults for a source and a cache.
    pub fn new(from: Source, cache: PathBuf) -> Self {
        FetchOptions { from, cache, allow: Vec::new(), retries: 3, pause: Duration::from_secs(1) }
    }
}

/// What happens during a fetch, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// An archive is being read: its address or path, and how many files are wanted from it.
    Reading {
        /// Address or path.
        from: String,
        /// Files wanted.
        files: usize,
    },
    /// A transfer broke and is repeated.
    Retrying {
        /// The address.
        from: String,
        /// Why.
        error: String,
    },
}

/// What a fetch came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The bundle's folder in the cache.
    pub root: PathBuf,
    /// Files that were there already.
    pub kept: usize,
    /// Files that were fetched.
    pub fetched: usize,
    /// Files of our own writing in place of what the source can't have: see [`Pin::own`].
    pub own: Vec<String>,
    /// Pinned files that the source can't have, and for which nothing stands in: see [`Pin::rendered`].
    pub without: Vec<String>,
}

/// Fetches what the cache lacks of a lock's files. Killed at any moment, it goes on where it was.
///
/// # Errors
/// Class `Config` if a file is not the pinned one, or if the source lacks files; `Unreachable`, `Transient` or `Permanent` for
/// transfers; `Locked` if another fetch runs; `StateIo` if the cache can't be written.
pub async fn fetch(lock: &'static Lock, options: &FetchOptions, show: &(dyn Fn(Progress) + Sync)) -> Result<Fetched> {
    // An allow entry that fits no file is a slip of the user's: say so before hours of download.
    verify(lock, Path::new(""), &options.allow)?;
    let store = Arc::new(Store::open(lock, &options.cache, &options.allow)?);
    let wanted: Vec<Pin<'static>> = lock.pins().filter(|pin| !store.has(pin)).collect();
    let kept = lock.pins().count() - wanted.len();
    match &options.from {
        Source::Folder(dir) => from_folder(dir, &wanted, &store, show)?,
        Source::Archive(path) => from_archive(path, &wanted, &store, show).await?,
        Source::Url(url) => {
            let keys = wanted.iter().map(|pin| (pin.full(), *pin)).collect();
            transfer(std::slice::from_ref(url), keys, &store, options, show).await?;
        }
        Source::Upstream => from_upstream("https://github.com", &wanted, &store, options, show).await?,
        Source::Mirror(base) => from_upstream(base, &wanted, &store, options, show).await?,
    }
    let (mut own, mut without) = (Vec::new(), Vec::new());
    for pin in lock.pins().filter(|pin| !store.has(pin)) {
        match sample::own(&pin) {
            Some(text) => {
                store.put(&pin, text.as_bytes())?;
                own.push(pin.full());
            }
            None => without.push(pin.full()),
        }
    }
    let store = Arc::into_inner(store).ok_or_else(|| Error::new(ErrorClass::Bug, "the store is still in use"))?;
    let root = store.finish()?;
    Ok(Fetched { root, kept, fetched: wanted.len() - own.len() - without.len(), own, without })
}

fn from_folder(dir: &Path, wanted: &[Pin<'_>], store: &Store, show: &(dyn Fn(Progress) + Sync)) -> Result<()> {
    show(Progress::Reading { from: dir.display().to_string(), files: wanted.len() });
    for pin in wanted {
        let path = dir.join(pin.full());
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_file() && meta.len() <= MAX_FILE => store.put(pin, &fs::read(&path)?)?,
            _ => continue,
        }
    }
    Ok(())
}

async fn from_archive(
    path: &Path,
    wanted: &[Pin<'static>],
    store: &Arc<Store>,
    show: &(dyn Fn(Progress) + Sync),
) -> Result<()> {
    show(Progress::Reading { from: path.display().to_string(), files: wanted.len() });
    let file = fs::File::open(path)?;
    let keys = wanted.iter().map(|pin| (pin.full(), *pin)).collect();
    let context = format!("cannot use {}", path.display());
    // A local file that is damaged doesn't heal: not a passing error, as it is in a transfer.
    let heal = |mut error: Error| {
        if error.class == ErrorClass::Transient {
            error.class = ErrorClass::Config;
        }
        error.context(context)
    };
    blocking(std::io::BufReader::new(file), keys, store).await.map_err(heal)?;
    Ok(())
}

async fn from_upstream(
    base: &str,
    wanted: &[Pin<'static>],
    store: &Arc<Store>,
    options: &FetchOptions,
    show: &(dyn Fn(Progress) + Sync),
) -> Result<()> {
    for component in store.lock().components() {
        for (at, source) in component.sources.iter().enumerate() {
            let of_this = wanted.iter().filter(|pin| std::ptr::eq(pin.of, component));
            let keys: HashMap<String, Pin<'static>> = of_this
                .filter_map(|pin| component.locate(pin.path).filter(|(i, _)| *i == at).map(|(_, path)| (path, *pin)))
                .collect();
            if keys.is_empty() {
                continue;
            }
            let urls: Vec<String> =
                source.archives.iter().map(|url| url.replacen("https://github.com", base, 1)).collect();
            let missing = transfer(&urls, keys, store, options, show).await?;
            if !missing.is_empty() {
                return Err(Error::new(ErrorClass::Config, format!("{} lacks pinned files", urls[0]))
                    .caused_by(missing.join(", "))
                    .hint("fetch from another source with `--from`"));
            }
        }
    }
    Ok(())
}

/// Reads an archive from the first of its addresses that has it, again if the transfer breaks. Files that came before the break stay.
async fn transfer(
    urls: &[String],
    keys: HashMap<String, Pin<'static>>,
    store: &Arc<Store>,
    options: &FetchOptions,
    show: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<String>> {
    let mut pause = options.pause;
    for url in urls {
        let client = download::client(url)?;
        for attempt in 0.. {
            let keys: HashMap<_, _> =
                keys.iter().filter(|(_, pin)| !store.has(pin)).map(|(k, p)| (k.clone(), *p)).collect();
            show(Progress::Reading { from: url.clone(), files: keys.len() });
            match once(&client, url, keys, store).await {
                Ok(Some(missing)) => return Ok(missing),
                Ok(None) => break,
                Err(error) if error.is_passing() && attempt < options.retries => {
                    show(Progress::Retrying { from: url.clone(), error: error.to_string() });
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(error) => return Err(error.hint("run the same command again: it goes on where it was")),
            }
        }
    }
    Err(Error::new(ErrorClass::Permanent, format!("{} answers 404 Not Found", urls.join(" and ")))
        .hint("fetch from another source with `--from`"))
}

/// One transfer: `None` if the address has nothing.
async fn once(
    client: &reqwest::Client,
    url: &str,
    keys: HashMap<String, Pin<'static>>,
    store: &Arc<Store>,
) -> Result<Option<Vec<String>>> {
    let (into, from) = mpsc::channel(16);
    let (sent, unpacked) = tokio::join!(download::stream(client, url, into), blocking(Pieces::new(from), keys, store));
    match (sent, unpacked) {
        (Ok(Transfer::NotFound), _) => Ok(None),
        // What the files are counts before how the transfer ended; a transfer's error before the cut archive that it leaves.
        (_, Err(error)) if !error.is_passing() => Err(error.context(format!("cannot use {url}"))),
        (Err(error), _) => Err(error),
        (Ok(Transfer::Done), Err(error)) => Err(error.context(format!("cannot use {url}"))),
        (Ok(Transfer::Done), Ok(missing)) => Ok(Some(missing)),
    }
}

/// Unpacks on a thread that may block.
async fn blocking(
    archive: impl std::io::Read + Send + 'static,
    keys: HashMap<String, Pin<'static>>,
    store: &Arc<Store>,
) -> Result<Vec<String>> {
    let store = Arc::clone(store);
    let task = tokio::task::spawn_blocking(move || unpack(archive, keys, |pin, bytes| store.put(&pin, &bytes)));
    task.await.map_err(|error| Error::new(ErrorClass::Bug, "unpacking broke off").caused_by(error.to_string()))?
}
