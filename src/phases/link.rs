//! The way to the cluster's API server, once there is one.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::aws::Clients;
use crate::engine::Context;
use crate::kube::{Client, Endpoint, Tell, TokenSource, connect};
use crate::model::Result;

use super::manifests::Renders;

/// Connects to the cluster when it is first needed, from the outputs of `cluster/eks`, and again if they change.
pub struct Link {
    token: TokenSource,
    tell: Tell,
    current: Mutex<Option<(Endpoint, Client)>>,
    /// What was rendered for the cluster in this run.
    pub renders: Renders,
    /// What was rendered for the names of images alone.
    pub names: Renders,
}

impl Link {
    /// A link to the EKS cluster of this name; its tokens are signed with the credentials of the clients. `tell` hears of an API server
    /// that lets requests wait.
    pub fn new(cluster: &str, clients: &Clients, tell: Tell) -> Self {
        let (cluster, clients) = (cluster.to_owned(), clients.clone());
        let token: TokenSource = Arc::new(move || {
            let (cluster, clients) = (cluster.clone(), clients.clone());
            Box::pin(async move { clients.eks_token(&cluster).await })
        });
        Link { token, tell, current: Mutex::new(None), renders: Renders::default(), names: Renders::default() }
    }

    /// A client, or `None` while `cluster/eks` doesn't exist. No request is sent.
    pub async fn client(&self, cx: &Context) -> Result<Option<Client>> {
        let (Some(url), Some(ca)) = (cx.output("cluster/eks", "endpoint"), cx.output("cluster/eks", "ca")) else {
            return Ok(None);
        };
        let endpoint = Endpoint { url: url.into(), ca_base64: ca.into() };
        self.at(endpoint).await.map(Some)
    }

    /// A client that the caller has access with, or why there is none yet.
    pub async fn entered(&self, cx: &Context) -> Result<std::result::Result<Client, String>> {
        let none = || "the cluster doesn't exist yet".to_owned();
        if cx.output("cluster/access-caller", "principal").is_none() {
            return Ok(Err(none()));
        }
        Ok(self.client(cx).await?.ok_or_else(none))
    }

    /// A client of an endpoint; the same one as long as the endpoint is the same.
    pub async fn at(&self, endpoint: Endpoint) -> Result<Client> {
        let mut current = self.current.lock().await;
        if let Some((known, client)) = &*current
            && *known == endpoint
        {
            return Ok(client.clone());
        }
        let client = connect(&endpoint, self.token.clone(), self.tell.clone())?;
        *current = Some((endpoint, client.clone()));
        Ok(client)
    }
}
