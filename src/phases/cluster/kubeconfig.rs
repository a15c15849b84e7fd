//! A kubeconfig for people, beside the state. It holds no credentials: the token comes from `kfctl-cn eks-token`.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use crate::engine::{Context, Live, Observed, Outputs, Owner, Resource};
use crate::model::{Action, Addr, Readiness, Result};
use crate::phases::local_file;
use crate::phases::site::{Diff, Site, absent_or, live, outputs};

/// The kubeconfig file.
pub(super) struct Kubeconfig {
    pub(super) site: Arc<Site>,
    pub(super) path: PathBuf,
}

impl Kubeconfig {
    /// The file's text; JSON is YAML, and kubectl reads it.
    fn text(&self, cx: &Context) -> Option<String> {
        let (endpoint, ca) = (cx.output("cluster/eks", "endpoint")?, cx.output("cluster/eks", "ca")?);
        let name = cx.output("cluster/eks", "arn")?;
        let exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "kfctl-cn",
            "args": ["eks-token", "--cluster", self.site.cluster, "--region", self.site.region.as_str()],
            "interactiveMode": "Never",
            "installHint": "kfctl-cn must be on PATH",
        });
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": endpoint, "certificate-authority-data": ca}}],
            "users": [{"name": name, "user": {"exec": exec}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        });
        serde_json::to_string_pretty(&config).ok().map(|text| text + "\n")
    }

    fn outputs(&self) -> Outputs {
        outputs([("path", self.path.to_string_lossy().as_ref())])
    }
}

#[async_trait]
impl Resource for Kubeconfig {
    fn addr(&self) -> Addr {
        "cluster/kubeconfig".into()
    }

    fn title(&self) -> String {
        format!("kubeconfig {}", self.path.display())
    }

    fn needs(&self) -> Vec<Addr> {
        vec!["cluster/eks".into()]
    }

    async fn read(&self, cx: &Context) -> Result<Observed> {
        let Some(seen) = local_file::read(&self.path)? else { return Ok(Observed::Absent) };
        let mut diff = Diff::default();
        diff.must("content", Some(seen) == self.text(cx), "of another cluster", "of this cluster");
        Ok(absent_or(Some(live(self.outputs(), Owner::Ours, diff, Readiness::Ready))))
    }

    async fn apply(&self, cx: &Context, _: Action, _: &str) -> Result<Outputs> {
        let text = match self.text(cx) {
            Some(text) => text,
            None => return cx.require("cluster/eks", "endpoint").map(|_| Outputs::new()),
        };
        local_file::write(&self.path, &text)?;
        Ok(self.outputs())
    }

    async fn delete(&self, _: &Context, _: &Live) -> Result<()> {
        local_file::remove(&self.path)
    }
}
