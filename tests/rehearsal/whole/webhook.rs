//! The image webhook, asked by a real API server as the embedded manifest tells it to.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt, stream};
use kfctl_cn::adapt::{Set, own_objects};
use kfctl_cn::config;
use kfctl_cn::phases::manifests::offline_values;
use serde_json::{Value, json};

use super::environment::{Parts, World};
use crate::support;

const ECR: &str = "000000000000.dkr.ecr.cn-north-1.amazonaws.com.cn/kfctl-cn";

#[tokio::test(flavor = "multi_thread")]
async fn pods_of_every_kind_pull_from_the_registry() {
    let world = World::start("cn-north-1", 0.0, support::sample_bundle(), Parts::All);
    let kubeconfig = kube::config::Kubeconfig::read_from(world.var("REHEARSAL_KUBECONFIG")).unwrap();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await.unwrap();
    let api = Api(kube::Client::try_from(config).unwrap());
    let mut webhook = start(&world);
    for (name, labels) in [
        ("team", json!({"app.kubernetes.io/part-of": "kubeflow-profile"})),
        ("chosen", json!({"kfctl-cn/image-webhook": "enabled"})),
        ("out", json!({"app.kubernetes.io/part-of": "kubeflow-profile", "kfctl-cn/image-webhook": "disabled"})),
        ("other", json!({})),
    ] {
        api.create("/api/v1/namespaces", json!({"metadata": {"name": name, "labels": labels}})).await;
    }
    api.create(CONFIGURATIONS, configuration(&world, webhook.1)).await;
    api.create("/apis/batch/v1/namespaces/team/cronjobs", cron_job()).await;
    only_the_namespaces_meant(&api).await;
    workloads(&api).await;
    ephemeral_container(&api).await;
    let with = load(&api, "team").await;
    let without = load(&api, "other").await;
    println!("dry-run creation of a pod, 400 by 16 at once: {with} with the webhook, {without} without");
    cron(&api).await;
    webhook.0.kill().unwrap();
    webhook.0.wait().unwrap();
    let began = Instant::now();
    let pod = api.create("/api/v1/namespaces/team/pods", pod("down", &["nginx:1"])).await;
    assert_eq!(images(&pod), ["nginx:1"]);
    println!("creation of a pod while the webhook is down: {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(5), "a webhook that is down holds up pods");
}

const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

struct Api(kube::Client);

impl Api {
    async fn send(&self, method: &str, path: &str, kind: &str, body: Value) -> Result<Value, kube::Error> {
        let request = http::Request::builder().method(method).uri(path).header("content-type", kind);
        self.0.request(request.body(body.to_string().into_bytes()).unwrap()).await
    }

    async fn create(&self, path: &str, object: Value) -> Value {
        let made = self.send("POST", path, "application/json", object).await;
        made.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The images of the pods of `team` that have a label, once there is one.
    async fn pods(&self, selector: &str) -> Vec<String> {
        let path = format!("/api/v1/namespaces/team/pods?labelSelector={selector}");
        for _ in 0..900 {
            let list = self.send("GET", &path, "application/json", Value::Null).await.unwrap();
            if let Some(pod) = list["items"].as_array().and_then(|items| items.first()) {
                return images(pod);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no pod has the label {selector}");
    }
}

impl World {
    /// A certificate of loopback, `tls.crt` and `tls.key` in the folder to work in; returns that of its CA.
    pub fn certificate(&self) -> Vec<u8> {
        for words in [
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout ca.key -out ca.crt -subj /CN=test",
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout tls.key -out tls.crt -subj /CN=hook \
             -CA ca.crt -CAkey ca.key -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE",
        ] {
            let words = words.split_whitespace();
            let done =
                Command::new("openssl").current_dir(self.work()).args(words).stderr(Stdio::null()).status().unwrap();
            assert!(done.success());
        }
        std::fs::read(self.work().join("ca.crt")).unwrap()
    }
}

/// The webhook and its port.
fn start(world: &World) -> (Killed, u16) {
    let folder = world.work();
    world.certificate();
    let mapping = embedded(&folder).into_iter().find(|o| o["kind"] == "ConfigMap").unwrap();
    std::fs::write(folder.join("mapping.yaml"), mapping["data"]["mapping.yaml"].as_str().unwrap()).unwrap();
    let arguments = "webhook --listen 127.0.0.1:0 --tls-cert tls.crt --tls-key tls.key --mapping mapping.yaml";
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let mut child = world.command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let port =
        line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split(',').next()).and_then(|port| port.parse().ok());
    (Killed(child), port.expect(&line))
}

/// A process that ends with the test.
struct Killed(Child);

impl std::ops::Deref for Killed {
    type Target = Child;
    fn deref(&self) -> &Child {
        &self.0
    }
}

impl std::ops::DerefMut for Killed {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The objects that `up` applies.
fn embedded(work: &Path) -> Vec<Value> {
    let config = config::load(&work.join("kfctl-cn.yaml")).unwrap();
    own_objects(Set::ImageWebhook, &offline_values(&config)).unwrap().into_iter().map(|object| object.0).collect()
}

/// The embedded configuration, with an address on loopback in place of the Service.
fn configuration(world: &World, port: u16) -> Value {
    let kind = "MutatingWebhookConfiguration";
    let mut object = embedded(&world.work()).into_iter().find(|object| object["kind"] == kind).unwrap();
    let ca = STANDARD.encode(std::fs::read(world.work().join("ca.crt")).unwrap());
    for hook in object["webhooks"].as_array_mut().unwrap() {
        hook["clientConfig"] = json!({"url": format!("https://127.0.0.1:{port}/mutate"), "caBundle": ca});
    }
    object
}

fn pod(name: &str, of: &[&str]) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"of": name}}, "spec": spec(of)})
}

