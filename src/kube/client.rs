//! Requests to the API server, on objects as data.

use std::sync::Arc;

use http::{Method, Request, header};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::model::{Object, ObjectId, Result, Secret};

use super::connect::Tokens;
use super::refusal::from_kube;
use super::silence::{Silence, Tell};
use super::{Discovery, FIELD_MANAGER, Kind, Refusal};

/// How many objects a page of a list holds.
const PAGE: usize = 500;
const JSON: &str = "application/json";
/// A JSON body is YAML too.
const APPLY: &str = "application/apply-patch+yaml";
/// Both lists of the API in one answer each, instead of one request a group.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/// A client of one API server. Cheap to clone.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: ::kube::Client,
    /// For connections that stay open: without a limit for silence.
    config: ::kube::Config,
    /// What people are told when it doesn't answer.
    url: String,
    tokens: Tokens,
    silence: Silence,
    discovery: Mutex<Option<Arc<Discovery>>>,
}

impl Client {
    pub(super) fn new(http: ::kube::Client, config: ::kube::Config, url: &str, tokens: Tokens, tell: Tell) -> Self {
        let silence = Silence::new(url, tell);
        Client(Arc::new(Inner { http, config, url: url.into(), tokens, silence, discovery: Mutex::new(None) }))
    }

    /// A client of the library with a fresh token, for connections that stay open: nothing is said on them for as long as
    /// nobody speaks.
    pub(super) async fn lasting(&self) -> Result<::kube::Client, Refusal> {
        let token = self.0.tokens.get().await?;
        let mut config = self.0.config.clone();
        config.read_timeout = None;
        config.auth_info.token = Some(token.expose().to_owned().into());
        ::kube::Client::try_from(config).map_err(|e| Refusal::permanent(e.to_string()))
    }

    /// What an error of such a client means. After a refused token the next one is new.
    pub(super) async fn refused(&self, error: ::kube::Error) -> Refusal {
        let refusal = from_kube(error, &self.0.url);
        if refusal.code == 401
            && let Ok(token) = self.0.tokens.get().await
        {
            self.0.tokens.drop_token(&token).await;
        }
        refusal
    }

