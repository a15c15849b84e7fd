use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, Response};
use http_body_util::Full;
use hyper::service::service_fn;
use serde_json::{Value, json};

use super::*;
use crate::kube::{Endpoint, connect};
use crate::model::Secret;

/// A self-signed certificate of nobody: the client wants a CA, which plain HTTP never asks for.
const CA: &str = "-----BEGIN CERTIFICATE-----
MIIBdjCCARugAwIBAgIUe3CS/iCvMlEY8faoGF2OJYz5Y4EwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjYwMjEzMzVaGA8yMTI2MTEwMjAyMTMz
NVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFNd
sWw9Pz1rXOsm8VkAoV3Px8aB/ezG6SfstKyMdWInfVxhih147lBdw92NLV63ueG7
koJSrU7SlXc7yhwr1nejUzBRMB0GA1UdDgQWBBRPNhltb37IdEKn6/wx9+WNnL8p
6TAfBgNVHSMEGDAWgBRPNhltb37IdEKn6/wx9+WNnL8p6TAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0kAMEYCIQC3JHAkzjiEBQAFl370rqh8cPLvXkDahDlo
ME4E81GhhAIhAJrZwvEL1WC5gPqwbsiuBRKnBA/XyKexu+0vI+NaTDzT
-----END CERTIFICATE-----
";
const REFUSED: &str = "Internal error occurred: failed calling webhook \"webhook.cert-manager.io\": failed to call webhook: \
    Post \"https://cert-manager-webhook.cert-manager.svc:443/mutate?timeout=10s\": x509: certificate signed by unknown authority";

/// An API server whose webhook begins to answer after `late` calls; what it was asked is in the list.
struct Server {
    late: usize,
    calls: AtomicUsize,
    asked: Mutex<Vec<String>>,
}

impl Server {
    fn answer<B>(&self, request: &Request<B>) -> (u16, Value) {
        let path = request.uri().to_string();
        if path == "/api" || path == "/apis" {
            let resource = json!({"resource": "certificates", "scope": "Namespaced", "verbs": ["list"],
                "responseKind": {"kind": "Certificate"}});
            let versions = json!([{"version": "v1", "resources": [resource]}]);
            let groups = json!([{"metadata": {"name": GROUP}, "versions": versions}]);
            return (200, json!({"items": if path == "/apis" { groups } else { json!([]) }}));
        }
        self.asked.lock().unwrap().push(format!("{} {path}", request.method()));
        if self.calls.fetch_add(1, Ordering::SeqCst) < self.late {
            return (
                500,
                json!({"kind": "Status", "status": "Failure", "code": 500, "message": REFUSED, "reason": "InternalError"}),
            );
        }
        (200, json!({"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": "serving"}}))
    }
}

async fn serve(late: usize) -> (Client, Arc<Server>) {
    let server = Arc::new(Server { late, calls: AtomicUsize::new(0), asked: Mutex::default() });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let shared = server.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let shared = shared.clone();
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let (code, body) = shared.answer(&request);
                let response = Response::builder().status(code).header("content-type", "application/json");
                let response = response.body(Full::new(bytes::Bytes::from(body.to_string()))).unwrap();
                async move { Ok::<_, Infallible>(response) }
            });
            let stream = hyper_util::rt::TokioIo::new(stream);
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(stream, service));
        }
    });
    let endpoint = Endpoint { url, ca_base64: STANDARD.encode(CA) };
    let client = connect(&endpoint, Arc::new(|| Box::pin(async { Ok(Secret::new("t")) })), Arc::new(|_| ())).unwrap();
    (client, server)
}

fn certificate() -> Vec<Object> {
    vec![Object(json!({"apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": {"name": "serving", "namespace": "kubeflow"}}))]
}

#[tokio::test]
async fn a_webhook_that_is_late_is_waited_for_without_a_write() {
    let (client, server) = serve(2).await;
    let said = Mutex::new(Vec::new());
    let progress = |message| said.lock().unwrap().push(message);
    cert_manager(&client, &certificate(), PATIENCE, &progress).await.unwrap();
    let asked = server.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked.iter().all(|call| call.starts_with("PATCH") && call.contains("dryRun=All")), "{asked:?}");
    let said = said.into_inner().unwrap();
    assert_eq!(said.len(), 2);
    assert!(said[0].contains("doesn't answer yet") && said[0].contains("unknown authority"), "{said:?}");
}

#[tokio::test]
async fn a_webhook_that_never_answers_ends_with_what_to_look_at() {
    let (client, _) = serve(usize::MAX).await;
    let error = cert_manager(&client, &certificate(), Duration::ZERO, &|_| {}).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Timeout);
    assert!(error.to_string().contains("cert-manager's webhook doesn't answer"), "{error}");
    assert!(error.hints.iter().any(|hint| hint.contains("security group")), "{:?}", error.hints);
}

#[tokio::test]
async fn without_objects_of_cert_manager_nothing_is_asked() {
    let (client, server) = serve(0).await;
    cert_manager(&client, &[], PATIENCE, &|_| {}).await.unwrap();
    assert!(server.asked.lock().unwrap().is_empty());
}
