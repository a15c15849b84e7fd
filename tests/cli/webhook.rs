//! The image webhook as the API server sees it: by HTTPS, with a certificate of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::bin;

const MAPPING: &str = "prefixes: {docker.io: r.example.com/kf/docker.io}\n";

fn openssl(folder: &Path, words: &str) {
    let done =
        Command::new("openssl").current_dir(folder).args(words.split(' ')).stderr(Stdio::null()).status().unwrap();
    assert!(done.success(), "openssl {words}");
}

/// A new certificate for 127.0.0.1, in tls.crt and tls.key, signed by ca.crt, which is made once.
fn certificate(folder: &Path) {
    const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    if !folder.join("ca.crt").exists() {
        openssl(folder, &format!("req -x509 {KEY} -keyout ca.key -out ca.crt -subj /CN=test"));
    }
    openssl(
        folder,
        &format!(
            "req -x509 {KEY} -keyout tls.key -out tls.crt -subj /CN=webhook -CA ca.crt -CAkey ca.key \
             -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE"
        ),
    );
}

/// A running webhook; killed when it is dropped.
struct Webhook {
    child: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Drop for Webhook {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Webhook {
    fn start() -> Webhook {
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        std::fs::write(folder.path().join("mapping.yaml"), MAPPING).unwrap();
        let mut child = Command::new(bin().get_program())
            .args("webhook --listen 127.0.0.1:0 --tls-cert tls.crt --tls-key tls.key".split(' '))
            .args("--mapping mapping.yaml --mapping own.yaml -v".split(' '))
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        let address = line.split("https://").nth(1).and_then(|rest| rest.split(',').next()).expect(&line);
        Webhook { child, address: address.parse().unwrap(), folder }
    }

    fn client(&self) -> reqwest::ClientBuilder {
        let ca = std::fs::read(self.folder.path().join("ca.crt")).unwrap();
        reqwest::Client::builder().tls_certs_only([reqwest::Certificate::from_pem(&ca).unwrap()]).no_proxy()
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// What the first container's image becomes.
    async fn image(&self, client: &reqwest::Client, image: &str) -> Option<String> {
        let answer = client.post(self.url("/mutate")).body(review(image)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(answer["response"]["allowed"], true);
        let patch = answer["response"]["patch"].as_str()?;
        let patch = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, patch).unwrap();
        let patch: Value = serde_json::from_slice(&patch).unwrap();
        patch[1]["value"].as_str().map(str::to_owned)
    }

    async fn text(&self, client: &reqwest::Client, path: &str) -> String {
        client.get(self.url(path)).send().await.unwrap().text().await.unwrap()
    }

    fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    fn ended(&mut self) -> Option<i32> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(20) {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

fn review(image: &str) -> String {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u",
        "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE",
        "object": {"spec": {"containers": [{"name": "a", "image": image}]}}}})
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_counts_and_refuses() {
    let webhook = Webhook::start();
    for _ in 0..2 {
        let client = webhook.client().build().unwrap();
        assert_eq!(webhook.text(&client, "/healthz").await, "ok\n");
        assert_eq!(webhook.text(&client, "/readyz").await, "ok\n");
        assert_eq!(
            webhook.image(&client, "nginx:1").await.as_deref(),
            Some("r.example.com/kf/docker.io/library/nginx:1")
        );
        assert_eq!(webhook.image(&client, "r.example.com/kf/docker.io/library/nginx:1").await, None);
        let status = |request: reqwest::RequestBuilder| async { request.send().await.unwrap().status().as_u16() };
        assert_eq!(status(client.post(webhook.url("/mutate")).body("{}")).await, 400);
        assert_eq!(status(client.get(webhook.url("/mutate"))).await, 405);
        assert_eq!(status(client.get(webhook.url("/"))).await, 404);
    }
    let client = webhook.client().build().unwrap();
    let metrics = webhook.text(&client, "/metrics").await;
    for line in ["reviews_total{outcome=\"rewritten\"} 2", "reviews_total{outcome=\"unchanged\"} 2", "refused_total 2"]
    {
        assert!(metrics.contains(&format!("kfctl_cn_webhook_{line}\n")), "{line}\n{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_or_broken_request_stops_nothing() {
    let webhook = Webhook::start();
    let client = webhook.client().build().unwrap();
    // The server may answer and close before all of it is sent.
    if let Ok(answer) = client.post(webhook.url("/mutate")).body(vec![b' '; 9 << 20]).send().await {
        assert_eq!(answer.status(), 413);
    }
    let mut plain = TcpStream::connect(webhook.address).unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let _ = plain.read(&mut [0; 64]);
    // Somebody who connects and says nothing.
    let _silent = TcpStream::connect(webhook.address).unwrap();
    // The connection of the huge request is closed, which a client learns late.
    let client = webhook.client().build().unwrap();
    assert!(webhook.image(&client, "nginx").await.is_some());
    assert!(webhook.text(&client, "/metrics").await.contains("handshake_failures_total 1\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_change_take_effect_and_bad_ones_dont() {
    let webhook = Webhook::start();
    let client = webhook.client().build().unwrap();
    let until = |expected: &'static str, what: &'static str| {
        let (webhook, client) = (&webhook, &client);
        async move {
            let began = Instant::now();
            while !webhook.text(client, "/metrics").await.contains(expected) {
                assert!(began.elapsed() < Duration::from_secs(20), "{what}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    };
    let own = webhook.folder.path().join("own.yaml");
    std::fs::write(&own, "prefixes: {docker.io/library: r.example.com/own}\n").unwrap();
    certificate(webhook.folder.path());
    until("\nkfctl_cn_webhook_reloads_total 2\n", "both were read again").await;
    // A connection of its own sees the new certificate.
    let fresh = webhook.client().build().unwrap();
    assert_eq!(webhook.image(&fresh, "nginx").await.as_deref(), Some("r.example.com/own/nginx"));
    std::fs::write(&own, "prefixes: [").unwrap();
    std::fs::write(webhook.folder.path().join("tls.key"), "no key").unwrap();
    until("\nkfctl_cn_webhook_reload_failures_total 1\n", "the fault was seen").await;
    let fresh = webhook.client().build().unwrap();
    assert_eq!(webhook.image(&fresh, "nginx").await.as_deref(), Some("r.example.com/own/nginx"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_a_request_in_flight_finish() {
    let mut webhook = Webhook::start();
    let client = webhook.client().http1_only().build().unwrap();
    assert!(webhook.image(&client, "nginx").await.is_some());
    // A body that comes in two parts, with the signal between them.
    let (first, second) = (review("nginx"), String::new());
    let (half, rest) = first.split_at(40);
    let parts = [half.to_owned(), rest.to_owned(), second];
    let parts = futures::stream::unfold(parts.into_iter(), |mut parts| async {
        let part = parts.next()?;
        tokio::time::sleep(Duration::from_millis(400)).await;
        Some((Ok::<_, std::io::Error>(part), parts))
    });
    let sending = client.post(webhook.url("/mutate")).body(reqwest::Body::wrap_stream(parts)).send();
    let sending = tokio::spawn(sending);
    tokio::time::sleep(Duration::from_millis(600)).await;
    webhook.terminate();
    assert_eq!(sending.await.unwrap().expect("the request in flight is answered").status(), 200);
    assert_eq!(webhook.ended(), Some(0));
}

#[test]
fn files_that_cant_be_used_are_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    std::fs::write(folder.path().join("mapping.yaml"), MAPPING).unwrap();
    std::fs::write(folder.path().join("bad.yaml"), "prefixes: {nginx: x}").unwrap();
    let run = |words: &str| bin().current_dir(folder.path()).args(words.split(' ')).assert();
    for (words, code, part) in [
        ("webhook --tls-cert none.crt --tls-key tls.key --mapping mapping.yaml", 74, "none.crt"),
        ("webhook --tls-cert tls.crt --tls-key ca.key --mapping mapping.yaml", 65, "tls.crt can't be used"),
        ("webhook --tls-cert tls.crt --tls-key tls.crt --mapping mapping.yaml", 65, "no private key"),
        ("webhook --tls-cert tls.crt --tls-key tls.key --mapping bad.yaml", 65, "bad.yaml"),
        ("webhook --tls-cert tls.crt --tls-key tls.key", 64, "--mapping"),
    ] {
        let result = run(words).code(code);
        let text = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
        assert!(text.contains(part) && (code == 64 || text.contains("hint: ")), "{text}");
        assert!(!text.contains("PRIVATE KEY"), "{text}");
    }
}
