//! A world of things that behave like a cloud: slow, forgetful of what was just made, and without mercy for repeated calls.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use kfctl_cn::engine::{
    Cancel, Clock, Context, Engine, Holds, Live, Observed, Outputs, Owner, Resource, Settings, Store,
};
use kfctl_cn::model::{Action, Addr, Change, Error, ErrorClass, Event, Readiness, Result};
use kfctl_cn::state::{Identity, LocalStore};

pub use super::plug::{JumpClock, Plug, PlugDisk};

/// A thing that exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    pub id: String,
    pub owner: String,
    pub value: String,
    pub parts: usize,
    pub made: Duration,
    pub going: Option<Duration>,
}

/// What a resource of the tests is like.
#[derive(Debug, Clone)]
pub struct Spec {
    pub addr: &'static str,
    pub needs: Vec<&'static str>,
    pub value: String,
    /// How long it takes to be ready.
    pub slow: u64,
    /// How long it takes to be seen at all after it was made, seconds.
    pub lag: u64,
    /// Passing errors before an apply succeeds.
    pub flaky: usize,
    /// An apply is refused.
    pub denied: bool,
    /// A removal is refused, with an error of this class.
    pub stuck: Option<ErrorClass>,
    /// Once it was made nobody answers any more.
    pub deaf: bool,
    /// An apply never answers.
    pub hangs: bool,
    /// A change of the value is refused.
    pub fixed: bool,
    /// A change of the value needs a new thing.
    pub anew: bool,
    /// The value names what holds something.
    pub named: bool,
    pub kept: bool,
    pub deadline: u64,
}

pub fn spec(addr: &'static str, needs: &[&'static str]) -> Spec {
    Spec {
        addr,
        needs: needs.to_vec(),
        value: "v1".into(),
        slow: 0,
        lag: 0,
        flaky: 0,
        denied: false,
        stuck: None,
        hangs: false,
        deaf: false,
        fixed: false,
        anew: false,
        named: false,
        kept: false,
        deadline: 600,
    }
}

/// All things, and what was done to them.
#[derive(Default)]
pub struct World {
    pub things: Mutex<BTreeMap<&'static str, Vec<Thing>>>,
    tokens: Mutex<BTreeMap<String, String>>,
    serial: AtomicUsize,
    pub writes: AtomicUsize,
    pub calls: AtomicUsize,
    pub most_calls: AtomicUsize,
    pub log: Mutex<Vec<String>>,
    flakes: Mutex<BTreeMap<&'static str, usize>>,
}

impl World {
    /// Each address with how many things there are, their values and their parts.
    pub fn shape(&self) -> Vec<(&'static str, Vec<(String, usize)>)> {
        let things = self.things.lock().unwrap();
        let shape = things.iter().map(|(addr, list)| {
            (*addr, list.iter().map(|thing| (thing.value.clone(), thing.parts)).collect::<Vec<_>>())
        });
        shape.filter(|(_, list)| !list.is_empty()).collect()
    }

    pub fn put(&self, addr: &'static str, owner: &str, value: &str) {
        let id = format!("id-{}", self.serial.fetch_add(1, SeqCst));
        let thing = Thing { id, owner: owner.into(), value: value.into(), parts: 2, made: Duration::ZERO, going: None };
        self.things.lock().unwrap().entry(addr).or_default().push(thing);
    }
}

/// A resource of the tests.
pub struct Fake {
    pub spec: Spec,
    pub world: Arc<World>,
    pub clock: Arc<JumpClock>,
    pub plug: Arc<Plug>,
}

struct Call<'a>(&'a World);

impl<'a> Call<'a> {
    fn new(world: &'a World) -> Self {
        let now = world.calls.fetch_add(1, SeqCst) + 1;
        world.most_calls.fetch_max(now, SeqCst);
        Call(world)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, SeqCst);
    }
}

impl Fake {
    fn log(&self, what: &str) {
        self.world.log.lock().unwrap().push(format!("{what} {}", self.spec.addr));
    }
}

