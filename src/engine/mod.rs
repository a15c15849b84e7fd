//! Plans and executes work on resources. Knows no cloud, no cluster and no terminal: only [`Resource`]s, a [`Store`] and
//! the events that it emits.
//!
//! A run reads everything ([`Engine::plan`]), shows what it would do, and does it ([`Engine::execute`]). Recovery is no
//! mode of its own: every run reads reality, compares it with what was intended and acknowledged, and goes on.

mod cancel;
mod clock;
mod destroy;
mod execute;
mod graph;
mod plan;
mod planner;
mod report;
mod resource;
mod run;
mod select;
mod settings;
mod store;
mod transition;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Addr, Error, Event, Result};

pub use cancel::{Cancel, Signal};
pub use clock::{Clock, SystemClock};
pub use plan::{Direction, Left, Plan, Refusal, Step};
pub use report::Report;
pub use resource::{Context, Holds, Live, Observed, Outputs, Owner, Resource};
pub use select::Selection;
pub use settings::Settings;
pub use store::{Record, Snapshot, Store};

/// Where events go.
pub type Sink = Arc<dyn Fn(Event) + Send + Sync>;

/// A plan together with what was seen when it was made.
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    seen: BTreeMap<Addr, Observed>,
    /// Why nothing of it is done, by resource.
    refused: Vec<(Addr, Error)>,
}

impl Planned {
    /// Why it isn't executed, if so: what can't be done at all.
    pub fn refusal(&self) -> Option<Error> {
        report::combine(&self.refused)
    }

    /// The outputs of everything that was seen to exist.
    pub fn outputs(&self) -> BTreeMap<Addr, Outputs> {
        let present = |seen: &Observed| match seen {
            Observed::Present(live) => Some(live.outputs.clone()),
            Observed::Absent | Observed::Unknown(_) => None,
        };
        self.seen.iter().filter_map(|(addr, seen)| Some((addr.clone(), present(seen)?))).collect()
    }
}

/// Brings resources to what is wanted.
pub struct Engine {
    graph: graph::Graph,
    /// What isn't wanted any more: it is removed once all else is done.
    unwanted: BTreeSet<Addr>,
    /// What a selection leaves out.
    left_out: BTreeSet<Addr>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    sink: Sink,
    settings: Settings,
    cancel: Cancel,
}

impl Engine {
    /// An engine over resources. Needs that don't exist, circles and doubled addresses are errors of class `Bug`.
    pub fn new(resources: Vec<Arc<dyn Resource>>, store: Arc<dyn Store>) -> Result<Engine> {
        Ok(Engine {
            graph: graph::Graph::new(resources)?,
            unwanted: BTreeSet::new(),
            left_out: BTreeSet::new(),
            store,
            clock: Arc::new(SystemClock::default()),
            sink: Arc::new(|_| ()),
            settings: Settings::default(),
            cancel: Cancel::default(),
        })
    }

    /// Adds resources that an earlier configuration may have asked for: a run upwards removes those that are there and ours, users
    /// first, once all that is wanted is done. What is kept stays.
    ///
    /// # Errors
    /// As of [`Engine::new`].
    pub fn unwanted(mut self, resources: Vec<Arc<dyn Resource>>) -> Result<Engine> {
        self.unwanted = resources.iter().map(|resource| resource.addr()).collect();
        self.graph = graph::Graph::new(self.graph.nodes.iter().cloned().chain(resources).collect())?;
        Ok(self)
    }

    /// Sends events to a sink.
    #[must_use]
    pub fn sink(mut self, sink: Sink) -> Self {
        self.sink = sink;
        self
    }

    /// Takes another clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Takes other settings.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Lets a handle stop its runs.
    #[must_use]
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }
}
