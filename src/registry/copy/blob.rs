//! One blob: looked for, mounted or sent; once, however many images need it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::fault::{Fault, Outcome};
use super::super::{Descriptor, Digest, Reference};
use super::{Copier, From, Told};
use crate::model::{Error, ErrorClass};

type Places = Arc<tokio::sync::Mutex<Vec<String>>>;

/// Where each blob is known to lie at the target. Who holds the lock of a blob works on it; the others wait and then mount it.
#[derive(Default)]
pub(super) struct Known(Mutex<HashMap<(Digest, Option<String>), Places>>);

impl Known {
    /// The places of a blob; if nothing can be mounted, those of the one place alone, so that no place waits for another.
    fn places(&self, digest: Digest, alone: Option<String>) -> Places {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry((digest, alone)).or_default().clone()
    }
}

impl Copier {
    /// Sees that a blob lies where the target image needs it. `fresh`: nothing can be there yet.
    pub(super) async fn blob(&self, from: &Reference, to: &Reference, blob: &Descriptor, fresh: bool) -> Outcome<()> {
        let place = self.target.place(to);
        let alone = (!self.target.may_mount(to)).then(|| place.clone());
        let places = self.known.places(blob.digest, alone);
        let mut held = places.lock().await;
        if held.contains(&place) {
            self.meter.spare(blob.size);
            return Ok(());
        }
        let _slot = self.slots.acquire().await.map_err(|_| Error::new(ErrorClass::Bug, "no slot is left"))?;
        let mount = held.first().cloned();
        if mount.is_none() && !fresh && self.target.has_blob(to, blob).await? {
            self.meter.spare(blob.size);
        } else {
            let from = From { source: &*self.source, image: from, blob };
            let tell = |fault: &Fault| (self.listener)(Told::Note(&format!("again: {}", fault.error)));
            let put = || self.target.put_blob(&from, to, mount.as_deref(), &self.meter.sent);
            if self.options.retry.run(&tell, put).await? {
                self.meter.mount(blob.size);
            }
        }
        held.push(place);
        Ok(())
    }
}
