//! A resource that is a part of a set of manifests: the objects of some stages.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::adapt::Set;
use crate::config::Mirror;
use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::kube::{self, Cause, Client, Inventory, Owned, Removal, Scene, Seen, Stage, State, Survey, state};
use crate::model::{Action, Addr, Change, Error, ErrorClass, Object, Readiness, Result};

use super::Deps;
use super::manifests::{Known, Rendered, known};

/// How many changes a plan names; the rest is counted.
const SHOWN: usize = 20;
/// How many waiting objects a message names.
const NAMED: usize = 3;

/// What tells one part from another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spec {
    /// The address.
    pub addr: &'static str,
    /// In words.
    pub title: &'static str,
    /// The set.
    pub set: Set,
    /// The stages of the set that it applies, in order.
    pub stages: &'static [Stage],
    /// What must be there before.
    pub needs: &'static [&'static str],
    /// What it typically takes, seconds.
    pub typical: u64,
    /// How long its objects may take until they can be used, seconds.
    pub deadline: u64,
    /// Resources with the CRDs of which all objects go before it does.
    pub instances_of: &'static [&'static str],
}

/// A part of a set, as a resource.
pub(super) struct Part {
    spec: Spec,
    deps: Deps,
}

/// What a part must be.
struct Wanted {
    stages: Vec<(Stage, Vec<Object>)>,
    /// The objects of the other parts of the set: they aren't pruned when they move.
    elsewhere: BTreeSet<Owned>,
}

impl Part {
    pub fn all(deps: &Deps, specs: &[Spec]) -> Vec<Arc<dyn Resource>> {
        specs.iter().map(|spec| Arc::new(Part { spec: *spec, deps: deps.clone() }) as Arc<dyn Resource>).collect()
    }

    /// The cluster, or why it can't be asked yet.
    async fn client(&self, cx: &Context) -> Result<std::result::Result<Client, String>> {
        self.deps.link.entered(cx).await
    }

    async fn wanted(&self, cx: &Context) -> Result<std::result::Result<Wanted, String>> {
        let deps = &self.deps;
        let values = match known(self.spec.set, &deps.config, &deps.account, &deps.aws, cx).await? {
            Known::Values(values) => *values,
            Known::Missing(what) => return Ok(Err(what)),
        };
        let rendered = deps.link.renders.get(self.spec.set, &deps.config, &deps.bundle, values).await?;
        Ok(Ok(self.pick(&rendered)))
    }

    fn pick(&self, rendered: &Rendered) -> Wanted {
        let (mine, others): (Vec<_>, Vec<_>) =
            rendered.stages.iter().cloned().partition(|(stage, _)| self.spec.stages.contains(stage));
        let elsewhere = others.iter().flat_map(|(_, objects)| objects).map(Owned::of).collect();
        Wanted { stages: mine, elsewhere }
    }

    fn objects(wanted: &Wanted) -> Vec<Object> {
        wanted.stages.iter().flat_map(|(_, objects)| objects).cloned().collect()
    }

    fn outputs(objects: usize) -> Outputs {
        Outputs::from([("objects".into(), objects.to_string())])
    }

    async fn inventory(&self, client: &Client) -> Result<Option<Inventory>> {
        Inventory::load(client, self.spec.addr).await
    }

    /// What is known of a part whose objects can't be rendered yet: that it is there, if its inventory is, or that others have made
    /// what it would, by the names alone.
    async fn unrendered(&self, client: &Client, why: String) -> Result<Observed> {
        let inventory = self.inventory(client).await?;
        let (outputs, owner) = match &inventory {
            Some(inventory) => (Part::outputs(inventory.entries.len()), Owner::Ours),
            None => {
                let objects = Part::objects(&self.pick(&*self.deps.named(self.spec.set).await?));
                let survey = kube::survey(client, &objects, None).await?;
                match self.owner(None, &survey) {
                    Owner::Other(seen) => (Part::outputs(objects.len()), Owner::Other(seen)),
                    Owner::Ours | Owner::Borrowed => return Ok(Observed::Unknown(why)),
                }
            }
        };
        let applied = format!("{} applied", outputs["objects"]);
        let changes = vec![Change::update("objects", applied, &why)];
        Ok(Observed::Present(Live { outputs, owner, changes, ready: Readiness::Waiting(why) }))
    }

