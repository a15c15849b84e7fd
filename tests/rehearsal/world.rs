//! A deployment in the rehearsal's AWS, without what is inside the cluster.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use kfctl_cn::aws::Clients;
use kfctl_cn::bundle::Bundle;
use kfctl_cn::config::{self, Config};
use kfctl_cn::engine::{Engine, Planned, Report, Resource, Settings, Store};
use kfctl_cn::model::{Action, Addr, Region};
use kfctl_cn::phases::{self, Deps, link::Link};
use kfctl_cn::state::{Identity, LocalStore};
use tokio::sync::{Mutex, MutexGuard};

use crate::proxy::Proxy;
use crate::support;

pub const ACCOUNT: &str = "123456789012";

/// The rehearsal's AWS: the one that the environment names, or one that is started for this binary. It has room for one cluster, so
/// that tests take turns, and each finds it empty.
pub struct Aws {
    pub url: String,
    _turn: MutexGuard<'static, ()>,
}

static TURN: Mutex<()> = Mutex::const_new(());
static STARTED: OnceLock<String> = OnceLock::new();

impl Aws {
    pub async fn empty() -> Aws {
        let turn = TURN.lock().await;
        let aws = Aws { url: STARTED.get_or_init(start).clone(), _turn: turn };
        aws.clear().await;
        aws
    }

    /// Forgets everything that is in it.
    pub async fn clear(&self) {
        let reset = reqwest::Client::new().post(format!("{}/moto-api/reset", self.url)).send().await.unwrap();
        assert!(reset.status().is_success());
    }
}

/// Starts an environment that ends with this process.
fn start() -> String {
    if let Ok(url) = std::env::var("KFCTL_CN_TEST_AWS") {
        return url;
    }
    let at = tempfile::tempdir().unwrap().keep().join("rehearsal");
    let pid = std::process::id().to_string();
    let program = support::root().join("rehearsal/env");
    let done = Command::new(program)
        .args(["start", "--only-aws", "--slow", "0", "--until-pid", &pid])
        .arg(&at)
        .status()
        .unwrap();
    assert!(done.success(), "rehearsal/env start failed");
    let exports = std::fs::read_to_string(at.join("env")).unwrap();
    let url = exports.lines().find_map(|l| l.strip_prefix("export AWS_ENDPOINT_URL=")).expect("AWS_ENDPOINT_URL");
    url.trim_matches(['\'', '"']).to_owned()
}

pub fn configuration(name: &str, region: Region) -> Config {
    let text = format!(
        "apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  region: {region}\n"
    );
    config::parse(&text, "test").unwrap()
}

pub async fn clients_of(url: &str, region: Region, key: &str) -> Clients {
    Clients::from_config(region, loader(url, region, key).load().await)
}

fn loader(url: &str, region: Region, key: &str) -> aws_config::ConfigLoader {
    aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new(region.as_str()))
        .endpoint_url(url)
        .credentials_provider(aws_credential_types::Credentials::new(key, "none", None, None, "test"))
}

/// A deployment whose calls go through a proxy, with its state on disk.
pub struct World {
    pub config: Arc<Config>,
    pub proxy: Proxy,
    pub clients: Clients,
    pub state: tempfile::TempDir,
    bundle: Arc<Bundle>,
}

impl World {
    pub async fn new(aws: &Aws, config: Config) -> World {
        let proxy = Proxy::start(&aws.url).await;
        let clients = clients_of(&proxy.url, config.spec.region, "AKIAREHEARSALCHINA01").await;
        let bundle = Arc::new(Bundle::sample().unwrap());
        World { config: Arc::new(config), proxy, clients, state: tempfile::tempdir().unwrap(), bundle }
    }

