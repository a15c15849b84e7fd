//! Streams of blobs: checked while they pass, and watched.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};

use super::digest::Hasher;
use super::fault::{Fault, Outcome};
use super::manifest::Descriptor;
use crate::model::{Error, ErrorClass};

/// The bytes of a blob, in order.
pub type BlobStream = Pin<Box<dyn Stream<Item = Outcome<Bytes>> + Send>>;

/// How long a transfer may stand still.
pub(super) const STILL: Duration = Duration::from_secs(60);

/// Counts bytes that passed. Clones share the count.
#[derive(Clone, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Adds bytes.
    pub fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes bytes back that passed in vain.
    pub fn take_back(&self, bytes: u64) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// How many passed.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Checks length and digest while the bytes pass. The last piece is held back until both are known to be right: whoever reads a
/// corrupt blob gets an error before its end, so that nothing that is wrong ever looks whole.
pub(super) fn checked(doing: String, blob: &Descriptor, inner: BlobStream) -> BlobStream {
    struct State {
        inner: BlobStream,
        hasher: Hasher,
        seen: u64,
        held: Option<Bytes>,
        over: bool,
    }
    let (digest, size) = (blob.digest, blob.size);
    let corrupt = move |why: String| Fault::from(Error::new(ErrorClass::Transient, doing.clone()).caused_by(why));
    let state = State { inner, hasher: Hasher::default(), seen: 0, held: None, over: false };
    let pieces = futures::stream::unfold((state, corrupt), move |(mut state, corrupt)| async move {
        loop {
            if state.over {
                return None;
            }
            let piece = match tokio::time::timeout(STILL, state.inner.next()).await {
                Err(_) => Some(Err(corrupt(format!("nothing came for {}s", STILL.as_secs())))),
                Ok(piece) => piece,
            };
            let out = match piece {
                Some(Ok(piece)) => {
                    state.seen += piece.len() as u64;
                    if state.seen > size {
                        state.over = true;
                        return Some((Err(corrupt(format!("it is longer than its {size} bytes"))), (state, corrupt)));
                    }
                    state.hasher.update(&piece);
                    match state.held.replace(piece) {
                        Some(before) => Ok(before),
                        None => continue,
                    }
                }
                Some(Err(fault)) => {
                    state.over = true;
                    Err(fault)
                }
                None => {
                    state.over = true;
                    let is = std::mem::take(&mut state.hasher).finish();
                    match state.held.take() {
                        _ if state.seen != size => Err(corrupt(format!("{} of {size} bytes came", state.seen))),
                        _ if is != digest => Err(corrupt(format!("it is corrupt: its digest is {is}"))),
                        Some(last) => Ok(last),
                        None => return None,
                    }
                }
            };
            return Some((out, (state, corrupt)));
        }
    });
    Box::pin(pieces)
}

/// Bytes of a body that passed, and the fault that ended it, for those who only see that sending failed.
#[derive(Clone, Default)]
pub(super) struct Watch {
    pub passed: Counter,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl Watch {
    /// Watches a stream, and adds what passes to a count.
    pub fn over(
        &self,
        inner: BlobStream,
        count: Counter,
    ) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
        let watch = self.clone();
        inner.map(move |piece| match piece {
            Ok(piece) => {
                watch.passed.add(piece.len() as u64);
                count.add(piece.len() as u64);
                Ok(piece)
            }
            Err(fault) => {
                let error = std::io::Error::other(fault.error.to_string());
                *watch.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
                Err(error)
            }
        })
    }

    /// The fault that ended the stream.
    pub fn fault(&self) -> Option<Fault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Returns when nothing has passed for too long; for what all has passed of, the limit is another.
    pub async fn stands_still(&self, size: u64, settle: Duration) -> Duration {
        let (mut seen, mut since) = (self.passed.get(), tokio::time::Instant::now());
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let now = self.passed.get();
            let limit = if now >= size { settle } else { STILL };
            if now != seen {
                (seen, since) = (now, tokio::time::Instant::now());
            } else if since.elapsed() >= limit {
                return limit;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Digest;

    async fn pass(sent: &[&'static [u8]], meant: &[u8]) -> (Vec<u8>, Option<String>) {
        let blob = Descriptor {
            media_type: String::new(),
            digest: Digest::of(meant),
            size: meant.len() as u64,
            platform: None,
        };
        let pieces: Vec<Outcome<Bytes>> = sent.iter().map(|piece| Ok(Bytes::from_static(piece))).collect();
        let mut stream = checked("x".into(), &blob, Box::pin(futures::stream::iter(pieces)));
        let mut got = Vec::new();
        while let Some(piece) = stream.next().await {
            match piece {
                Ok(piece) => got.extend_from_slice(&piece),
                Err(fault) => return (got, Some(fault.error.to_string())),
            }
        }
        (got, None)
    }

    #[tokio::test]
    async fn what_is_right_passes_whole() {
        assert_eq!(pass(&[b"ab", b"c"], b"abc").await, (b"abc".to_vec(), None));
        assert_eq!(pass(&[], b"").await, (vec![], None));
    }

    #[tokio::test]
    async fn what_is_wrong_never_passes_whole() {
        let (got, error) = pass(&[b"ab", b"x"], b"abc").await;
        assert_eq!(got, b"ab");
        assert!(error.unwrap().contains("corrupt"));
        assert_eq!(pass(&[b"ab"], b"abc").await.1.unwrap(), "x: 2 of 3 bytes came");
        assert_eq!(pass(&[b"abcd"], b"abc").await.1.unwrap(), "x: it is longer than its 3 bytes");
        assert!(pass(&[b"x"], b"a").await.0.is_empty());
    }
}
