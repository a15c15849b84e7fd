//! One write of the state: again while S3 has a bad time, and never over what somebody else has written.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::{Error, ErrorClass, Result};

use super::STATE;
use super::objects::{Objects, Only, Put};
use crate::state::document::Document;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What is in S3, as far as this run knows.
#[derive(Debug, Clone, Default)]
pub(in crate::state) struct Seen {
    /// `None`: there is no state.
    pub(in crate::state) tag: Option<String>,
    /// The serial of it.
    pub(in crate::state) serial: u64,
}

/// Writes the state.
pub(in crate::state) struct Writer {
    pub(in crate::state) objects: Arc<dyn Objects>,
    /// How long passing errors are waited out.
    pub(in crate::state) patience: Duration,
}

/// The state that is in S3 now.
pub(in crate::state) async fn read(objects: &dyn Objects) -> Result<Option<(Document, Vec<u8>, Seen)>> {
    let Some((content, tag)) = objects.get(STATE).await? else { return Ok(None) };
    let document = Document::decode(&content, Path::new(&format!("{}/{STATE}", objects.place())))?;
    let seen = Seen { tag: Some(tag), serial: document.serial };
    Ok(Some((document, content, seen)))
}

impl Writer {
    /// Writes a document over what was seen, with the serial that comes next. An unanswered earlier try of the same run
    /// counts as its own.
    ///
    /// # Errors
    /// Class `Locked` if another run has written meanwhile.
    pub(in crate::state) async fn write(&self, seen: &mut Seen, document: &Document) -> Result<()> {
        let until = Instant::now() + self.patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match self.once(seen, document).await {
                Ok(true) => return Ok(()),
                Ok(false) => Error::new(ErrorClass::Transient, "another write of the same object was under way"),
                Err(error) if error.is_passing() => error,
                Err(error) => return Err(error),
            };
            if Instant::now() + pause > until {
                return Err(error);
            }
            tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..=1.0))).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// One try; false if it is worth another one at once.
    async fn once(&self, seen: &mut Seen, document: &Document) -> Result<bool> {
        let document = Document { serial: document.serial.max(seen.serial + 1), ..document.clone() };
        let content = document.encode()?;
        let only = seen.tag.clone().map_or(Only::IfAbsent, Only::IfUnchanged);
        if let Put::Done(tag) = self.objects.put(STATE, &content, &only).await? {
            *seen = Seen { tag: Some(tag), serial: document.serial };
            return Ok(true);
        }
        match read(&*self.objects).await? {
            Some((_, _, now)) if now.tag == seen.tag => Ok(false),
            Some((found, there, now)) if !found.run.is_empty() && found.run == document.run => {
                *seen = now;
                Ok(there == content)
            }
            Some((found, ..)) => Err(self.lost(&format!("run {} has written it", found.run))),
            None if seen.tag.is_none() => Ok(false),
            None => Err(self.lost("it was removed")),
        }
    }

    fn lost(&self, how: &str) -> Error {
        let place = self.objects.place();
        Error::new(ErrorClass::Locked, format!("{place}/{STATE} is not this run's any more"))
            .caused_by(format!("{how} since this run read it"))
            .hint("wait until the other run is done, and run this again: it reads what there is and goes on from there")
    }
}
