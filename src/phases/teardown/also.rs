//! A resource with needs of its own and more: a removal has edges that making doesn't have.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::engine::{Context, Live, Observed, Outputs, Resource};
use crate::model::{Action, Addr, Phase, Readiness, Result};

/// A resource that is removed before some others, which it doesn't need otherwise.
pub(super) struct Before {
    pub(super) inner: Arc<dyn Resource>,
    pub(super) others: Vec<Addr>,
}

#[async_trait]
impl Resource for Before {
    fn addr(&self) -> Addr {
        self.inner.addr()
    }

    fn phase(&self) -> Phase {
        self.inner.phase()
    }

    fn title(&self) -> String {
        self.inner.title()
    }

    fn needs(&self) -> Vec<Addr> {
        let mut needs = self.inner.needs();
        needs.extend(self.others.iter().cloned());
        needs
    }

    fn typical(&self) -> Duration {
        self.inner.typical()
    }

    fn deadline(&self) -> Duration {
        self.inner.deadline()
    }

    fn kept(&self) -> Option<&'static str> {
        self.inner.kept()
    }

    fn appears_late(&self) -> bool {
        self.inner.appears_late()
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        self.inner.read(cx).await
    }

    async fn astray(&self, record: &Outputs) -> Result<Option<String>> {
        self.inner.astray(record).await
    }

    async fn apply(&self, cx: &Context, action: Action, token: &str) -> Result<Outputs> {
        self.inner.apply(cx, action, token).await
    }

    async fn ready(&self, cx: &Context) -> Result<(Readiness, Outputs)> {
        self.inner.ready(cx).await
    }

    async fn delete(&self, cx: &Context, live: &Live) -> Result<()> {
        self.inner.delete(cx, live).await
    }
}
