//! What users made in the cluster and AWS goes on charging for: removed while the controllers run that own it.
//!
//! Source: kubeflow/kubeflow#4382, eksctl#1960 and #253: a controller that goes before its Ingress or Service leaves load balancer and
//! security group behind, and then the VPC can't be deleted.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::Filter;

use crate::aws::Call;
use crate::aws::tags::{self, Tags};
use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::kube::{self, Owned};
use crate::model::{Action, Addr, Error, ErrorClass, Readiness, Result};
use crate::phases::Deps;

use super::volumes::KEEP_TAG;

/// How long a load balancer, or a disk with what uses it, may take to go.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How many objects a message names.
const NAMED: usize = 5;

fn present(objects: &[Owned]) -> Observed {
    if objects.is_empty() {
        return Observed::Absent;
    }
    let named: Vec<String> = objects.iter().take(NAMED).map(Owned::to_string).collect();
    let ready = Readiness::Waiting(format!("{} objects, such as {}", objects.len(), named.join(", ")));
    let outputs = Outputs::from([("objects".into(), objects.len().to_string())]);
    Observed::Present(Live { outputs, owner: Owner::Ours, changes: Vec::new(), ready })
}

fn never_made(addr: &Addr) -> Error {
    Error::new(ErrorClass::Bug, format!("{addr} is made by users, never by a run"))
}

/// Services of type LoadBalancer and Ingresses, everywhere in the cluster.
pub(super) struct Balancers {
    pub(super) deps: Deps,
    /// All that is in the cluster: load balancers go before any of it.
    pub(super) needs: Vec<Addr>,
}

#[async_trait]
impl Resource for Balancers {
    fn addr(&self) -> Addr {
        "cluster/load-balancers".into()
    }

    fn title(&self) -> String {
        "load balancers of Services and Ingresses".into()
    }

    fn needs(&self) -> Vec<Addr> {
        self.needs.clone()
    }

    fn typical(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        match self.deps.link.entered(cx).await? {
            Ok(client) => Ok(present(&kube::balanced(&client).await?)),
            Err(why) => Ok(Observed::Unknown(why)),
        }
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        Err(never_made(&self.addr()))
    }

    async fn delete(&self, cx: &Context, _: &Live) -> Result<()> {
        let Ok(client) = self.deps.link.entered(cx).await? else { return Ok(()) };
        let ids = kube::balanced(&client).await?;
        kube::gone(&client, ids, PATIENCE, &|message| cx.progress(message)).await
    }
}

/// Volume claims whose disks were made for them, as far as they are left when Kubeflow is gone.
pub(super) struct Claims {
    pub(super) deps: Deps,
    /// What makes and deletes disks, and runs the pods that hold them.
    pub(super) needs: Vec<Addr>,
    /// True in a cluster of others: only what went with our namespaces is waited for.
    pub(super) shared: bool,
}

impl Claims {
    async fn found(&self, client: &kube::Client) -> Result<kube::Claims> {
        if self.shared { kube::orphaned(client).await } else { kube::claims(client).await }
    }

    /// Marks disks that stay because their owners said so: the reclaim policy is gone with the cluster.
    async fn keep(&self, disks: &[String]) -> Result<()> {
        if disks.is_empty() {
            return Ok(());
        }
        let why = Tags::from([(KEEP_TAG.to_owned(), "its reclaim policy was Retain".to_owned())]);
        let call = self.deps.aws.ec2.create_tags().set_resources(Some(disks.to_vec()));
        let call = call.set_tags(Some(tags::ec2(&why))).send().await;
        call.unless("ec2:CreateTags", &["InvalidVolume.NotFound"])?;
        Ok(())
    }

    /// Those of the disks that aren't marked yet.
    async fn unmarked(&self, disks: &[String]) -> Result<Vec<String>> {
        if disks.is_empty() {
            return Ok(Vec::new());
        }
        let by = Filter::builder().name("volume-id").set_values(Some(disks.to_vec())).build();
        let found = self.deps.aws.ec2.describe_volumes().filters(by).send().await.call("ec2:DescribeVolumes")?;
        let unmarked = found.volumes().iter().filter(|v| !tags::from_ec2(v.tags()).contains_key(KEEP_TAG));
        Ok(unmarked.filter_map(|v| v.volume_id().map(str::to_owned)).collect())
    }
}

#[async_trait]
impl Resource for Claims {
    fn addr(&self) -> Addr {
        "cluster/volume-claims".into()
    }

    fn title(&self) -> String {
        "volume claims with their disks, and the namespaces that hold them".into()
    }

    fn needs(&self) -> Vec<Addr> {
        self.needs.clone()
    }

    fn typical(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn appears_late(&self) -> bool {
        true
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let client = match self.deps.link.entered(cx).await? {
            Ok(client) => client,
            Err(why) => return Ok(Observed::Unknown(why)),
        };
        let found = self.found(&client).await?;
        let kept = self.unmarked(&found.retained).await?.into_iter().map(|disk| Owned {
            group: String::new(),
            kind: "disk".into(),
            namespace: String::new(),
            name: disk,
        });
        Ok(present(&found.claims.into_iter().chain(kept).collect::<Vec<_>>()))
    }

    async fn apply(&self, _: &Context, _: Action, _: &str) -> Result<Outputs> {
        Err(never_made(&self.addr()))
    }

    async fn delete(&self, cx: &Context, _: &Live) -> Result<()> {
        let Ok(client) = self.deps.link.entered(cx).await? else { return Ok(()) };
        let found = self.found(&client).await?;
        self.keep(&self.unmarked(&found.retained).await?).await?;
        kube::remove_claims(&client, &found.claims, PATIENCE, &|message| cx.progress(message)).await
    }
}