    /// The objects of a kind in a namespace that carry all of these labels.
    pub async fn select(&self, kind: &Kind, namespace: &str, labels: &[(&str, &str)]) -> Result<Vec<Object>, Refusal> {
        let wanted: Vec<String> =
            labels.iter().map(|(key, value)| format!("{key}%3D{value}").replace('/', "%2F")).collect();
        let path = format!("{}?labelSelector={}", kind.path(namespace, ""), wanted.join("%2C"));
        let mut answer = self.send(Method::GET, &path, JSON, None).await?;
        match answer.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => Ok(items.into_iter().map(Object).collect()),
            _ => Ok(Vec::new()),
        }
    }

    /// The kinds that the server serves; asked once, until [`Client::rediscover`].
    pub async fn discovery(&self) -> Result<Arc<Discovery>, Refusal> {
        let mut slot = self.0.discovery.lock().await;
        if let Some(discovery) = &*slot {
            return Ok(discovery.clone());
        }
        let mut discovery = Discovery::default();
        for path in ["/api", "/apis"] {
            discovery.add(&self.send(Method::GET, path, AGGREGATED, None).await?);
        }
        let discovery = Arc::new(discovery);
        *slot = Some(discovery.clone());
        Ok(discovery)
    }

    /// Asks again for the kinds at the next need, after CRDs have come or gone.
    pub async fn rediscover(&self) {
        *self.0.discovery.lock().await = None;
    }

    /// The object, or `None` if it or its kind doesn't exist.
    pub async fn get(&self, id: &ObjectId) -> Result<Option<Object>, Refusal> {
        let discovery = self.discovery().await?;
        let Some(kind) = discovery.find(&id.group, &id.version, &id.kind) else { return Ok(None) };
        match self.send(Method::GET, &kind.path(&id.namespace, &id.name), JSON, None).await {
            Ok(value) => Ok(Some(Object(value))),
            Err(refusal) if refusal.code == 404 => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// All objects of a kind in all namespaces, page by page. The items carry `apiVersion` and `kind`.
    pub async fn list(&self, kind: &Kind) -> Result<Vec<Object>, Refusal> {
        let mut objects = Vec::new();
        let mut next = String::new();
        loop {
            let more = if next.is_empty() { String::new() } else { format!("&continue={next}") };
            let path = format!("{}?limit={PAGE}{more}", kind.path("", ""));
            let mut page = self.send(Method::GET, &path, JSON, None).await?;
            next = page.pointer("/metadata/continue").and_then(Value::as_str).unwrap_or_default().to_owned();
            if let Some(Value::Array(items)) = page.get_mut("items").map(Value::take) {
                objects.extend(items.into_iter().map(|mut item| {
                    item["apiVersion"] = kind.api_version().into();
                    item["kind"] = kind.kind.clone().into();
                    Object(item)
                }));
            }
            if next.is_empty() {
                return Ok(objects);
            }
        }
    }

    /// Server-side apply; fields that another manager holds become ours. The answer is the object as it is now.
    pub async fn apply(&self, kind: &Kind, object: &Object) -> Result<Object, Refusal> {
        self.apply_as(kind, object, FIELD_MANAGER).await
    }

    /// [`Client::apply`] in the name of another field manager, for tests that play somebody else.
    pub async fn apply_as(&self, kind: &Kind, object: &Object, manager: &str) -> Result<Object, Refusal> {
        self.patch(kind, object, &format!("fieldManager={manager}&force=true")).await
    }

    /// What [`Client::apply`] would answer; nothing is written. Without `force`, fields with other values that another manager
    /// holds are refused with status 409, and the message names manager and fields.
    pub async fn dry_run(&self, kind: &Kind, object: &Object, force: bool) -> Result<Object, Refusal> {
        self.patch(kind, object, &format!("fieldManager={FIELD_MANAGER}&force={force}&dryRun=All")).await
    }

    async fn patch(&self, kind: &Kind, object: &Object, query: &str) -> Result<Object, Refusal> {
        let path = format!("{}?{query}", kind.path(object.namespace(), object.name()));
        let body = serde_json::to_vec(&object.0).map_err(|e| Refusal::permanent(e.to_string()))?;
        self.send(Method::PATCH, &path, JSON, Some(body)).await.map(Object)
    }

    /// Starts the removal; what the object owns goes in the background. Already gone is success.
    pub async fn delete(&self, kind: &Kind, namespace: &str, name: &str) -> Result<(), Refusal> {
        let path = format!("{}?propagationPolicy=Background", kind.path(namespace, name));
        match self.send(Method::DELETE, &path, JSON, None).await {
            Err(refusal) if refusal.code != 404 => Err(refusal),
            _ => Ok(()),
        }
    }

    /// One request, with a fresh token if the one in use is refused.
    async fn send(&self, method: Method, path: &str, accept: &str, body: Option<Vec<u8>>) -> Result<Value, Refusal> {
        let token = self.0.tokens.get().await?;
        match self.once(&method, path, accept, body.clone(), &token).await {
            Err(refusal) if refusal.code == 401 => {
                self.0.tokens.drop_token(&token).await;
                let token = self.0.tokens.get().await?;
                self.once(&method, path, accept, body, &token).await
            }
            answer => answer,
        }
    }

    async fn once(
        &self,
        method: &Method,
        path: &str,
        accept: &str,
        body: Option<Vec<u8>>,
        token: &Secret,
    ) -> Result<Value, Refusal> {
        let mut bearer = header::HeaderValue::try_from(format!("Bearer {}", token.expose()))
            .map_err(|_| Refusal::permanent("the token for the cluster is no header value".into()))?;
        bearer.set_sensitive(true);
        let mut request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(header::AUTHORIZATION, bearer)
            .header(header::ACCEPT, accept);
        if *method == Method::PATCH {
            request = request.header(header::CONTENT_TYPE, APPLY);
        }
        let request =
            request.body(body.unwrap_or_default()).map_err(|e| Refusal::permanent(format!("`{path}`: {e}")))?;
        let answer = self.0.silence.watch(self.0.http.request_text(request)).await;
        let text = answer.map_err(|e| from_kube(e, &self.0.url))?;
        serde_json::from_str(&text).map_err(|e| Refusal::permanent(format!("the answer to {path} is no JSON: {e}")))
    }
}
