//! A store that is only looked at: what `plan` uses, while nothing is locked and nothing is written.

use std::path::Path;

use jiff::Timestamp;

use crate::engine::{Record, Snapshot, Store};
use crate::model::{Action, Addr, Error, ErrorClass, Result};

use super::Identity;
use super::files::View;
use super::local::age;

/// The state in a folder as it is now; empty if there is none.
pub struct Looking(Option<View>);

impl Looking {
    /// Looks at the state in a folder. A state that belongs to something else is an error.
    pub fn at(folder: &Path, identity: &Identity) -> Result<Looking> {
        let view = View::open(folder)?;
        if let Some(view) = &view {
            view.deployment.check(identity, &folder.join("state.json"))?;
        }
        Ok(Looking(view))
    }
}

impl Store for Looking {
    fn snapshot(&self) -> Result<Snapshot> {
        let now = Timestamp::now();
        Ok(self.0.as_ref().map_or_else(Snapshot::default, |view| Snapshot {
            resources: view.resources.clone(),
            open: view
                .intents
                .iter()
                .map(|(addr, intent)| (addr.clone(), (intent.action, intent.token.clone(), age(&intent.at, now))))
                .collect(),
        }))
    }

    fn intend(&self, addr: &Addr, _: Action, _: &str) -> Result<()> {
        Err(read_only(addr))
    }

    fn acknowledge(&self, addr: &Addr, _: &Record) -> Result<()> {
        Err(read_only(addr))
    }

    fn abandon(&self, addr: &Addr) -> Result<()> {
        Err(read_only(addr))
    }

    fn forget(&self, addr: &Addr) -> Result<()> {
        Err(read_only(addr))
    }
}

fn read_only(addr: &Addr) -> Error {
    Error::new(ErrorClass::Bug, format!("{addr}: a state that is only looked at can't be written"))
}
