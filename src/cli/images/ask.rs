//! Asks registries whether they have images, without getting them.

use std::sync::Arc;

use futures::StreamExt as _;
use serde::Serialize;

use crate::model::{Error, Result};
use crate::phases::images::Ecr;
use crate::registry::{Found, Reference, Registry, Retry, Route};

/// How many are asked for at the same time.
const AT_ONCE: usize = 16;

/// How registries are reached.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Way {
    /// A registry that is spoken to without TLS; may be repeated. Those on this machine are without being named
    #[arg(long, value_name = "HOST")]
    plain_http: Vec<String>,
}

/// What a registry said of one image.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    /// It has the image.
    There,
    /// It hasn't.
    Missing,
    /// It doesn't say, or only to those who log in: many say this of what doesn't exist.
    Denied,
    /// It could not be asked.
    #[serde(serialize_with = "word")]
    Unknown(Error),
}

fn word<S: serde::Serializer>(error: &Error, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.serialize_str(&error.to_string())
}

impl Answer {
    /// The word that is shown.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Answer::There => "there",
            Answer::Missing => "missing",
            Answer::Denied => "denied",
            Answer::Unknown(_) => "unknown",
        }
    }
}

impl Way {
    /// Asks one registry for images of it.
    ///
    /// # Errors
    /// It can't be asked.
    pub(super) async fn ask_registry(&self, registry: &str, targets: &[String]) -> Result<Vec<Answer>> {
        // One before the others: a registry that can't be asked is waited for once, not for every image.
        let first = targets.get(..1).unwrap_or_default();
        if let Some(Answer::Unknown(error)) = self.ask(first, None).await?.into_iter().next() {
            return Err(error.context(format!("the registry {registry} can't be asked")));
        }
        self.ask(targets, None).await
    }

    /// Asks for each name, in its order, through this proxy if one is given. ECR is asked with the credentials of AWS, others with Docker's.
    pub(super) async fn ask(&self, names: &[String], proxy: Option<&str>) -> Result<Vec<Answer>> {
        let route = Route { proxy: proxy.map(str::to_owned), plain: self.plain_http.clone() };
        // With a hundred names to ask for, each repetition of each would hide the answers.
        let tell = Arc::new(|text: String| tracing::debug!("{text}"));
        let client = Registry::new(&route, Ecr::new()?, Retry { attempts: 3, ..Retry::default() }, tell)?;
        let asked: Vec<_> = names.iter().map(|name| one(&client, name)).collect();
        Ok(futures::stream::iter(asked).buffered(AT_ONCE).collect().await)
    }
}

async fn one(client: &Registry, name: &str) -> Answer {
    let image: Reference = match name.parse() {
        Ok(image) => image,
        Err(error) => return Answer::Unknown(error),
    };
    match client.find(&image, false).await {
        Ok(Found::Manifest(_)) => Answer::There,
        Ok(Found::Nothing) => Answer::Missing,
        Err(fault) if matches!(fault.status, Some(401 | 403)) => Answer::Denied,
        Err(fault) => Answer::Unknown(fault.into()),
    }
}
