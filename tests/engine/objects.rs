//! Objects in memory that lose requests, answers and races when told to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kfctl_cn::model::{Error, ErrorClass, Result};
use kfctl_cn::state::{Objects, Only, Put};

/// What happens to one write.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    None,
    /// It never arrives.
    Lost,
    /// It takes effect, but its answer is lost.
    Unanswered,
    /// It takes effect, its answer is lost, and the SDK's own repetition is refused.
    Repeated,
    /// Another write of the same object is under way: 409.
    Conflict,
}

/// All that is in the store, and what goes wrong next.
#[derive(Default)]
pub struct Memory {
    pub all: Mutex<BTreeMap<String, (Vec<u8>, String)>>,
    pub faults: Mutex<VecDeque<Fault>>,
    /// Nothing answers any more.
    pub down: AtomicBool,
    pub puts: AtomicUsize,
    next: AtomicUsize,
}

impl Memory {
    pub fn new() -> Arc<Memory> {
        Arc::default()
    }

    pub fn text(&self, name: &str) -> String {
        let all = self.all.lock().unwrap();
        all.get(name).map(|(content, _)| String::from_utf8(content.clone()).unwrap()).unwrap_or_default()
    }

    fn up(&self) -> Result<()> {
        match self.down.load(SeqCst) {
            true => Err(Error::new(ErrorClass::Transient, "s3:PutObject: ServiceUnavailable (HTTP 503)")),
            false => Ok(()),
        }
    }
}

fn no_answer() -> Error {
    Error::new(ErrorClass::Unreachable, "s3:PutObject: no answer")
}

#[async_trait]
impl Objects for Memory {
    fn place(&self) -> String {
        "s3://states/kf".into()
    }

    async fn get(&self, name: &str) -> Result<Option<(Vec<u8>, String)>> {
        self.up()?;
        Ok(self.all.lock().unwrap().get(name).cloned())
    }

    async fn put(&self, name: &str, content: &[u8], only: &Only) -> Result<Put> {
        // As a network does: others get their turn.
        tokio::task::yield_now().await;
        self.up()?;
        self.puts.fetch_add(1, SeqCst);
        let fault = self.faults.lock().unwrap().pop_front().unwrap_or(Fault::None);
        match fault {
            Fault::Lost => return Err(no_answer()),
            Fault::Conflict => return Ok(Put::Refused),
            _ => {}
        }
        let mut all = self.all.lock().unwrap();
        let holds = match only {
            Only::IfAbsent => !all.contains_key(name),
            Only::IfUnchanged(tag) => all.get(name).is_some_and(|(_, now)| now == tag),
        };
        if !holds {
            return Ok(Put::Refused);
        }
        let tag = self.next.fetch_add(1, SeqCst).to_string();
        all.insert(name.into(), (content.to_vec(), tag.clone()));
        match fault {
            Fault::Unanswered => Err(no_answer()),
            Fault::Repeated => Ok(Put::Refused),
            _ => Ok(Put::Done(tag)),
        }
    }

    async fn delete(&self, name: &str) -> Result<()> {
        self.up()?;
        self.all.lock().unwrap().remove(name);
        Ok(())
    }
}
