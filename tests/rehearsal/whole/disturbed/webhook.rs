//! An admission webhook of others refuses what `up` makes and what `down` deletes, and then doesn't answer at all.

use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Run, world};
use crate::whole::environment::World;

const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
const REFUSAL: &str = "admission webhook \"policy.company.example\" denied the request: not on a Friday";
const FREES: &str = "`kubectl delete validatingwebhookconfiguration company-policy` takes it out of the way";
/// Answers every review with a refusal.
const SERVER: &str = r#"
import http.server, json, ssl, sys
class Refuse(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = {"uid": asked["request"]["uid"], "allowed": False, "status": {"code": 403, "message": "not on a Friday"}}
        text = json.dumps({"apiVersion": asked["apiVersion"], "kind": asked["kind"], "response": answer}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("tls.crt", "tls.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"#;

struct Policy {
    server: Child,
    port: String,
    ca: String,
}

impl Policy {
    fn start(world: &World) -> Policy {
        let ca = world.certificate();
        let mut server = Command::new("python3");
        let server = server.args(["-c", SERVER]).current_dir(world.work()).stdin(Stdio::null());
        let mut server = server.stdout(Stdio::piped()).spawn().expect("python3");
        let mut line = String::new();
        let out = server.stdout.take().expect("its output");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).expect("a port");
        Policy { server, port: line.trim().into(), ca: STANDARD.encode(ca) }
    }

    /// Refuses these operations on Deployments.
    fn refuses(&self, world: &World, operations: &[&str]) {
        let rule = json!({"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": operations, "resources": ["deployments"]});
        let client = json!({"url": format!("https://127.0.0.1:{}/", self.port), "caBundle": self.ca});
        let hook = json!({"name": "policy.company.example", "clientConfig": client, "rules": [rule], "sideEffects": "None",
            "admissionReviewVersions": ["v1"], "failurePolicy": "Fail", "timeoutSeconds": 3});
        let kind = "ValidatingWebhookConfiguration";
        let object = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind,
            "metadata": {"name": "company-policy"}, "webhooks": [hook]});
        world.send("POST", CONFIGURATIONS, object).expect("a webhook");
    }
}

fn is_lifted(world: &World) {
    world.send("DELETE", &format!("{CONFIGURATIONS}/company-policy"), Value::Null).expect("it goes");
}

impl Drop for Policy {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn a_webhook_that_refuses_ends_a_run_and_one_that_is_dead_holds_it_up() {
    let world = world("cn-north-1");
    let mut policy = Policy::start(&world);
    policy.refuses(&world, &["CREATE", "UPDATE"]);
    let said = world.ends_with(&["up", "--yes"], 1);
    for words in ["Deployment/", REFUSAL, "hint: an admission webhook refuses the object", "kfctl-cn up"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    is_lifted(&world);
    world.succeeds(&["up", "--yes"]);
    world.is_whole();

    // Somebody removed a Deployment, and a webhook that doesn't answer lets nobody make it.
    world.send("DELETE", "/apis/apps/v1/namespaces/auth/deployments/dex", Value::Null).expect("it goes");
    policy.server.kill().expect("it ends");
    policy.refuses(&world, &["CREATE"]);
    let mut up = Run::begin(&world, &["up", "--yes"]);
    up.says(&["Deployment/dex in auth", "failed calling webhook \"policy.company.example\"", FREES]);
    is_lifted(&world);
    up.succeeds();
    world.is_whole();

    let mut policy = Policy::start(&world);
    policy.refuses(&world, &["DELETE"]);
    let said = world.ends_with(&["down", "--yes", "--delete-data"], 1);
    for words in ["Deployment/", "can't be deleted", REFUSAL, "hint: an admission webhook refuses", "kfctl-cn down"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    policy.server.kill().expect("it ends");
    let mut down = Run::begin(&world, &["down", "--yes", "--delete-data"]);
    down.says(&["Deployment/", "failed calling webhook \"policy.company.example\""]);
    down.says(&["Deployment/", FREES]);
    is_lifted(&world);
    down.succeeds();
    world.is_empty();
}
