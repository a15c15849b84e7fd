//! What a shared state needs of an object store: whole objects, and writes that only happen if nothing has changed meanwhile.
//! A trait, so that tests can lose races and answers.

use async_trait::async_trait;

use crate::model::Result;

/// What must hold for a write to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Only {
    /// There is no such object.
    IfAbsent,
    /// The object has this tag.
    IfUnchanged(String),
}

/// How a conditional write ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It was written and has this tag.
    Done(String),
    /// The condition didn't hold, or another write of the same object was under way. An earlier try of the same write, whose
    /// answer was lost, may be the reason.
    Refused,
}

/// Objects with names, in a place of their own.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Where they are, for messages, such as `s3://bucket/prefix/name`.
    fn place(&self) -> String;
    /// Looks whether the place is one for a state; returns what isn't as it should be, a sentence each.
    ///
    /// # Errors
    /// Class `Config` if it can't be used as it is.
    async fn inspect(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
    /// An object's content and tag, `None` if there is no such object.
    async fn get(&self, name: &str) -> Result<Option<(Vec<u8>, String)>>;
    /// Writes an object if a condition holds.
    async fn put(&self, name: &str, content: &[u8], only: &Only) -> Result<Put>;
    /// Removes an object; none there is fine.
    async fn delete(&self, name: &str) -> Result<()>;
}
