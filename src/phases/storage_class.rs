//! The default storage class in a cluster that was there before: ours is made only if it has none, so that exactly one is the
//! default.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::kube::{self, DefaultClass};
use crate::model::{Action, Addr, Result};

use super::Deps;
use super::site::{borrowed, outputs};

/// Our storage class, or the default one of others.
pub(super) struct ClassOrTheirs {
    pub(super) inner: Arc<dyn Resource>,
    pub(super) deps: Deps,
}

/// True if the default class of a cluster that was there before is one of others, so that ours isn't wanted.
pub(super) async fn is_theirs(deps: &Deps, cx: &Context) -> Result<bool> {
    if deps.config.spec.cluster.existing.is_none() {
        return Ok(false);
    }
    let Some(client) = deps.link.client(cx).await? else { return Ok(false) };
    let classes = kube::default_classes(&client).await?;
    Ok(!classes.is_empty() && classes.iter().all(|class| !class.ours))
}

impl ClassOrTheirs {
    /// What is found if others have made a default class.
    async fn theirs(&self, cx: &Context) -> Result<Option<Observed>> {
        let Ok(client) = self.deps.link.entered(cx).await? else { return Ok(None) };
        let classes = kube::default_classes(&client).await?;
        let names: Vec<&str> = classes.iter().filter(|c| !c.ours).map(|c| c.name.as_str()).collect();
        let wrong = match (names.as_slice(), classes.len()) {
            ([], _) => return Ok(None),
            ([_], 1) => Vec::new(),
            _ => vec![several(&classes)],
        };
        Ok(Some(borrowed(outputs([("default", names.join(",").as_str())]), wrong)))
    }
}

fn several(classes: &[DefaultClass]) -> String {
    let names: Vec<&str> = classes.iter().map(|c| c.name.as_str()).collect();
    format!(
        "{} storage classes are the default: {}; let their owner take the annotation storageclass.kubernetes.io/is-default-class from \
         all but one",
        names.len(),
        names.join(", ")
    )
}

#[async_trait]
impl Resource for ClassOrTheirs {
    fn addr(&self) -> Addr {
        self.inner.addr()
    }

    fn title(&self) -> String {
        self.inner.title()
    }

    fn needs(&self) -> Vec<Addr> {
        self.inner.needs()
    }

    fn typical(&self) -> Duration {
        self.inner.typical()
    }

    fn deadline(&self) -> Duration {
        self.inner.deadline()
    }

    /// Ours, once it is made, is ours to keep and to remove, whatever others make beside it.
    async fn read(&self, cx: &Context) -> Result<Observed> {
        let seen = self.inner.read(cx).await?;
        match seen {
            Observed::Present(Live { owner: Owner::Ours, .. }) | Observed::Unknown(_) => Ok(seen),
            seen => Ok(self.theirs(cx).await?.unwrap_or(seen)),
        }
    }

    async fn apply(&self, cx: &Context, action: Action, token: &str) -> Result<Outputs> {
        // When it was planned, nobody may have had access to look.
        match self.theirs(cx).await? {
            Some(Observed::Present(live)) if action == Action::Create => Ok(live.outputs),
            _ => self.inner.apply(cx, action, token).await,
        }
    }

    async fn delete(&self, cx: &Context, live: &Live) -> Result<()> {
        self.inner.delete(cx, live).await
    }
}