#[async_trait]
impl Resource for Fake {
    fn addr(&self) -> Addr {
        Addr::new(self.spec.addr)
    }
    fn title(&self) -> String {
        format!("thing {}", self.spec.addr)
    }
    fn needs(&self) -> Vec<Addr> {
        self.spec.needs.iter().map(|need| Addr::new(*need)).collect()
    }
    fn typical(&self) -> Duration {
        Duration::from_secs(self.spec.slow.max(1))
    }
    fn deadline(&self) -> Duration {
        Duration::from_secs(self.spec.deadline)
    }
    fn kept(&self) -> Option<&'static str> {
        self.spec.kept.then_some("it holds data")
    }

    fn holds(&self) -> Option<Holds> {
        self.spec.named.then(|| Holds { output: "name", name: self.spec.value.clone(), what: "the data" })
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let _call = Call::new(&self.world);
        self.plug.pass().await;
        tokio::task::yield_now().await;
        if self.spec.needs.iter().any(|need| cx.output(need, "id").is_none()) && self.spec.addr.starts_with("kubeflow/")
        {
            return Ok(Observed::Unknown("what it needs doesn't exist".into()));
        }
        let now = self.clock.now();
        let mut things = self.world.things.lock().unwrap();
        let list = things.entry(self.spec.addr).or_default();
        list.retain(|thing| thing.going.is_none_or(|at| at > now));
        let lag = Duration::from_secs(self.spec.lag);
        let Some(thing) = list.iter().find(|thing| thing.made + lag <= now) else {
            return Ok(Observed::Absent);
        };
        let owner = match thing.owner.as_str() {
            "us" => Owner::Ours,
            "before" => Owner::Borrowed,
            other => Owner::Other(format!("owner {other}")),
        };
        let mut changes = Vec::new();
        if thing.value != self.spec.value {
            let change = Change::update("value", &thing.value, &self.spec.value);
            changes.push(match (self.spec.fixed, self.spec.anew) {
                (true, _) => change.refused("it would be lost", "move it yourself"),
                (_, true) => change.replacing("it is cheap"),
                _ => change,
            });
        }
        if thing.parts < 2 {
            changes.push(Change::update("parts", thing.parts, 2));
        }
        let ready = if thing.made + Duration::from_secs(self.spec.slow) <= now {
            Readiness::Ready
        } else {
            Readiness::Waiting("creating".into())
        };
        let outputs = Outputs::from([("id".to_owned(), thing.id.clone()), ("name".to_owned(), thing.value.clone())]);
        Ok(Observed::Present(Live { outputs, owner, changes, ready }))
    }

    async fn apply(&self, cx: &Context, action: Action, token: &str) -> Result<Outputs> {
        let _call = Call::new(&self.world);
        for need in &self.spec.needs {
            cx.require(need, "id")?;
        }
        self.plug.pass().await;
        tokio::task::yield_now().await;
        if self.spec.hangs {
            std::future::pending::<()>().await;
        }
        if self.spec.denied {
            return Err(Error::new(ErrorClass::Permanent, "denied").hint("ask for the permission"));
        }
        let left = {
            let mut flakes = self.world.flakes.lock().unwrap();
            let left = flakes.entry(self.spec.addr).or_insert(self.spec.flaky);
            std::mem::replace(left, left.saturating_sub(1))
        };
        if left > 0 {
            return Err(Error::new(ErrorClass::Transient, "throttled"));
        }
        self.log("apply");
        self.world.writes.fetch_add(1, SeqCst);
        let id = match action {
            Action::Create => {
                let known = self.world.tokens.lock().unwrap().get(token).cloned();
                match known {
                    Some(id) => id,
                    None => {
                        let id = format!("id-{}", self.world.serial.fetch_add(1, SeqCst));
                        let made = self.clock.now();
                        let thing = Thing {
                            id: id.clone(),
                            owner: "us".into(),
                            value: self.spec.value.clone(),
                            parts: 1,
                            made,
                            going: None,
                        };
                        self.world.things.lock().unwrap().entry(self.spec.addr).or_default().push(thing);
                        self.world.tokens.lock().unwrap().insert(token.to_owned(), id.clone());
                        id
                    }
                }
            }
            _ => self.world.things.lock().unwrap()[self.spec.addr][0].id.clone(),
        };
        // The second part of what is to be done, after another boundary.
        self.plug.pass().await;
        {
            let mut things = self.world.things.lock().unwrap();
            if let Some(thing) = things.entry(self.spec.addr).or_default().iter_mut().find(|thing| thing.id == id) {
                thing.parts = 2;
                thing.value = self.spec.value.clone();
            }
        }
        self.plug.pass().await;
        Ok(Outputs::from([("id".to_owned(), id)]))
    }

    async fn ready(&self, cx: &Context) -> Result<(Readiness, Outputs)> {
        if self.spec.deaf {
            return Err(Error::new(ErrorClass::Unreachable, "connection refused"));
        }
        Ok(match self.read(cx).await? {
            Observed::Present(live) => {
                if live.ready == Readiness::Ready {
                    self.log("ready");
                }
                (live.ready, live.outputs)
            }
            _ => (Readiness::Waiting("not visible yet".into()), Outputs::new()),
        })
    }

    async fn delete(&self, _cx: &Context, live: &Live) -> Result<()> {
        let _call = Call::new(&self.world);
        self.plug.pass().await;
        self.log("delete");
        if let Some(class) = self.spec.stuck {
            return Err(Error::new(class, "denied"));
        }
        self.world.writes.fetch_add(1, SeqCst);
        let at = self.clock.now() + Duration::from_secs(self.spec.slow);
        for thing in self.world.things.lock().unwrap().entry(self.spec.addr).or_default() {
            if live.outputs.get("id") == Some(&thing.id) {
                thing.going.get_or_insert(at);
            }
        }
        self.plug.pass().await;
        Ok(())
    }
}

