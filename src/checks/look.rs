//! A check as a sentence and a function.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;

use crate::model::{Error, Result};

use super::{Checker, Verdict, anchor};

/// The group of a check, and the heading of docs/guides/checks.md that tells of it: its own, or the group's.
pub(crate) struct Topic {
    category: &'static str,
    heading: &'static str,
}

impl From<&'static str> for Topic {
    fn from(category: &'static str) -> Self {
        Topic { category, heading: category }
    }
}

impl From<(&'static str, &'static str)> for Topic {
    fn from((category, heading): (&'static str, &'static str)) -> Self {
        Topic { category, heading }
    }
}

/// A check made of a function that looks; its error is a failure of the check.
struct Look<F> {
    topic: Topic,
    what: String,
    look: F,
}

/// Makes a check of a function.
pub(crate) fn look<F, R>(topic: impl Into<Topic>, what: impl Into<String>, look: F) -> Arc<dyn Checker>
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<Verdict>> + Send + 'static,
{
    Arc::new(Look { topic: topic.into(), what: what.into(), look })
}

#[async_trait]
impl<F, R> Checker for Look<F>
where
    F: Fn() -> R + Send + Sync,
    R: Future<Output = Result<Verdict>> + Send,
{
    fn category(&self) -> &'static str {
        self.topic.category
    }

    fn anchor(&self) -> String {
        anchor(self.topic.heading)
    }

    fn what(&self) -> String {
        self.what.clone()
    }

    async fn check(&self) -> Verdict {
        (self.look)().await.unwrap_or_else(Verdict::from)
    }
}

impl From<Error> for Verdict {
    fn from(error: Error) -> Self {
        let hint = match (error.hints.is_empty(), error.is_passing()) {
            (false, _) => error.hints.join("; "),
            (true, true) => "try again in a minute".into(),
            (true, false) => "look the code up in the documentation of the service".into(),
        };
        let seen = match &error.request_id {
            Some(id) => format!("{error} (request {id})"),
            None => error.to_string(),
        };
        Verdict::Fail { seen, hint }
    }
}

/// True, with what was seen.
pub(crate) fn pass(seen: impl Into<String>) -> Result<Verdict> {
    Ok(Verdict::Pass(seen.into()))
}

/// False, with what was seen and what to do.
pub(crate) fn fail(seen: impl Into<String>, hint: impl Into<String>) -> Result<Verdict> {
    Ok(Verdict::Fail { seen: seen.into(), hint: hint.into() })
}

/// Not quite, with what was seen and what to do.
pub(crate) fn warn(seen: impl Into<String>, hint: impl Into<String>) -> Result<Verdict> {
    Ok(Verdict::Warn { seen: seen.into(), hint: hint.into() })
}