    /// Why workloads of it aren't Ready.
    async fn causes(&self, cx: &Context) -> Result<Vec<Cause>> {
        let (Ok(client), Ok(wanted)) = (self.client(cx).await?, self.wanted(cx).await?) else { return Ok(Vec::new()) };
        let survey = kube::survey(&client, &Part::objects(&wanted), None).await?;
        let scene = Scene::of(&client).await?;
        let registry = self.deps.config.registry(&self.deps.account);
        let mut causes = Vec::new();
        for seen in &survey.objects {
            let waits = |live: &&Object| live.group() == "apps" && state(live) != State::Ready;
            if let Some(live) = seen.live.as_ref().filter(waits) {
                causes.extend(kube::explain(&client, &scene, live, &registry).await);
            }
            if causes.len() >= NAMED {
                break;
            }
        }
        Ok(causes)
    }

    /// Whose the live objects are: ours if the inventory names them, or if we hold fields of them.
    fn owner(&self, inventory: Option<&Inventory>, survey: &Survey) -> Owner {
        if let Some(inventory) = inventory.filter(|i| i.deployment != self.deps.config.name()) {
            return Owner::Other(format!("its inventory is of the deployment `{}`", inventory.deployment));
        }
        let foreign = |seen: &&Seen| !seen.ours && seen.live.is_some() && seen.id.kind != "Namespace";
        let foreign: Vec<String> = survey.objects.iter().filter(foreign).map(|s| s.id.to_string()).collect();
        match foreign.first() {
            Some(first) if inventory.is_none() => {
                Owner::Other(format!("{} objects were made by others, such as {first}", foreign.len()))
            }
            _ => Owner::Ours,
        }
    }
}

#[async_trait]
impl Resource for Part {
    fn addr(&self) -> Addr {
        self.spec.addr.into()
    }

    fn title(&self) -> String {
        self.spec.title.into()
    }

    fn needs(&self) -> Vec<Addr> {
        let cluster = ["cluster/eks", "cluster/access-caller"];
        let mirror = (self.deps.config.spec.images.mirror == Mirror::Required).then_some("images/mirror");
        cluster.iter().chain(self.spec.needs).chain(mirror.iter()).map(|addr| Addr::new(*addr)).collect()
    }

    fn typical(&self) -> Duration {
        Duration::from_secs(self.spec.typical)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(self.spec.deadline)
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let client = match self.client(cx).await? {
            Ok(client) => client,
            Err(why) => return Ok(Observed::Unknown(why)),
        };
        let wanted = match self.wanted(cx).await? {
            Ok(wanted) => wanted,
            Err(why) => return self.unrendered(&client, why).await,
        };
        let inventory = self.inventory(&client).await?;
        let objects = Part::objects(&wanted);
        let survey = kube::survey(&client, &objects, inventory.as_ref()).await?;
        if inventory.is_none() && survey.objects.iter().all(|seen| seen.live.is_none() || !seen.ours && namespace(seen))
        {
            return Ok(Observed::Absent);
        }
        Ok(Observed::Present(Live {
            outputs: Part::outputs(objects.len()),
            owner: self.owner(inventory.as_ref(), &survey),
            changes: changes(inventory.as_ref(), &survey, &wanted),
            ready: readiness(&survey),
        }))
    }

    async fn apply(&self, cx: &Context, _action: Action, _token: &str) -> Result<Outputs> {
        let client = self.client(cx).await?.map_err(|why| Error::new(ErrorClass::Transient, why))?;
        let wanted = self.wanted(cx).await?.map_err(|why| Error::new(ErrorClass::Transient, why))?;
        let inventory = self.inventory(&client).await?;
        let new = || Inventory::new(self.spec.addr, self.spec.set.as_str(), self.deps.config.name());
        let inventory = inventory.unwrap_or_else(new);
        kube::apply(&client, inventory, &wanted.stages, &wanted.elsewhere, &|message| cx.progress(message)).await?;
        Ok(Part::outputs(Part::objects(&wanted).len()))
    }

    async fn ready(&self, cx: &Context) -> Result<(Readiness, Outputs)> {
        let client = self.client(cx).await?.map_err(|why| Error::new(ErrorClass::Transient, why))?;
        let wanted = self.wanted(cx).await?.map_err(|why| Error::new(ErrorClass::Transient, why))?;
        let objects = Part::objects(&wanted);
        let survey = kube::survey(&client, &objects, None).await?;
        // All of them were there when this wait began: none comes by itself.
        let missing: Vec<&Seen> = survey.objects.iter().filter(|seen| seen.live.is_none()).collect();
        if let Some(first) = missing.first() {
            let what = format!("{} of {} objects were removed by somebody meanwhile", missing.len(), objects.len());
            return Err(Error::new(ErrorClass::Permanent, format!("{what}, such as {}", first.id))
                .hint("run it again: what is missing is made anew"));
        }
        Ok((readiness(&survey), Part::outputs(objects.len())))
    }

