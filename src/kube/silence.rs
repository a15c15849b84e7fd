//! Tells early that the API server lets requests wait: the time after which one is given up is long.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// Tells people something besides what is returned.
pub type Tell = Arc<dyn Fn(String) + Send + Sync>;

/// After this long a request is spoken of. An admission webhook may take ten seconds, where nothing else is set.
const LONG: Duration = Duration::from_secs(12);

/// Whether the server is silent, so that of many requests one is spoken of.
pub(super) struct Silence {
    url: String,
    tell: Tell,
    long: Duration,
    since: Mutex<Option<Instant>>,
}

impl Silence {
    pub(super) fn new(url: &str, tell: Tell) -> Self {
        Silence { url: url.into(), tell, long: LONG, since: Mutex::new(None) }
    }

    /// Waits for a request.
    pub(super) async fn watch(
        &self,
        request: impl Future<Output = Result<String, ::kube::Error>>,
    ) -> Result<String, ::kube::Error> {
        let mut request = pin!(request);
        let began = Instant::now();
        let answer = match timeout(self.long, &mut request).await {
            Ok(answer) => answer,
            Err(_) => {
                self.begins(began);
                request.await
            }
        };
        // A fault of the server is its last word before it falls silent again.
        if answer.is_ok() || matches!(&answer, Err(::kube::Error::Api(status)) if status.code < 500) {
            self.ends();
        }
        answer
    }

    fn begins(&self, since: Instant) {
        let mut silent = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if silent.is_none() {
            *silent = Some(since);
            let waited = self.long.as_secs();
            (self.tell)(format!(
                "the API server {} took a request and hasn't answered for {waited} s: waiting for it",
                self.url
            ));
        }
    }

    fn ends(&self) {
        let silent = self.since.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(since) = silent {
            (self.tell)(format!("the API server answers again, after {} s", since.elapsed().as_secs()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn after(milliseconds: u64) -> Result<String, ::kube::Error> {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        Ok(String::new())
    }

    #[tokio::test]
    async fn many_that_wait_are_told_once_and_that_it_answers_again_too() {
        let said = Arc::new(Mutex::new(Vec::new()));
        let into = said.clone();
        let mut silence = Silence::new("https://x", Arc::new(move |text| into.lock().unwrap().push(text)));
        silence.long = Duration::from_millis(500);
        silence.watch(after(0)).await.unwrap();
        assert!(said.lock().unwrap().is_empty());
        let _ = tokio::join!(silence.watch(after(900)), silence.watch(after(900)));
        silence.watch(after(0)).await.unwrap();
        let said = said.lock().unwrap();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("https://x took a request and hasn't answered"), "{said:?}");
        assert!(said[1].contains("answers again"), "{said:?}");
    }
}
