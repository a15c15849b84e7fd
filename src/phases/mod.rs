//! The resources of each phase, one folder a phase.

pub mod cluster;
pub mod data;
pub mod gpu;
pub mod images;
pub mod karpenter;
pub mod kubeflow;
pub mod link;
mod local_file;
pub mod manifests;
mod part;
mod pieces;
pub mod platform;
pub mod site;
mod storage_class;
pub mod teardown;

use std::path::PathBuf;
use std::sync::Arc;

use crate::adapt::Set;
use crate::aws::Clients;
use crate::bundle::Bundle;
use crate::config::Config;
use crate::engine::Resource;
use crate::model::Result;

use link::Link;
use manifests::{Rendered, offline_values};

pub use pieces::{Piece, Pieces, pieces};

/// What the resources of every phase are made from.
#[derive(Clone)]
pub struct Deps {
    /// The configuration, validated.
    pub config: Arc<Config>,
    /// The clients of its region.
    pub aws: Clients,

    /// The upstream files, verified.
    pub bundle: Arc<Bundle>,

    /// The way to the cluster's API server.
    pub link: Arc<Link>,

    /// The account that the credentials belong to, 12 digits.
    pub account: String,

    /// The ARN of the caller, as `sts:GetCallerIdentity` says it.
    pub caller_arn: String,

    /// The folder of the deployment's state, for files that are made for people, such as the kubeconfig.
    pub state_dir: PathBuf,

    /// Whether a database that is removed leaves a last snapshot.
    pub final_snapshot: bool,
}

impl Deps {
    /// A set as far as nothing in AWS need be known: for the names of its objects and images.
    ///
    /// # Errors
    /// What the render refuses.
    pub(crate) async fn named(&self, set: Set) -> Result<Arc<Rendered>> {
        let mut values = offline_values(&self.config);
        values.account.clone_from(&self.account);
        values.registry = self.config.registry(&self.account);
        self.link.names.get(set, &self.config, &self.bundle, values).await
    }
}

/// The resources whose outputs the objects in the cluster depend on: those in AWS.
pub fn in_aws(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    let mut all = cluster::resources(deps);
    all.extend(data::resources(deps));
    all.extend(karpenter::aws::resources(deps));
    all
}

/// The resources of all phases that the configuration asks for. Their order means nothing: needs order the work.
pub fn resources(deps: &Deps) -> Vec<Arc<dyn Resource>> {
    let mut all = in_aws(deps);
    all.extend(images::resources(deps));
    all.extend(platform::resources(deps));
    all.extend(kubeflow::resources(deps));
    all.extend(gpu::resources(deps));
    all.extend(karpenter::cluster::resources(deps));
    all
}