    async fn why(&self, cx: &Context) -> Vec<(String, String)> {
        // What can't be looked at explains nothing; the wait's own error stays.
        let causes = self.causes(cx).await.unwrap_or_else(|error| {
            tracing::debug!("no cause is found: {error}");
            Vec::new()
        });
        causes.into_iter().map(|cause| (cause.to_string(), cause.mend)).collect()
    }

    async fn delete(&self, cx: &Context, _live: &Live) -> Result<()> {
        let Ok(client) = self.client(cx).await? else { return Ok(()) };
        let mut removal = Removal::default();
        match (self.inventory(&client).await?, self.wanted(cx).await?) {
            (Some(inventory), _) => removal.objects = inventory.entries.into_iter().map(|entry| entry.id).collect(),
            // The inventory is lost: what carries our name as field manager is ours.
            (None, Ok(wanted)) => {
                let survey = kube::survey(&client, &Part::objects(&wanted), None).await?;
                removal.objects = survey.objects.into_iter().filter(|seen| seen.ours).map(|seen| seen.id).collect();
            }
            (None, Err(_)) => return Ok(()),
        }
        for addr in self.spec.instances_of {
            let entries = Inventory::load(&client, addr).await?.map(|i| i.entries).unwrap_or_default();
            let crds = entries.into_iter().filter(|entry| entry.id.kind == "CustomResourceDefinition");
            removal.instances_of.extend(crds.map(|entry| entry.id.name));
        }
        kube::remove(&client, self.spec.addr, &removal, &|message| cx.progress(message)).await
    }
}

/// A namespace may be older than we.
fn namespace(seen: &Seen) -> bool {
    seen.id.kind == "Namespace"
}

fn changes(inventory: Option<&Inventory>, survey: &Survey, wanted: &Wanted) -> Vec<Change> {
    let mut changes: Vec<Change> = survey.objects.iter().filter(|seen| !seen.settled()).flat_map(change).collect();
    let ids: BTreeSet<&Owned> = survey.objects.iter().map(|seen| &seen.id).collect();
    let entries = inventory.iter().flat_map(|i| &i.entries);
    // What may hold data isn't pruned, so that it is there is no change.
    let gone = entries.filter(|e| !ids.contains(&e.id) && !wanted.elsewhere.contains(&e.id) && !e.id.holds_data());
    changes.extend(gone.map(|entry| Change::update(entry.id.to_string(), "applied", "not wanted any more")));
    if inventory.is_none() && changes.is_empty() {
        changes.push(Change::update("inventory", "missing", "written"));
    }
    if changes.len() > SHOWN {
        let more = changes.len() - SHOWN;
        changes.truncate(SHOWN);
        changes.push(Change::update("objects", "", format!("{more} more changes")));
    }
    changes
}

fn change(seen: &Seen) -> Vec<Change> {
    let id = &seen.id;
    if seen.live.is_none() {
        return vec![Change::update(id.to_string(), "absent", "applied")];
    }
    if let Some(since) = seen.leaving() {
        return vec![Change::update(id.to_string(), format!("being deleted since {since}"), "applied anew")];
    }
    if seen.differences.is_empty() {
        return vec![Change::update(id.to_string(), "applied otherwise", "applied")];
    }
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "…".into());
    let change = |d: &kube::Difference| Change::update(format!("{id} {}", d.path), text(&d.live), text(&d.wanted));
    seen.differences.iter().map(change).collect()
}

fn readiness(survey: &Survey) -> Readiness {
    let waiting = survey.waiting();
    let failed = waiting.iter().find_map(|(id, state)| match state {
        State::Failed(why) => Some(format!("{id}: {why}")),
        _ => None,
    });
    if let Some(failed) = failed {
        return Readiness::Failed(failed);
    }
    if waiting.is_empty() {
        return Readiness::Ready;
    }
    let name = |(id, state): &(&Owned, State)| match state {
        State::Waiting(why) | State::Failed(why) => format!("{id}: {why}"),
        State::Ready => id.to_string(),
    };
    let named: Vec<String> = waiting.iter().take(NAMED).map(name).collect();
    let more = waiting.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    Readiness::Waiting(format!("{}{more}", named.join("; ")))
}
