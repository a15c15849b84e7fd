//! Pods from the outside: which ones serve a workload, what they say, and connections to their ports.

use futures::AsyncBufRead;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{LogParams, Portforwarder};
use serde_json::Value;
use tokio::io::DuplexStream;

use crate::model::Object;

use super::{Client, Refusal};

/// Which part of a container's log is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogRange {
    /// The last lines only.
    pub tail: Option<i64>,
    /// The last seconds only.
    pub since: Option<i64>,
    /// What the container said before it was restarted.
    pub previous: bool,
    /// What it says from now on too: the stream ends with the container.
    pub follow: bool,
}

/// An open connection to a port of a pod. It ends when this is dropped.
pub struct Forward {
    /// The bytes.
    pub stream: DuplexStream,
    connection: Portforwarder,
    port: u16,
}

impl Forward {
    /// What the kubelet has to say of a connection that ended, such as that nothing listens on the port.
    pub async fn fault(mut self) -> Option<String> {
        drop(self.stream);
        let error = self.connection.take_error(self.port)?.await;
        error.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

impl Client {
    /// The pods of a namespace that carry all of these labels.
    ///
    /// # Errors
    /// What the API server refuses.
    pub async fn pods(&self, namespace: &str, labels: &[(&str, &str)]) -> Result<Vec<Object>, Refusal> {
        let discovery = self.discovery().await?;
        match discovery.preferred("", "Pod") {
            Some(kind) => self.select(kind, namespace, labels).await,
            None => Ok(Vec::new()),
        }
    }

    /// The log of a container as a stream of lines.
    ///
    /// # Errors
    /// What the API server or the kubelet refuses.
    pub async fn log(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        range: &LogRange,
    ) -> Result<impl AsyncBufRead + use<>, Refusal> {
        let params = LogParams {
            container: Some(container.to_owned()),
            follow: range.follow,
            previous: range.previous,
            since_seconds: range.since,
            tail_lines: range.tail,
            ..LogParams::default()
        };
        let pods: Api<Pod> = Api::namespaced(self.lasting().await?, namespace);
        match pods.log_stream(pod, &params).await {
            Ok(stream) => Ok(stream),
            Err(error) => Err(self.refused(error).await),
        }
    }

    /// Connects to a port of a pod, through the API server and the kubelet.
    ///
    /// # Errors
    /// What the API server or the kubelet refuses. That nothing listens on the port is told later, by [`Forward::fault`].
    pub async fn forward(&self, namespace: &str, pod: &str, port: u16) -> Result<Forward, Refusal> {
        let pods: Api<Pod> = Api::namespaced(self.lasting().await?, namespace);
        let mut connection = match pods.portforward(pod, &[port]).await {
            Ok(connection) => connection,
            Err(error) => return Err(self.refused(error).await),
        };
        let stream =
            connection.take_stream(port).ok_or_else(|| Refusal::permanent(format!("no stream to port {port}")))?;
        Ok(Forward { stream, connection, port })
    }
}

/// True of a pod that serves: it is Ready and stays.
pub fn serves(pod: &Object) -> bool {
    let conditions = pod.0.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let text = |condition: &Value, key: &str| condition.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let ready = conditions.clone().any(|c| text(c, "type") == "Ready" && text(c, "status") == "True");
    ready && pod.0.pointer("/metadata/deletionTimestamp").is_none()
}

/// The names of a pod's containers, those that come first first.
pub fn containers(pod: &Object) -> Vec<&str> {
    let of = |list: &str| pod.0.pointer(list).and_then(Value::as_array).into_iter().flatten();
    let all = of("/spec/initContainers").chain(of("/spec/containers"));
    all.filter_map(|container| container.get("name").and_then(Value::as_str)).collect()
}
