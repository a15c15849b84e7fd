//! `open` and `logs`: what is reached through the API server and the kubelets.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::environment::{World, said};
use super::kubernetes::client;

/// An `open` that runs.
struct Open {
    child: Child,
    port: u16,
}

impl Open {
    fn start(world: &World) -> Open {
        let log = world.work().join("open.log");
        let child = world.spawn(&["open", "--port", "0", "--no-browser", "-o", "json"], &log);
        let began = Instant::now();
        let text = loop {
            let text = fs::read_to_string(&log).unwrap_or_default();
            if text.contains('}') {
                break text;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "no address of `open`: {text}");
            std::thread::sleep(Duration::from_millis(50));
        };
        let opened: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let port = opened["url"].as_str().and_then(|url| url.strip_prefix("http://localhost:")?.parse().ok());
        assert_eq!(opened["credentials"], "kfctl-cn credentials");
        Open { child, port: port.unwrap_or_else(|| panic!("{text}")) }
    }

    fn get(&self, path: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the port is listened on");
        stream.set_read_timeout(Some(Duration::from_secs(90))).expect("a limit");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a request");
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut head).expect("an answer") > 0, "ended early: {head}");
        }
        // Simulated kubelets keep a connection whose server has ended it, so its length is what counts.
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).expect("a length");
        let mut body = vec![0; length.parse().expect("a number")];
        stream.read_exact(&mut body).expect("the whole body");
        (head, body)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Strangers are sent to the login, two clients at once get every byte, another pod is found, and Ctrl-C ends it with 0.
pub fn the_gateway_is_reached(world: &World) {
    let mut open = Open::start(world);
    let (head, _) = open.get("/");
    assert!(head.starts_with("HTTP/1.1 302 ") && head.contains("\r\nLocation: /dex/auth?"), "{head}");
    const LENGTH: usize = 20_000_000;
    std::thread::scope(|scope| {
        let download = || open.get(&format!("/bytes/{LENGTH}"));
        for client in [scope.spawn(download), scope.spawn(download)] {
            assert_eq!(client.join().expect("a client").1.len(), LENGTH);
        }
    });
    the_pods_go(world);
    let (head, _) = open.get("/");
    assert!(head.starts_with("HTTP/1.1 302 "), "{head}");
    let id = open.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill").success());
    assert_eq!(open.child.wait().expect("an end").code(), Some(0));
}

/// Deletes the gateway's pods.
fn the_pods_go(world: &World) {
    let service = world.get("/api/v1/namespaces/istio-system/services/istio-ingressgateway");
    let app = service["spec"]["selector"]["app"].as_str().expect("a selector");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let client = client(world).await;
        let discovery = client.discovery().await.expect("the kinds");
        let kind = discovery.preferred("", "Pod").expect("pods");
        let pods = client.pods("istio-system", &[("app", app)]).await.expect("the pods");
        assert!(!pods.is_empty());
        for pod in pods {
            client.delete(kind, "istio-system", pod.name()).await.expect("a pod goes");
        }
    });
}

/// Lines carry who said them, and a word that means nothing is told with those that mean something.
pub fn logs_are_read(world: &World) {
    let text = String::from_utf8_lossy(&world.succeeds(&["logs", "istio", "--tail", "1"]).stdout).into_owned();
    let line = |line: &str| line.ends_with(" | its kubelet is simulated");
    assert!(
        text.lines().any(|l| l.starts_with("istio-system/istio-ingressgateway-")) && text.lines().all(line),
        "{text}"
    );
    let text = String::from_utf8_lossy(&world.succeeds(&["logs", "platform", "-o", "json"]).stdout).into_owned();
    let first: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["line"], "nothing runs in this pod", "{text}");
    let unknown = world.run(&["logs", "katob"]);
    assert_eq!(unknown.status.code(), Some(64), "{}", said(&unknown));
    assert!(said(&unknown).contains("nothing in the cluster is called `katob`"), "{}", said(&unknown));
}
