//! Accepts connections, sees files change, and stops when nothing is in flight any more.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::files::{Current, Files};
use super::limits::Limits;
use super::metrics::Metrics;
use super::routes::{Shared, route};
use crate::model::{Error, ErrorClass, Result};

/// The server, listening.
pub struct Server {
    listener: TcpListener,
    shared: Arc<Shared>,
}

impl Server {
    /// Reads the files and listens. A port of 0 is any that is free.
    ///
    /// # Errors
    /// A file that can't be read or used, class `StateIo` or `Config`; an address that can't be listened at, class
    /// `Unreachable`.
    pub async fn listen(address: SocketAddr, files: Files, limits: Limits) -> Result<Server> {
        let current = Current::load(files)?;
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Error::new(ErrorClass::Unreachable, format!("can't listen at {address}"))
                .caused_by(error.to_string())
                .hint("give another address with --listen")
        })?;
        let shared = Shared {
            current,
            metrics: Metrics::default(),
            limits,
            stopping: std::sync::atomic::AtomicBool::new(false),
        };
        Ok(Server { listener, shared: Arc::new(shared) })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system doesn't tell.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// How many prefixes are mapped.
    pub fn prefixes(&self) -> usize {
        self.shared.current.mapping().len()
    }

    /// Serves until `stop` is done; then what is in flight is finished, for a bounded time.
    ///
    /// # Errors
    /// None while it serves; what goes wrong on a connection is counted.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<()> {
        let Server { listener, shared } = self;
        let slots = Arc::new(Semaphore::new(shared.limits.connections));
        let (stopping, stopped) = watch::channel(false);
        let looking = tokio::spawn(look(shared.clone()));
        tokio::pin!(stop);
        loop {
            let accepted = async {
                let slot = slots.clone().acquire_owned().await;
                (slot, listener.accept().await)
            };
            let (slot, accepted) = tokio::select! {
                both = accepted => both,
                () = &mut stop => break,
            };
            match (slot, accepted) {
                (Ok(slot), Ok((stream, _))) => {
                    tokio::spawn(connection(stream, shared.clone(), stopped.clone(), slot));
                }
                // Out of file descriptors, or a client that is gone already: neither may end the server.
                _ => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            }
        }
        shared.stopping.store(true, Relaxed);
        drop(listener);
        looking.abort();
        stopping.send_replace(true);
        let all = u32::try_from(shared.limits.connections).unwrap_or(u32::MAX);
        if timeout(shared.limits.stop, slots.acquire_many(all)).await.is_err() {
            tracing::warn!("connections were still busy after {:?}", shared.limits.stop);
        }
        Ok(())
    }
}

/// One connection, from its handshake to its end. The slot is free when it ends.
async fn connection(
    stream: TcpStream,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
    _slot: OwnedSemaphorePermit,
) {
    let limits = shared.limits;
    // Answers are small and awaited.
    let _ = stream.set_nodelay(true);
    let handshake = TlsAcceptor::from(shared.current.tls()).accept(stream);
    let Ok(Ok(stream)) = timeout(limits.head, handshake).await else {
        shared.metrics.handshake_failures.fetch_add(1, Relaxed);
        return;
    };
    let service = service_fn(|request| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(route(shared, request).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.head);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(256)
        .keep_alive_interval(std::time::Duration::from_secs(30))
        .keep_alive_timeout(limits.request);
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    let asked = async { drop(stop.wait_for(|stop| *stop).await) };
    // A connection that ends in an error has told its client all that it will.
    tokio::select! {
        _ = serving.as_mut() => return,
        () = asked => serving.as_mut().graceful_shutdown(),
    }
    let _ = serving.await;
}

/// Looks at the files again and again. Reading them is short, and polling sees every way in which a mount changes.
async fn look(shared: Arc<Shared>) {
    let mut told = String::new();
    loop {
        tokio::time::sleep(shared.limits.look).await;
        let (changed, errors) = shared.current.look();
        for what in changed {
            shared.metrics.reloads.fetch_add(1, Relaxed);
            tracing::info!("read the {what} again");
        }
        // The same fault is told once, not at each look.
        let now = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        if !now.is_empty() && now != told {
            shared.metrics.reload_failures.fetch_add(1, Relaxed);
            tracing::error!("the last good version is kept: {now}");
        }
        told = now;
    }
}