    /// The same with clients that wait two seconds for an answer and hardly at all before they try again.
    pub async fn impatient(mut self) -> World {
        let region = self.config.spec.region;
        let config = loader(&self.proxy.url, region, "AKIAREHEARSALCHINA01")
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(10)))
            .timeout_config(TimeoutConfig::builder().read_timeout(Duration::from_secs(2)).build());
        self.clients = Clients::from_config(region, config.load().await);
        self
    }

    fn deps(&self) -> Deps {
        Deps {
            config: self.config.clone(),
            aws: self.clients.clone(),
            bundle: self.bundle.clone(),
            link: Arc::new(Link::new(self.config.cluster(), &self.clients, Arc::new(|_| ()))),
            account: ACCOUNT.into(),
            caller_arn: format!("arn:aws-cn:iam::{ACCOUNT}:user/rehearsal"),
            state_dir: self.state.path().to_owned(),
            final_snapshot: true,
        }
    }

    pub fn resources(&self) -> Vec<Arc<dyn Resource>> {
        phases::in_aws(&self.deps())
    }

    /// What each resource has handed out.
    pub fn outputs(&self) -> BTreeMap<Addr, BTreeMap<String, String>> {
        let known = self.store().snapshot().unwrap().resources;
        known.into_iter().map(|(addr, record)| (addr, record.outputs)).collect()
    }

    fn store(&self) -> LocalStore {
        let identity = Identity {
            name: self.config.name().into(),
            account: ACCOUNT.into(),
            region: self.config.spec.region.to_string(),
        };
        LocalStore::open(self.state.path(), &identity).unwrap()
    }

    pub fn engine(&self) -> Engine {
        self.engine_of(self.resources()).unwanted(phases::teardown::unwanted_in_aws(&self.deps())).unwrap()
    }

    /// An engine over some of the resources.
    pub fn engine_of(&self, resources: Vec<Arc<dyn Resource>>) -> Engine {
        let settings = Settings {
            patience: Duration::from_secs(60),
            read_patience: Duration::from_secs(10),
            retry_first: Duration::from_millis(50),
            retry_max: Duration::from_millis(500),
            poll_first: Duration::from_millis(50),
            poll_max: Duration::from_millis(200),
            ..Settings::default()
        };
        Engine::new(resources, Arc::new(self.store())).unwrap().settings(settings)
    }

    pub async fn plan(&self) -> Planned {
        self.engine().plan().await.unwrap_or_else(|error| panic!("{error:?}"))
    }

    pub async fn up(&self) -> Report {
        self.try_up().await.unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// A run that may fail.
    pub async fn try_up(&self) -> kfctl_cn::model::Result<Report> {
        let engine = self.engine();
        let report = engine.execute(&engine.plan().await?).await;
        report.result().map(|()| report)
    }

    /// A run that is cut off like a killed process. True if it came to its end before.
    pub async fn cut_off(&self, calls: usize, lands: bool) -> bool {
        let engine = self.engine();
        let run = async {
            let planned = engine.plan().await.unwrap_or_else(|error| panic!("{error:?}"));
            engine.execute(&planned).await.result().unwrap_or_else(|error| panic!("{error:?}"));
        };
        self.killed(calls, lands, run).await.is_some()
    }

    /// A removal that is cut off like a killed process, the data with it. True if it came to its end before.
    pub async fn cut_off_down(&self, calls: usize, lands: bool) -> bool {
        self.killed(calls, lands, self.down(true)).await.is_some()
    }

    /// Drops a run at a call that changes something, before or after it took effect. What it returned if it came to its end before.
    pub async fn killed<T>(&self, calls: usize, lands: bool, run: impl Future<Output = T>) -> Option<T> {
        self.proxy.pull_after(calls, lands);
        let ended = tokio::select! {
            value = run => Some(value),
            () = self.proxy.pulled() => None,
        };
        self.proxy.plug_in();
        ended
    }

    pub async fn down(&self, delete_kept: bool) {
        self.try_down(delete_kept).await.unwrap_or_else(|error| panic!("{error:?}"));
    }

    /// A removal that may fail.
    pub async fn try_down(&self, delete_kept: bool) -> kfctl_cn::model::Result<()> {
        let engine = self.engine_of(phases::teardown::in_aws(&self.deps()));
        let planned = engine.plan_destroy(delete_kept).await?;
        engine.destroy(&planned).await.result()
    }

    /// The last look of a removal.
    pub async fn sweep(&self) -> phases::teardown::Sweep {
        phases::teardown::sweep(&self.deps(), &[]).await
    }

    /// Everything in the state folder, as text.
    pub fn state_text(&self) -> String {
        let files = std::fs::read_dir(self.state.path()).unwrap();
        files.map(|f| std::fs::read_to_string(f.unwrap().path()).unwrap_or_default()).collect()
    }

    /// As `kfctl-cn state rm` does.
    pub async fn forget(&self, addr: &str) {
        let store = self.store();
        Store::forget(&store, &addr.into()).await.unwrap();
        store.save().unwrap();
    }

    pub fn lose_state(&mut self) {
        self.state = tempfile::tempdir().unwrap();
    }
}

/// What a plan would do, for the message of a failed assertion.
pub fn actions(planned: &Planned) -> Vec<String> {
    let steps = planned.plan.steps.iter().filter(|s| s.action != Action::NoOp);
    steps.map(|s| format!("{} {}: {} {:?}", s.action.symbol(), s.addr, s.why, s.changes)).collect()
}
