//! Bearer tokens: one for each set of scopes, until it is about to expire.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::model::Secret;

/// How long a token is good that doesn't say. Source: the token specification of distribution.
const DEFAULT_LIFE: Duration = Duration::from_secs(60);

/// A token and until when it is used.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub text: Secret,
    until: Instant,
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

impl Token {
    /// The token of a token server's answer.
    pub fn parse(body: &[u8]) -> Option<Token> {
        let answer: Answer = serde_json::from_slice(body).ok()?;
        let text = answer.token.or(answer.access_token).filter(|text| !text.is_empty())?;
        let life = answer.expires_in.map_or(DEFAULT_LIFE, Duration::from_secs);
        // What is used up to the last second is refused on the way.
        let margin = (life / 10).min(Duration::from_secs(10));
        Some(Token { text: Secret::new(text), until: Instant::now() + (life - margin).min(DEFAULT_LIFE * 600) })
    }
}

type Slot = Arc<tokio::sync::Mutex<Option<Token>>>;

/// The tokens of one registry.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<HashMap<String, Slot>>);

impl Tokens {
    /// The token for scopes, from `fetch` if there is none that is still good. However many ask, one fetches.
    pub async fn get<E, F>(&self, scope: &str, fetch: impl FnOnce() -> F) -> Result<Secret, E>
    where
        F: Future<Output = Result<Token, E>>,
    {
        let slot = Arc::clone(self.lock().entry(scope.to_owned()).or_default());
        let mut held = slot.lock().await;
        if let Some(token) = held.as_ref().filter(|token| token.until > Instant::now()) {
            return Ok(token.text.clone());
        }
        let token = fetch().await?;
        let text = token.text.clone();
        *held = Some(token);
        Ok(text)
    }

    /// Forgets a token that was refused, unless another has taken its place.
    pub async fn refuse(&self, scope: &str, refused: &Secret) {
        let slot = self.lock().get(scope).cloned();
        if let Some(slot) = slot {
            let mut held = slot.lock().await;
            if held.as_ref().is_some_and(|token| token.text == *refused) {
                *held = None;
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(tokens: &Tokens, body: &str) -> String {
        let token = Token::parse(body.as_bytes());
        tokens.get("s", || async { token.ok_or(()) }).await.unwrap().expose().to_owned()
    }

    #[tokio::test]
    async fn a_token_is_kept_until_it_expires_or_is_refused() {
        let tokens = Tokens::default();
        assert_eq!(get(&tokens, r#"{"token":"a","expires_in":300}"#).await, "a");
        assert_eq!(get(&tokens, r#"{"token":"b"}"#).await, "a");
        tokens.refuse("s", &Secret::new("other")).await;
        assert_eq!(get(&tokens, r#"{"token":"b"}"#).await, "a");
        tokens.refuse("s", &Secret::new("a")).await;
        assert_eq!(get(&tokens, r#"{"access_token":"c","expires_in":0}"#).await, "c");
        assert_eq!(get(&tokens, r#"{"token":"d"}"#).await, "d");
        assert!(Token::parse(b"{}").is_none());
    }
}