/// Everything that a test needs: a world, a folder, a clock.
pub struct Bench {
    pub specs: Vec<Spec>,
    pub world: Arc<World>,
    pub clock: Arc<JumpClock>,
    pub folder: tempfile::TempDir,
    pub settings: Settings,
    pub cancel: Cancel,
    pub events: Arc<Mutex<Vec<Event>>>,
}

/// A folder in memory where there is one: a sweep makes some ten thousand fsyncs.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub fn identity() -> Identity {
    Identity { name: "kf".into(), account: "111122223333".into(), region: "cn-north-1".into() }
}

impl Bench {
    pub fn new(specs: Vec<Spec>) -> Bench {
        Bench {
            specs,
            world: Arc::default(),
            clock: Arc::default(),
            folder: folder(),
            settings: Settings::default(),
            cancel: Cancel::default(),
            events: Arc::default(),
        }
    }

    pub fn store(&self, plug: &Arc<Plug>) -> Result<Arc<LocalStore>> {
        Ok(Arc::new(LocalStore::open_on(Arc::new(PlugDisk(plug.clone())), self.folder.path(), &identity())?))
    }

    pub fn engine(&self, store: Arc<dyn Store>, plug: &Arc<Plug>) -> Result<Engine> {
        let resources = self.specs.iter().map(|spec| {
            Arc::new(Fake {
                spec: spec.clone(),
                world: self.world.clone(),
                clock: self.clock.clone(),
                plug: plug.clone(),
            }) as Arc<dyn Resource>
        });
        let events = self.events.clone();
        Ok(Engine::new(resources.collect(), store)?
            .clock(self.clock.clone())
            .settings(self.settings.clone())
            .cancel(self.cancel.clone())
            .sink(Arc::new(move |event| events.lock().unwrap().push(event))))
    }

    /// A whole run: plan, execute, save. As `up` does it.
    pub async fn up(&self) -> Result<()> {
        self.up_until(&Plug::at(None)).await
    }

    pub async fn up_until(&self, plug: &Arc<Plug>) -> Result<()> {
        let store = self.store(plug)?;
        let engine = self.engine(store.clone(), plug)?;
        let planned = engine.plan().await?;
        engine.execute(&planned).await.result()?;
        store.save()
    }

    pub async fn down_until(&self, plug: &Arc<Plug>, delete_kept: bool) -> Result<()> {
        let store = self.store(plug)?;
        let engine = self.engine(store.clone(), plug)?;
        let planned = engine.plan_destroy(delete_kept).await?;
        engine.destroy(&planned).await.result()?;
        store.save()
    }

    pub async fn plan(&self) -> Result<kfctl_cn::engine::Plan> {
        let plug = Plug::at(None);
        Ok(self.engine(self.store(&plug)?, &plug)?.plan().await?.plan)
    }
}

/// A small deployment: a root, two slow things side by side, one that is seen late, and things inside the cluster.
pub fn deployment() -> Vec<Spec> {
    vec![
        spec("cluster/vpc", &[]),
        Spec { lag: 30, ..spec("cluster/nat", &["cluster/vpc"]) },
        Spec { slow: 600, deadline: 1200, ..spec("cluster/eks", &["cluster/vpc"]) },
        Spec { slow: 500, deadline: 1200, kept: true, ..spec("data/database", &["cluster/vpc"]) },
        spec("data/secret", &["data/database"]),
        spec("kubeflow/crds", &["cluster/eks"]),
        Spec { slow: 30, ..spec("kubeflow/workloads", &["kubeflow/crds", "data/secret", "cluster/nat"]) },
    ]
}
