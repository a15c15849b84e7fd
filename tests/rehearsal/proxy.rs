//! A proxy before AWS that pulls the plug: at the n-th call that changes something it swallows the request, or its answer, and says so.
//! From then on it answers nobody, as a network does for a program that was killed. Other faults are in [`crate::faults`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::faults::{Call, Faults, Verdict};

/// The proxy; clones share its plug.
#[derive(Clone)]
pub struct Proxy {
    pub url: String,
    /// What else may go wrong; nothing at first.
    pub faults: Arc<Faults>,
    plug: Arc<Plug>,
}

struct Plug {
    /// How many changing calls still pass; negative: all.
    left: AtomicI64,
    /// Whether the last call takes effect.
    lands: AtomicI64,
    pulled: Notify,
    writes: AtomicUsize,
}

impl Proxy {
    /// Listens on a free port, before a server of plain HTTP.
    pub async fn start(to: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let plug = Plug { left: AtomicI64::new(-1), lands: 0.into(), pulled: Notify::new(), writes: 0.into() };
        let proxy = Proxy { url, faults: Arc::default(), plug: Arc::new(plug) };
        let (to, shared) = (to.trim_start_matches("http://").trim_end_matches('/').to_owned(), proxy.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (to, shared) = (to.clone(), shared.clone());
                tokio::spawn(async move {
                    let _ = serve(client, &to, &shared.plug, &shared.faults).await;
                });
            }
        });
        proxy
    }

    /// Lets that many changing calls through; at the next the plug is pulled, before or after it took effect.
    pub fn pull_after(&self, calls: usize, lands: bool) {
        self.plug.lands.store(i64::from(lands), SeqCst);
        self.plug.left.store(calls as i64, SeqCst);
    }

    /// Lets everything through.
    pub fn plug_in(&self) {
        self.plug.left.store(-1, SeqCst);
    }

    /// Waits until the plug is pulled.
    pub async fn pulled(&self) {
        self.plug.pulled.notified().await;
    }

    /// How many changing calls there were, and starts again from nothing.
    pub fn take_writes(&self) -> usize {
        self.plug.writes.swap(0, SeqCst)
    }
}

async fn serve(mut client: TcpStream, to: &str, plug: &Plug, faults: &Faults) -> std::io::Result<()> {
    while let Some(request) = message(&mut client).await? {
        let mut lost = false;
        if writes(&request) {
            plug.writes.fetch_add(1, SeqCst);
            match plug.left.load(SeqCst) {
                left if left < 0 => {}
                0 => {
                    lost = true;
                    // Only one call is the last one; others in flight are lost before they land.
                    if plug.lands.swap(0, SeqCst) == 0 {
                        plug.pulled.notify_one();
                        return Ok(());
                    }
                }
                _ => {
                    plug.left.fetch_sub(1, SeqCst);
                }
            }
        }
        let verdict = faults.meet(&Call::of(&request));
        match &verdict {
            Verdict::Answer(answer) => {
                client.write_all(answer).await?;
                continue;
            }
            Verdict::CutBefore => return Ok(()),
            _ => {}
        }
        let mut server = TcpStream::connect(to).await?;
        server.write_all(&request).await?;
        let answer = message(&mut server).await?.unwrap_or_default();
        if lost {
            plug.pulled.notify_one();
            return Ok(());
        }
        match verdict {
            Verdict::CutAfter => return Ok(()),
            // Until the client gives up, which ends this task's connection.
            Verdict::Hang => return client.read_u8().await.map(|_| ()),
            Verdict::Truncate => return client.write_all(&answer[..answer.len() - half_of_body(&answer)]).await,
            _ => client.write_all(&answer).await?,
        }
    }
    Ok(())
}

/// One request or answer with its body, or `None` at the end of the connection.
async fn message(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let header = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)).map(|v| v.trim_start_matches(':').trim().to_owned())
    };
    let no_body = header("content-length").is_none();
    let length: usize = header("content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
    let chunked = no_body && header("transfer-encoding").is_some_and(|v| v.contains("chunked"));
    let whole = |bytes: &[u8]| if chunked { bytes.ends_with(b"0\r\n\r\n") } else { bytes.len() >= head + length };
    while !whole(&bytes) && stream.read_buf(&mut bytes).await? > 0 {}
    Ok(Some(bytes))
}

/// Half of what follows the head of a message, at least a byte of it all.
fn half_of_body(message: &[u8]) -> usize {
    let head = message.windows(4).position(|w| w == b"\r\n\r\n").map_or(0, |at| at + 4);
    ((message.len() - head) / 2).max(1)
}

/// True if a request changes something: by its verb, and where AWS has one verb for all by the name of its operation.
fn writes(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    if !head.starts_with("POST") {
        return head.starts_with("PUT") || head.starts_with("DELETE");
    }
    let target = head.lines().find(|l| l.to_ascii_lowercase().starts_with("x-amz-target:"));
    let named = target.and_then(|t| t.rsplit_once('.')).map(|(_, name)| name);
    let action = body.split('&').find_map(|field| field.strip_prefix("Action="));
    let operation = named.or(action).unwrap_or("Rest");
    !["Get", "List", "Describe", "Simulate"].iter().any(|read| operation.starts_with(read))
}
