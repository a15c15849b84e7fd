//! A local port that leads to a Service: each connection is forwarded to a pod that serves, and a new pod is looked for when one goes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::model::{Object, ObjectId};

use super::pods::{Forward, serves};
use super::{Client, Refusal};

/// Where Kubeflow is entered: namespace, Service and port of Istio's gateway.
pub const GATEWAY: (&str, &str, u16) = ("istio-system", "istio-ingressgateway", 80);

/// How long a connection waits for a pod that serves: about what a pod takes that is started elsewhere.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);
/// What is read at once: forwarded frames of this size keep a download from being slowed by their count.
const BUFFER: usize = 64 * 1024;
/// How long to wait for what the kubelet says of a connection that it ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The way to a port of a Service. Cheap to clone.
#[derive(Clone)]
pub struct Tunnel(Arc<Inner>);

struct Inner {
    client: Client,
    namespace: String,
    service: String,
    port: u16,
    /// The pod in use and its port.
    pod: Mutex<Option<(String, u16)>>,
    /// What was said last, so that it is said once.
    said: Mutex<Option<String>>,
    note: Box<dyn Fn(&str) + Send + Sync>,
}

impl Tunnel {
    /// A way to a port of a Service. `note` is told what goes wrong, and when it is right again. No request is sent.
    pub fn new(
        client: Client,
        (namespace, service, port): (&str, &str, u16),
        note: impl Fn(&str) + Send + Sync + 'static,
    ) -> Self {
        let (namespace, service) = (namespace.to_owned(), service.to_owned());
        let (pod, said) = (Mutex::default(), Mutex::default());
        Tunnel(Arc::new(Inner { client, namespace, service, port, pod, said, note: Box::new(note) }))
    }

    /// Finds a pod that serves.
    ///
    /// # Errors
    /// That there is no such Service or port, or no pod of it is Ready.
    pub async fn find(&self) -> Result<String, Refusal> {
        Ok(self.target().await?.0)
    }

    /// Carries one connection until one side ends it.
    pub async fn carry(&self, mut local: TcpStream) {
        let Some(mut forward) = self.connect().await else { return };
        // A side that is cut ends the other: there is nobody to tell.
        let _ = copy_bidirectional_with_sizes(&mut local, &mut forward.stream, BUFFER, BUFFER).await;
        if let Ok(Some(fault)) = tokio::time::timeout(LAST_WORDS, forward.fault()).await {
            self.say(Some(format!("the pod doesn't answer: {fault}"))).await;
            *self.0.pod.lock().await = None;
        }
    }

    /// A connection to a pod, as soon as there is one.
    async fn connect(&self) -> Option<Forward> {
        let began = Instant::now();
        loop {
            match self.dial().await {
                Ok(forward) => {
                    self.say(None).await;
                    return Some(forward);
                }
                Err(refusal) => {
                    *self.0.pod.lock().await = None;
                    self.say(Some(refusal.to_string())).await;
                    if began.elapsed() > PATIENCE {
                        return None;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// One connection, without waiting for a pod.
    ///
    /// # Errors
    /// That there is no pod that serves, or what the API server or the kubelet refuses.
    pub async fn dial(&self) -> Result<Forward, Refusal> {
        let (pod, port) = self.target().await?;
        self.0.client.forward(&self.0.namespace, &pod, port).await
    }

    /// The pod in use and its port.
    async fn target(&self) -> Result<(String, u16), Refusal> {
        let mut slot = self.0.pod.lock().await;
        if let Some(known) = &*slot {
            return Ok(known.clone());
        }
        let Inner { client, namespace, service, port, .. } = &*self.0;
        let id = ObjectId {
            group: String::new(),
            version: "v1".into(),
            kind: "Service".into(),
            namespace: namespace.clone(),
            name: service.clone(),
        };
        let missing = |what: &str| Refusal {
            hint: Some("run `kfctl-cn verify`: it says what is missing".into()),
            ..Refusal::permanent(what.to_owned())
        };
        let found = client.get(&id).await?.ok_or_else(|| missing(&format!("there is no {id}")))?;
        let entry = port_of(&found, *port).ok_or_else(|| missing(&format!("{id} has no port {port}")))?;
        let pods = client.pods(namespace, &labels(&found)).await?;
        let ready = pods.iter().filter(|pod| serves(pod));
        let mut usable = ready.filter_map(|pod| Some((pod.name().to_owned(), target_port(&entry, pod)?)));
        let chosen = usable.next().ok_or_else(|| missing(&format!("no pod of {id} is Ready")))?;
        *slot = Some(chosen.clone());
        Ok(chosen)
    }

    /// Tells something that wasn't told last; nothing means that all is well.
    async fn say(&self, what: Option<String>) {
        let mut said = self.0.said.lock().await;
        if *said == what {
            return;
        }
        (self.0.note)(what.as_deref().unwrap_or("connected again"));
        *said = what;
    }
}

/// The labels that a Service selects its pods by.
fn labels(service: &Object) -> Vec<(&str, &str)> {
    let selector = service.0.pointer("/spec/selector").and_then(Value::as_object).into_iter().flatten();
    selector.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect()
}

/// The entry of a Service's port.
fn port_of(service: &Object, port: u16) -> Option<Value> {
    let ports = service.0.pointer("/spec/ports")?.as_array()?;
    ports.iter().find(|entry| entry.get("port").and_then(Value::as_u64) == Some(port.into())).cloned()
}

/// The port of a pod that an entry of its Service leads to, by number or by name.
fn target_port(entry: &Value, pod: &Object) -> Option<u16> {
    let number = |value: &Value| value.as_u64().and_then(|n| u16::try_from(n).ok());
    match entry.get("targetPort") {
        None => number(entry.get("port")?),
        Some(Value::String(name)) => {
            let containers = pod.0.pointer("/spec/containers")?.as_array()?;
            let ports = containers.iter().filter_map(|c| c.get("ports")?.as_array()).flatten();
            let named = ports.filter(|p| p.get("name").and_then(Value::as_str) == Some(name));
            named.filter_map(|p| number(p.get("containerPort")?)).next()
        }
        Some(value) => number(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ports_by_number_and_by_name() {
        let service = Object(json!({"spec": {"ports": [
            {"port": 80, "targetPort": "http"}, {"port": 443, "targetPort": 8443}, {"port": 15021},
        ]}}));
        let pod = Object(json!({"spec": {"containers": [{}, {"ports": [{"name": "http", "containerPort": 8080}]}]}}));
        let of = |port| target_port(&port_of(&service, port)?, &pod);
        assert_eq!((of(80), of(443), of(15021), of(81)), (Some(8080), Some(8443), Some(15021), None));
        assert_eq!(target_port(&json!({"port": 80, "targetPort": "grpc"}), &pod), None);
    }
}
