//! The storage classes that claims get which name none.

use crate::model::{Object, Result};

use super::survey::names_us;
use super::{Client, Refusal};

const DEFAULT: &str = "/metadata/annotations/storageclass.kubernetes.io~1is-default-class";

/// A storage class that is the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultClass {
    /// Its name.
    pub name: String,
    /// True if our field manager holds fields of it.
    pub ours: bool,
}

/// The default classes, by name; a cluster should have exactly one.
pub async fn default_classes(client: &Client) -> Result<Vec<DefaultClass>> {
    let discovery = client.discovery().await?;
    let Some(kind) = discovery.preferred("storage.k8s.io", "StorageClass") else { return Ok(Vec::new()) };
    let all: Result<Vec<Object>, Refusal> = client.list(kind).await;
    let default = |class: &Object| class.0.pointer(DEFAULT).and_then(|v| v.as_str()) == Some("true");
    let ours = |class: &Object| class.0.get("metadata").is_some_and(names_us);
    let found = all?.into_iter().filter(default);
    Ok(found.map(|class| DefaultClass { name: class.name().to_owned(), ours: ours(&class) }).collect())
}
