//! The contract of everything that the engine makes, keeps and removes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::model::{Action, Addr, Change, Phase, Readiness, Result};

/// What a resource hands to those that need it: ids, ARNs, addresses. Never a secret: outputs are kept in the state file.
pub type Outputs = BTreeMap<String, String>;

/// Whose a resource that exists is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// It carries the mark (tag, label, inventory) of this deployment.
    Ours,
    /// It exists under our name without our mark; the text says what was seen instead.
    Other(String),
    /// It was there before and the configuration names it: it is looked at and used, never made, replaced or removed. If
    /// it can't be used ([`Readiness::Failed`]), nothing is begun.
    Borrowed,
}

/// A resource that exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// What it hands to others.
    pub outputs: Outputs,
    /// Whose it is.
    pub owner: Owner,
    /// How it differs from what is wanted; empty if it doesn't. Computed by [`Resource::read`], which knows both sides.
    pub changes: Vec<Change>,
    /// Whether it can be used yet.
    pub ready: Readiness,
}

/// What reading a resource found.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// It doesn't exist.
    Absent,
    /// It exists.
    Present(Live),
    /// It can't be known before something that it needs exists; the text says what. Planned as a creation.
    Unknown(String),
}

/// What names the one that holds something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holds {
    /// The output that names it.
    pub output: &'static str,
    /// Its name by the configuration.
    pub name: String,
    /// What it holds.
    pub what: &'static str,
}

/// What a resource sees of the run: the outputs of what it needs, and a way to tell how it goes on.
#[derive(Clone)]
pub struct Context {
    outputs: Arc<BTreeMap<Addr, Outputs>>,
    progress: Arc<dyn Fn(String) + Send + Sync>,
    warning: Arc<Mutex<Option<String>>>,
}

impl Context {
    /// A context over the outputs known so far.
    pub fn new(outputs: Arc<BTreeMap<Addr, Outputs>>, progress: Arc<dyn Fn(String) + Send + Sync>) -> Self {
        Context { outputs, progress, warning: Arc::default() }
    }

    /// An output of another resource, or `None` while that one doesn't exist. Only what is in `needs` may be asked for.
    pub fn output(&self, addr: &str, key: &str) -> Option<&str> {
        self.outputs.get(&Addr::new(addr)).and_then(|o| o.get(key)).map(String::as_str)
    }

    /// Like [`Context::output`], as an error of class `Bug` where it is missing: for `apply`, when all needs are done.
    pub fn require(&self, addr: &str, key: &str) -> Result<&str> {
        self.output(addr, key).ok_or_else(|| {
            crate::model::Error::new(
                crate::model::ErrorClass::Bug,
                format!("output `{key}` of {addr} is not known when it is needed"),
            )
        })
    }

    /// Tells the watchers how it goes on.
    pub fn progress(&self, message: impl Into<String>) {
        (self.progress)(message.into());
    }

    /// The step will be done, but with something that people should know: it stands beside its end. The last one counts.
    pub fn warn(&self, message: impl Into<String>) {
        *self.warning.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.into());
    }

    /// What [`Context::warn`] was told.
    pub(super) fn warning(&self) -> Option<String> {
        self.warning.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One thing that is owned. Idempotent by contract: every method may be called again after a crash at any point inside it.
#[async_trait]
pub trait Resource: Send + Sync {
    /// The address, stable across versions.
    fn addr(&self) -> Addr;

    /// The phase it is shown under.
    fn phase(&self) -> Phase {
        self.addr().as_str().split('/').next().and_then(|p| p.parse().ok()).unwrap_or(Phase::Cluster)
    }

    /// The resource in words, such as `VPC 10.0.0.0/16`.
    fn title(&self) -> String;

    /// What must be done and ready before this is read or applied.
    fn needs(&self) -> Vec<Addr> {
        Vec::new()
    }

    /// What it typically takes to create, for estimates.
    fn typical(&self) -> Duration {
        Duration::from_secs(2)
    }

    /// How long to wait for `ready` after an apply.
    fn deadline(&self) -> Duration {
        Duration::from_secs(300)
    }

    /// Why `down` keeps it unless told otherwise; `None` if it goes.
    fn kept(&self) -> Option<&'static str> {
        None
    }

    /// Which one the configuration names, of what holds something that this program doesn't move: the engine refuses to turn from one
    /// to another.
    fn holds(&self) -> Option<Holds> {
        None
    }

    /// True for what may come into being while other things are removed, such as a volume that is let go: a removal looks for it
    /// again at its turn, though the plan found nothing.
    fn appears_late(&self) -> bool {
        false
    }

    /// Looks at reality, by name, tag or live state, never by our records. Makes no write.
    async fn read(&self, cx: &Context) -> Result<Observed>;

    /// Why what is recorded, but not found, isn't made again: it is there, and has lost what it is found by. `None` if it is gone.
    async fn astray(&self, _record: &Outputs) -> Result<Option<String>> {
        Ok(None)
    }

    /// Makes reality as wanted: `action` is `Create` or `Update`; of a replacement, the engine removes the old one first. `token` is the client token of the intent, the same when
    /// a young intent is repeated. Returns the outputs as far as they are known. Must be safe to repeat.
    async fn apply(&self, cx: &Context, action: Action, token: &str) -> Result<Outputs>;

    /// Whether it can be used yet, with the final outputs in [`Observed::Present`]. The default reads again.
    async fn ready(&self, cx: &Context) -> Result<(Readiness, Outputs)> {
        Ok(match self.read(cx).await? {
            Observed::Present(live) => (live.ready, live.outputs),
            Observed::Absent => (Readiness::Waiting("not visible yet".into()), Outputs::new()),
            Observed::Unknown(why) => (Readiness::Waiting(why), Outputs::new()),
        })
    }

    /// What is wrong and what mends it, looked at when a wait for it runs out; each is shown with the error.
    async fn why(&self, _cx: &Context) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Starts the removal of a live resource; already gone is success. The engine waits until `read` finds it absent.
    async fn delete(&self, cx: &Context, live: &Live) -> Result<()>;
}
