//! What went wrong with a request, and how soon it may be made again.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use serde::Deserialize;

use crate::model::{Error, ErrorClass};

/// The longest pause that a registry may ask for.
const MAX_PAUSE: Duration = Duration::from_secs(120);

/// An error of a registry, with what only a retry needs.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The error.
    pub error: Error,
    /// The status, if the registry answered.
    pub status: Option<u16>,
    /// The error code of the registry, such as `MANIFEST_UNKNOWN`.
    pub code: Option<Box<str>>,
    /// The pause that the registry asks for.
    pub after: Option<Duration>,
}

/// What calls to a registry return.
pub type Outcome<T> = std::result::Result<T, Fault>;

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault { error, status: None, code: None, after: None }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        fault.error
    }
}

#[derive(Deserialize)]
struct Body {
    errors: Vec<Entry>,
}

#[derive(Deserialize, Clone)]
struct Entry {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// Codes that pass when the whole is sent again: what is sent has the right digest when it leaves, so it was harmed on the way, read
/// while another copy of it was being written, or its session was lost.
fn is_of_upload(code: Option<&str>) -> bool {
    matches!(code, Some("DIGEST_INVALID" | "BLOB_UPLOAD_UNKNOWN" | "BLOB_UPLOAD_INVALID"))
}

impl Fault {
    /// True if the same may go well a little later.
    pub fn is_passing(&self) -> bool {
        self.error.is_passing()
    }

    /// True if the registry says that what arrived isn't what was sent, or that it lost an upload.
    pub fn is_of_upload(&self) -> bool {
        is_of_upload(self.code.as_deref())
    }

    /// Puts what was being done in front.
    #[must_use]
    pub fn context(mut self, message: impl Into<String>) -> Fault {
        self.error = self.error.context(message);
        self
    }

    /// The fault of an answer that isn't what was asked for. `doing` says what was asked.
    pub fn of_answer(doing: &str, status: u16, headers: &HeaderMap, body: &[u8]) -> Fault {
        let entry = serde_json::from_slice::<Body>(body).ok().and_then(|body| body.errors.into_iter().next());
        let code = entry.as_ref().map(|entry| entry.code.as_str()).filter(|code| !code.is_empty()).map(Box::from);
        let said = entry.map(|entry| format!("{} {}", entry.code, entry.message).trim().to_owned());
        let class = match status {
            408 | 425 | 429 | 500.. => ErrorClass::Transient,
            _ if code.as_deref() == Some("TOOMANYREQUESTS") => ErrorClass::Transient,
            _ if is_of_upload(code.as_deref()) => ErrorClass::Transient,
            401 => ErrorClass::Credentials,
            _ => ErrorClass::Permanent,
        };
        let mut error = Error::new(class, doing).caused_by(match said {
            Some(said) => format!("the registry answers {status}: {said}"),
            None => format!("the registry answers {status}"),
        });
        match status {
            401 | 403 => error = error.hint("log in to the registry (`docker login`), or see that the name is right: many registries say this of what doesn't exist"),
            429 => error = error.hint("the registry limits how often it is asked: log in to it, or ask for less at once with --concurrency"),
            404 if code.as_deref() == Some("NAME_UNKNOWN") => error = error.hint("the repository doesn't exist"),
            _ => {}
        }
        Fault { error, status: Some(status), code, after: retry_after(headers) }
    }

    /// The fault of a request that got no answer, or not all of it.
    pub fn of_transport(doing: &str, error: reqwest::Error) -> Fault {
        let error = error.without_url();
        Error::new(ErrorClass::Unreachable, doing)
            .caused_by(causes(&error))
            .hint("check the network; behind a proxy give --proxy or set HTTPS_PROXY")
            .into()
    }

    /// The fault of something that took too long.
    pub fn stalled(doing: &str, limit: Duration) -> Fault {
        Error::new(ErrorClass::Unreachable, doing).caused_by(format!("nothing moved for {}s", limit.as_secs())).into()
    }
}

/// An error and what caused it, each text once.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut at = Some(error);
    while let Some(cause) = at {
        let text = cause.to_string();
        if texts.iter().all(|known| !known.contains(&text)) {
            texts.push(text);
        }
        at = cause.source();
    }
    texts.join(": ")
}

/// The pause of a `Retry-After`, in seconds or as a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            Duration::try_from(at.duration_since(jiff::Timestamp::now())).ok()?
        }
    };
    Some(pause.min(MAX_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(status: u16, body: &str) -> ErrorClass {
        Fault::of_answer("x", status, &HeaderMap::new(), body.as_bytes()).error.class
    }

    #[test]
    fn an_answer_has_the_class_that_decides_what_happens_next() {
        assert_eq!(class(429, ""), ErrorClass::Transient);
        assert_eq!(class(503, "<html>"), ErrorClass::Transient);
        assert_eq!(class(401, ""), ErrorClass::Credentials);
        assert_eq!(class(404, ""), ErrorClass::Permanent);
        assert_eq!(class(400, r#"{"errors":[{"code":"DIGEST_INVALID","message":"x"}]}"#), ErrorClass::Transient);
        assert_eq!(class(403, r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow"}]}"#), ErrorClass::Transient);
    }

    #[test]
    fn the_registry_is_quoted() {
        let body = br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"x"}}]}"#;
        let fault = Fault::of_answer("get a:x", 404, &HeaderMap::new(), body);
        assert_eq!(fault.error.to_string(), "get a:x: the registry answers 404: MANIFEST_UNKNOWN manifest unknown");
        assert_eq!(fault.code.as_deref(), Some("MANIFEST_UNKNOWN"));
    }

    #[test]
    fn a_pause_is_seconds_or_a_date_and_has_an_end() {
        let pause = |text: &str| retry_after(&HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]));
        assert_eq!(pause("3"), Some(Duration::from_secs(3)));
        assert_eq!(pause("86400"), Some(MAX_PAUSE));
        assert_eq!(pause("soon"), None);
        let date = jiff::Timestamp::now() + Duration::from_secs(60);
        let date = jiff::fmt::strtime::format("%a, %d %b %Y %H:%M:%S GMT", date).unwrap();
        assert!((Duration::from_secs(55)..=Duration::from_secs(60)).contains(&pause(&date).unwrap()));
    }
}
