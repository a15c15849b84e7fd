//! One blob: looked for, mounted or sent; once, however many images need it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::fault::{Fault, Outcome};
use super::super::{Descriptor, Digest, Reference};
use super::{Copier, From, Mount, Told};
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
        let remembered = match &self.options.ledger {
            Some(ledger) if mount.is_none() && self.target.may_mount(to) => ledger.elsewhere(to, blob.digest),
            _ => None,
        };
        if mount.is_none() && !fresh && self.target.has_blob(to, blob).await? {
            self.meter.spare(blob.size);
        } else {
            let from = From { source: &*self.source, image: from, blob };
            let seen = mount.as_deref().map(|from| Mount { from, sure: true });
            let mount = seen.or(remembered.as_deref().map(|from| Mount { from, sure: false }));
            let mounted = match self.put(&from, to, mount).await {
                // What an earlier run put there with another login may be none of ours.
                Err(fault) if remembered.is_some() && matches!(fault.status, Some(401 | 403 | 404)) => {
                    self.put(&from, to, None).await?
                }
                done => done?,
            };
            if mounted {
                self.meter.mount(blob.size);
            }
        }
        if let Some(ledger) = &self.options.ledger {
            ledger.note(to, blob.digest);
        }
        held.push(place);
        Ok(())
    }

    /// Mounts or sends a blob, again while what goes wrong passes. True if it was mounted.
    async fn put(&self, from: &From<'_>, to: &Reference, mount: Option<Mount<'_>>) -> Outcome<bool> {
        let tell = |fault: &Fault| (self.listener)(Told::Note(&format!("again: {}", fault.error)));
        self.options.retry.run(&tell, || self.target.put_blob(from, to, mount, &self.meter.sent)).await
    }
}
