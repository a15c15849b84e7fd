//! What one client may take, so that none takes all.

use std::time::Duration;

/// Bounds of the server.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest body of a request, bytes. A review holds two objects, and the API server takes objects of up to 3 MiB.
    pub body: usize,
    /// How long a request may take from its head to its answer. The API server waits for 30 s at most.
    pub request: Duration,
    /// How long a TLS handshake or the head of a request may take.
    pub head: Duration,
    /// How many connections there may be at once. More wait.
    pub connections: usize,
    /// How long requests in flight may go on after a stop.
    pub stop: Duration,
    /// How often the files are looked at.
    pub look: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body: 8 << 20,
            request: Duration::from_secs(10),
            head: Duration::from_secs(5),
            connections: 512,
            stop: Duration::from_secs(10),
            look: Duration::from_secs(5),
        }
    }
}