fn spec(of: &[&str]) -> Value {
    let containers: Vec<Value> =
        of.iter().enumerate().map(|(i, image)| json!({"name": format!("c{i}"), "image": image})).collect();
    json!({"containers": containers, "automountServiceAccountToken": false})
}

/// All images of a pod, with our registry as `ECR`.
fn images(pod: &Value) -> Vec<String> {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let all = lists.iter().filter_map(|list| pod["spec"][list].as_array()).flatten();
    all.map(|container| container["image"].as_str().unwrap().replace(ECR, "ECR")).collect()
}

/// The API server learns of a configuration a moment after it was stored.
async fn only_the_namespaces_meant(api: &Api) {
    let dry = |namespace: &str| {
        let path = format!("/api/v1/namespaces/{namespace}/pods?dryRun=All");
        async move { images(&api.create(&path, pod("a", &["nginx"])).await) }
    };
    let began = Instant::now();
    while dry("team").await != ["ECR/docker.io/library/nginx"] {
        assert!(began.elapsed() < Duration::from_secs(20), "the webhook isn't asked");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(dry("chosen").await, ["ECR/docker.io/library/nginx"]);
    for namespace in ["other", "out", "kube-system"] {
        assert_eq!(dry(namespace).await, ["nginx"], "{namespace}");
    }
}

async fn workloads(api: &Api) {
    let mut bare = pod(
        "bare",
        &[
            "registry.example.com/team/a:1",
            "gcr.io/b@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        ],
    );
    bare["spec"]["initContainers"] = json!([{"name": "i", "image": "busybox:1"}]);
    let bare = api.create("/api/v1/namespaces/team/pods", bare).await;
    let digest = "@sha256:0000000000000000000000000000000000000000000000000000000000000000";
    let expected =
        ["ECR/docker.io/library/busybox:1", "registry.example.com/team/a:1", &format!("ECR/gcr.io/b{digest}")];
    assert_eq!(images(&bare), expected);
    let template = |name: &str, image: &str| json!({"metadata": {"labels": {"of": name}}, "spec": spec(&[image])});
    let selector = |name: &str| json!({"matchLabels": {"of": name}});
    let apps = "/apis/apps/v1/namespaces/team";
    let deployment = json!({"metadata": {"name": "d"}, "spec": {"selector": selector("d"), "template": template("d", "quay.io/d:1")}});
    api.create(&format!("{apps}/deployments"), deployment).await;
    // What the notebook controller makes of a Notebook.
    let notebook = json!({"metadata": {"name": "n"}, "spec": {"serviceName": "n", "selector": selector("n"),
        "template": template("n", "public.ecr.aws/j1r0q0g6/notebooks/notebook-servers/jupyter-scipy:v1.5.0")}});
    api.create(&format!("{apps}/statefulsets"), notebook).await;
    let mut task = template("j", "python:3.9");
    task["spec"]["restartPolicy"] = json!("Never");
    let job = json!({"metadata": {"name": "j"}, "spec": {"template": task}});
    api.create("/apis/batch/v1/namespaces/team/jobs", job).await;
    for (name, image) in [
        ("d", "ECR/quay.io/d:1"),
        ("n", "ECR/public.ecr.aws/j1r0q0g6/notebooks/notebook-servers/jupyter-scipy:v1.5.0"),
        ("j", "ECR/docker.io/library/python:3.9"),
    ] {
        assert_eq!(api.pods(&format!("of%3D{name}")).await, [image], "{name}");
    }
}

/// Also of a pod that is older than the webhook: only what is new is changed, or the API server would refuse it.
async fn ephemeral_container(api: &Api) {
    let path = "/api/v1/namespaces/team/pods/bare";
    for (name, image) in [("e1", "alpine:1"), ("e2", "alpine:2")] {
        let patch = json!({"spec": {"ephemeralContainers": [{"name": name, "image": image}]}});
        let kind = "application/strategic-merge-patch+json";
        let pod = api.send("PATCH", &format!("{path}/ephemeralcontainers"), kind, patch).await.unwrap();
        let expected = image.replace("alpine", "ECR/docker.io/library/alpine");
        assert!(images(&pod).contains(&expected), "{:?}", images(&pod));
    }
    let patch = json!({"spec": {"containers": [{"name": "c0", "image": "ghcr.io/new:2"}]}});
    let pod = api.send("PATCH", path, "application/strategic-merge-patch+json", patch).await.unwrap();
    assert!(images(&pod).contains(&"ECR/ghcr.io/new:2".to_owned()), "{:?}", images(&pod));
}

fn cron_job() -> Value {
    let mut task = json!({"metadata": {"labels": {"of": "cron"}}, "spec": spec(&["k8s.gcr.io/cron:1"])});
    task["spec"]["restartPolicy"] = json!("Never");
    json!({"metadata": {"name": "cron"}, "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": task}}}})
}

async fn cron(api: &Api) {
    assert_eq!(api.pods("of%3Dcron").await, ["ECR/k8s.gcr.io/cron:1"]);
}

/// How long the creation of a pod takes, as percentiles.
async fn load(api: &Api, namespace: &str) -> String {
    let path = format!("/api/v1/namespaces/{namespace}/pods?dryRun=All");
    let one = |index: usize| {
        let path = &path;
        async move {
            let began = Instant::now();
            api.create(path, pod(&format!("p{index}"), &["nginx", "gcr.io/a:1"])).await;
            began.elapsed()
        }
    };
    let mut all: Vec<Duration> = stream::iter(0..400).map(one).buffer_unordered(16).collect().await;
    all.sort();
    format!("p50 {:.1?}, p95 {:.1?}, p99 {:.1?}", all[200], all[380], all[396])
}
