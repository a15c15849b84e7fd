//! Waiting inside an `apply`, where one step of it must be over before the next.

use std::future::Future;
use std::time::Duration;

use crate::engine::Context;
use crate::model::{Error, ErrorClass, Result};

/// Looks again and again, with growing pauses from 1 to 15 seconds, until `look` yields something. A passing error is shown and
/// looked through.
pub(crate) async fn until<T, F, L>(cx: &Context, what: &str, limit: Duration, mut look: L) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
    L: FnMut() -> F,
{
    let start = tokio::time::Instant::now();
    let mut pause = Duration::from_secs(1);
    loop {
        match look().await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => cx.progress(what),
            Err(error) if error.is_passing() => cx.progress(format!("{what}: {error}")),
            Err(error) => return Err(error),
        }
        if start.elapsed() > limit {
            return Err(Error::new(ErrorClass::Timeout, format!("waited {}s: {what}", limit.as_secs())));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(15));
    }
}

/// The passing error of something that was made a moment ago and isn't visible yet.
pub(crate) fn not_visible(addr: &crate::model::Addr) -> Error {
    Error::new(ErrorClass::Transient, format!("{addr} was made but isn't visible yet"))
}
