//! Applies objects in the order of the program, and counts what the API server takes.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};
use kfctl_cn::kube::{Client, Discovery, Kind, Refusal, Stage, split};
use kfctl_cn::model::Object;

/// How many objects are sent at once.
const AT_ONCE: usize = 16;
/// How long a CRD may take until its kind is served.
const SERVED: Duration = Duration::from_secs(30);

/// What came of the objects of a deployment.
#[derive(Default)]
pub struct Tally {
    objects: usize,
    dry: usize,
    stored: usize,
    crds: usize,
    established: usize,
    /// Each refusal, and each CRD that isn't as it should be.
    pub faults: Vec<String>,
}

impl Tally {
    /// The head of a table of tallies.
    pub fn head(version: &str) -> String {
        let title = format!("Kubernetes {version}");
        format!("{title:<22}{:>9}{:>9}{:>9}{:>9}{:>13}", "objects", "dry run", "stored", "CRDs", "established")
    }

    /// A line of the table.
    pub fn line(&self, name: &str) -> String {
        let Tally { objects, dry, stored, crds, established, .. } = self;
        format!("{name:<22}{objects:>9}{dry:>9}{stored:>9}{crds:>9}{established:>13}")
    }

    /// Stage by stage: each object as a dry run, then stored. The stages with webhook configurations come after all others, since
    /// nothing answers those webhooks here.
    pub async fn apply(&mut self, client: &Client, objects: Vec<Object>) {
        let (hooks, others): (Vec<_>, Vec<_>) =
            objects.into_iter().partition(|object| object.group() == "admissionregistration.k8s.io");
        for (stage, objects) in split(others).into_iter().chain(split(hooks)) {
            self.objects += objects.len();
            let discovery = served(client, &objects).await;
            self.dry += self.send(client, &discovery, &objects, true).await;
            self.stored += self.send(client, &discovery, &objects, false).await;
            if stage == Stage::Crds {
                self.look_at(client, &objects).await;
            }
        }
    }

    /// How many objects are taken.
    async fn send(&mut self, client: &Client, discovery: &Discovery, objects: &[Object], dry: bool) -> usize {
        let one = |object: &Object| {
            let kind = discovery.find(object.group(), object.version(), object.kind()).cloned();
            let object = object.clone();
            async move { sent(client, kind, &object, dry).await.map_err(|refusal| (object, refusal)) }
        };
        let calls: Vec<_> = objects.iter().map(one).collect();
        let answers: Vec<_> = stream::iter(calls).buffer_unordered(AT_ONCE).collect().await;
        let way = if dry { "dry run" } else { "to be stored" };
        let before = self.faults.len();
        self.faults.extend(
            answers
                .into_iter()
                .filter_map(Result::err)
                .map(|(object, refusal)| format!("{} {} ({way}): {refusal}", object.api_version(), object.id())),
        );
        objects.len() + before - self.faults.len()
    }

    /// What the API server says of the CRDs that it stored.
    async fn look_at(&mut self, client: &Client, crds: &[Object]) {
        for crd in crds {
            self.crds += 1;
            match wrong(client, crd).await {
                None => self.established += 1,
                Some(why) => self.faults.push(format!("{}: {why}", crd.id())),
            }
        }
        client.rediscover().await;
    }
}

async fn sent(client: &Client, kind: Option<Kind>, object: &Object, dry: bool) -> Result<Object, Refusal> {
    let kind = kind.ok_or_else(|| Refusal::permanent("the API server doesn't serve this".into()))?;
    if dry { client.dry_run(&kind, object, true).await } else { client.apply(&kind, object).await }
}

/// The kinds that are served, once those of the objects are, or after a while.
async fn served(client: &Client, objects: &[Object]) -> std::sync::Arc<Discovery> {
    let kinds: BTreeSet<_> = objects.iter().map(|object| (object.group(), object.version(), object.kind())).collect();
    let began = Instant::now();
    loop {
        let discovery = client.discovery().await.expect("the kinds");
        let all = kinds.iter().all(|(group, version, kind)| discovery.find(group, version, kind).is_some());
        if all || began.elapsed() > SERVED {
            return discovery;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        client.rediscover().await;
    }
}

/// Why a stored CRD isn't as it should be; waits for the API server's word.
async fn wrong(client: &Client, crd: &Object) -> Option<String> {
    let began = Instant::now();
    loop {
        let live = client.get(&crd.id()).await.expect("an answer");
        let Some(live) = live else { return Some("it isn't there".into()) };
        let conditions = live.0.pointer("/status/conditions").and_then(|c| c.as_array()).cloned().unwrap_or_default();
        let is = |name: &str, status: &str| conditions.iter().any(|c| c["type"] == name && c["status"] == status);
        if is("NonStructuralSchema", "True") || is("NamesAccepted", "False") {
            return Some(serde_json::Value::from(conditions).to_string());
        }
        if is("Established", "True") {
            return None;
        }
        if began.elapsed() > SERVED {
            return Some(format!("not Established: {}", serde_json::Value::from(conditions)));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
