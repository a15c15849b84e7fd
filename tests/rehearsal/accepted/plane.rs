//! An etcd and an API server, and nothing else.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kfctl_cn::kube::{Client, Endpoint, connect};
use kfctl_cn::model::Secret;

use crate::support;

/// How long the two may take until they answer. They take three seconds; this is for a machine that builds beside it.
const START: Duration = Duration::from_secs(120);

/// An empty cluster without controllers. Ends when dropped, and by itself if the test process is killed.
pub struct Plane {
    process: Child,
    /// A client of its administrator.
    pub client: Client,
    _folder: tempfile::TempDir,
}

impl Plane {
    /// Starts one from a binary, and waits until it answers.
    pub fn start(binary: &Path) -> Plane {
        let folder = tempfile::Builder::new().prefix("kfctl-cn-plane.").tempdir().expect("a temporary folder");
        let [etcd, api] = ports();
        let token = format!("{:032x}", rand::random::<u128>());
        fs::write(folder.path().join("tokens"), format!("{token},admin,admin,\"system:masters\"\n")).expect("tokens");
        let log = fs::File::create(folder.path().join("plane.log")).expect("a log");
        let process = Command::new(binary)
            .args(["up", "--only-api", "--until-eof", "--etcd-port", &etcd.to_string(), "--port", &api.to_string()])
            .arg("--dir")
            .arg(folder.path())
            .arg("--tokens")
            .arg(folder.path().join("tokens"))
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the control plane starts");
        let mut plane = Started { folder, process };
        plane.wait();
        let ca = fs::read(plane.folder.path().join("ca.crt")).expect("a CA");
        let endpoint = Endpoint { url: format!("https://127.0.0.1:{api}"), ca_base64: STANDARD.encode(ca) };
        let source = Arc::new(move || {
            let token = Secret::new(token.clone());
            Box::pin(async move { Ok(token) }) as futures::future::BoxFuture<'static, _>
        });
        let client = connect(&endpoint, source, Arc::new(|_| ())).expect("a client");
        Plane { process: plane.process, client, _folder: plane.folder }
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        // Its parts end with it.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

struct Started {
    folder: tempfile::TempDir,
    process: Child,
}

impl Started {
    fn wait(&mut self) {
        let began = Instant::now();
        while !self.folder.path().join("ready").exists() {
            let ended = self.process.try_wait().expect("a process").is_some();
            if ended || began.elapsed() > START {
                let log = |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
                let _ = self.process.kill();
                panic!("no control plane: {}{}", log("plane.log"), log("kube-apiserver.log"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Two free ports, below those that the kernel gives to outgoing connections.
fn ports() -> [u16; 2] {
    let mut found = std::iter::repeat_with(|| rand::random_range(15000..32000u16))
        .filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let first = found.next().expect("a port");
    [first, found.find(|port| *port != first).expect("a port")]
}

/// The control plane of a version, built if it isn't there yet.
pub fn binary(version: &str) -> PathBuf {
    let done = Command::new(support::root().join("rehearsal/versions"))
        .args(["--path", version])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("rehearsal/versions runs");
    assert!(done.status.success(), "rehearsal/versions --path {version} failed");
    PathBuf::from(String::from_utf8(done.stdout).expect("a path").trim())
}
