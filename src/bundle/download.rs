//! Streams an archive over HTTP to a reader that blocks.

use std::io::{self, Read};
use std::time::Duration;

use futures::StreamExt as _;
use tokio::sync::mpsc;

use crate::model::{Error, ErrorClass, Result};

/// Compressed bytes that no archive of a pinned tag exceeds.
const MAX_DOWNLOAD: u64 = 1 << 30;

/// What one transfer came to.
pub(super) enum Transfer {
    /// All was sent, or the reader had enough.
    Done,
    /// The address answers 404 or 410.
    NotFound,
}

/// A client for an address, which never waits without end. It honours `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, but
/// asks no proxy for this very machine: a mirror behind a tunnel is not where the proxy is.
pub(super) fn client(url: &str) -> Result<reqwest::Client> {
    let url = reqwest::Url::parse(url)
        .map_err(|error| Error::new(ErrorClass::Usage, format!("`{url}` is not a URL")).caused_by(error.to_string()))?;
    let builder = reqwest::Client::builder().user_agent(concat!("kfctl-cn/", env!("CARGO_PKG_VERSION")));
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if here { builder.no_proxy() } else { builder }
        .connect_timeout(Duration::from_secs(20))
        .read_timeout(Duration::from_secs(60))
        .build()
        .map_err(|error| Error::new(ErrorClass::Bug, "cannot set up HTTP").caused_by(chain(&error)))
}

/// Sends the body of `url`, piece by piece. The end of the body is the end of the channel.
pub(super) async fn stream(client: &reqwest::Client, url: &str, into: mpsc::Sender<Vec<u8>>) -> Result<Transfer> {
    let unreachable = |error: reqwest::Error| {
        Error::new(ErrorClass::Unreachable, format!("cannot download {url}"))
            .caused_by(chain(&error.without_url()))
            .hint("behind a proxy, set HTTPS_PROXY; where GitHub can't be reached, use `--from` a mirror, a folder or an archive")
    };
    let response = client.get(url).send().await.map_err(unreachable)?;
    let status = response.status();
    if matches!(status.as_u16(), 404 | 410) {
        return Ok(Transfer::NotFound);
    }
    if !status.is_success() {
        let passing = status.is_server_error() || matches!(status.as_u16(), 408 | 429);
        let class = if passing { ErrorClass::Transient } else { ErrorClass::Permanent };
        return Err(
            Error::new(class, format!("cannot download {url}")).caused_by(format!("the server answers {status}"))
        );
    }
    let mut body = response.bytes_stream();
    let mut seen = 0;
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(unreachable)?;
        seen += piece.len() as u64;
        if seen > MAX_DOWNLOAD {
            return Err(Error::new(ErrorClass::Config, format!("{url} sends more than 1 GiB: not what it should be")));
        }
        if into.send(piece.to_vec()).await.is_err() {
            break;
        }
    }
    Ok(Transfer::Done)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// The reading end of a channel; must be read outside the async runtime's threads.
pub(super) struct Pieces {
    from: mpsc::Receiver<Vec<u8>>,
    piece: io::Cursor<Vec<u8>>,
}

impl Pieces {
    /// Reads what `from` receives.
    pub fn new(from: mpsc::Receiver<Vec<u8>>) -> Self {
        Pieces { from, piece: io::Cursor::default() }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.from.blocking_recv() {
                Some(piece) => self.piece = io::Cursor::new(piece),
                None => return Ok(0),
            }
        }
    }
}
