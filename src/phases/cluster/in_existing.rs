//! What a deployment has of a cluster that was there before: its nodes and add-ons as they are, and what is missing made.

use std::sync::Arc;

use async_trait::async_trait;

use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::kube::Client;
use crate::model::{Action, Addr, ObjectId, Readiness, Result};
use crate::phases::Deps;
use crate::phases::site::{Site, borrowed, outputs, until};

use super::addon::EksAddon;
use super::existing_cluster::ExistingNodes;
use super::{addons, beside, own_nodes, the_cluster};

/// The resources in and around a cluster that was there before.
pub(super) fn resources(site: &Arc<Site>, deps: &Deps) -> Vec<Arc<dyn Resource>> {
    let config = &deps.config.spec.cluster;
    let mut all = vec![the_cluster(site, config)];
    match config.existing.as_ref().is_some_and(|existing| existing.node_group) {
        true => all.extend(own_nodes(site, deps)),
        false => all.push(Arc::new(ExistingNodes { site: site.clone() })),
    }
    let wrapped = addons(site, config).into_iter().map(|inner| AddonOrTheirs { inner, deps: deps.clone() });
    all.extend(wrapped.map(|addon| Arc::new(addon) as Arc<dyn Resource>));
    all.extend(beside(site, deps));
    all
}

/// An add-on that is made only if the cluster lacks it: others may have it in EKS, or have put it in themselves.
struct AddonOrTheirs {
    inner: EksAddon,
    deps: Deps,
}

impl AddonOrTheirs {
    /// What is there if others have put the add-on's software in without EKS: group, version, kind, namespace, name.
    fn mark(&self) -> [&'static str; 5] {
        match self.inner.name {
            "vpc-cni" => ["apps", "v1", "DaemonSet", "kube-system", "aws-node"],
            "kube-proxy" => ["apps", "v1", "DaemonSet", "kube-system", "kube-proxy"],
            "coredns" => ["apps", "v1", "Deployment", "kube-system", "coredns"],
            _ => ["storage.k8s.io", "v1", "CSIDriver", "", "ebs.csi.aws.com"],
        }
    }

    async fn put_in_by_others(&self, client: &Client) -> Result<bool> {
        let [group, version, kind, namespace, name] = self.mark().map(str::to_owned);
        Ok(client.get(&ObjectId { group, version, kind, namespace, name }).await?.is_some())
    }

    /// One of others. That it is degraded is for them to mend, and `verify` tells it.
    fn theirs(version: &str, ready: &Readiness) -> Observed {
        let wrong = match ready {
            Readiness::Failed(why) => vec![why.clone()],
            Readiness::Ready | Readiness::Waiting(_) => Vec::new(),
        };
        borrowed(outputs([("version", version)]), wrong)
    }
}

#[async_trait]
impl Resource for AddonOrTheirs {
    fn addr(&self) -> Addr {
        self.inner.addr()
    }

    fn title(&self) -> String {
        self.inner.title()
    }

    fn needs(&self) -> Vec<Addr> {
        let mut needs = self.inner.needs();
        needs.push("cluster/access-caller".into());
        needs
    }

    fn typical(&self) -> std::time::Duration {
        self.inner.typical()
    }

    fn deadline(&self) -> std::time::Duration {
        self.inner.deadline()
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        match self.inner.read(cx).await? {
            Observed::Present(Live { owner: Owner::Other(_), ready, outputs, .. }) => {
                let version = outputs.get("version").map(String::as_str).unwrap_or_default();
                Ok(AddonOrTheirs::theirs(version, &ready))
            }
            Observed::Absent => match self.deps.link.entered(cx).await? {
                Err(why) => Ok(Observed::Unknown(why)),
                Ok(client) if self.put_in_by_others(&client).await? => {
                    Ok(AddonOrTheirs::theirs("not managed by EKS", &Readiness::Ready))
                }
                Ok(_) => Ok(Observed::Absent),
            },
            ours => Ok(ours),
        }
    }

    async fn apply(&self, cx: &Context, action: Action, token: &str) -> Result<Outputs> {
        // When it was planned, nobody may have had access to look.
        if action == Action::Create {
            let what = "looking whether others have put the add-on in";
            let theirs = until(cx, what, std::time::Duration::from_secs(300), || async {
                match self.deps.link.entered(cx).await? {
                    Ok(client) => self.put_in_by_others(&client).await.map(Some),
                    Err(_) => Ok(None),
                }
            });
            if theirs.await? && self.inner.find().await?.is_none() {
                return Ok(Outputs::new());
            }
        }
        self.inner.apply(cx, action, token).await
    }

    async fn delete(&self, cx: &Context, live: &Live) -> Result<()> {
        self.inner.delete(cx, live).await
    }
}
