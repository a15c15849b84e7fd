//! A store that is only looked at: what `plan` uses, while nothing is locked and nothing is written.

use std::path::Path;

use async_trait::async_trait;

use crate::engine::{Record, Snapshot, Store};
use crate::model::{Action, Addr, Error, ErrorClass, Result};

use super::document::{Identity, snapshot};
use super::files::View;
use super::lock::Holder;
use super::place::Place;

/// A state as it was when it was looked at; empty if there was none.
pub struct Looking(Option<View>);

impl Looking {
    /// Looks at the state in a place. A state that belongs to something else is an error.
    pub async fn at(place: &Place, identity: &Identity) -> Result<Looking> {
        let view = place.look().await?;
        if let Some(view) = &view {
            view.deployment.check(identity, Path::new(&place.to_string()))?;
        }
        Ok(Looking(view))
    }

    /// Who is working on it.
    pub fn holder(&self) -> Option<&Holder> {
        self.0.as_ref().and_then(|view| view.holder.as_ref())
    }
}

#[async_trait]
impl Store for Looking {
    fn snapshot(&self) -> Result<Snapshot> {
        Ok(self.0.as_ref().map_or_else(Snapshot::default, |view| snapshot(&view.resources, &view.intents)))
    }

    async fn intend(&self, addr: &Addr, _: Action, _: &str) -> Result<()> {
        Err(read_only(addr))
    }

    async fn acknowledge(&self, addr: &Addr, _: &Record) -> Result<()> {
        Err(read_only(addr))
    }

    async fn abandon(&self, addr: &Addr) -> Result<()> {
        Err(read_only(addr))
    }

    async fn forget(&self, addr: &Addr) -> Result<()> {
        Err(read_only(addr))
    }
}

fn read_only(addr: &Addr) -> Error {
    Error::new(ErrorClass::Bug, format!("{addr}: a state that is only looked at can't be written"))
}
