//! What the API server tells a test: writes of the program, objects, workloads.

use std::collections::BTreeSet;
use std::fs;

use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value;

use super::environment::World;

impl World {
    /// How long the audit log is now: where later writes begin.
    pub fn audited(&self) -> usize {
        fs::metadata(self.var("REHEARSAL_AUDIT_LOG")).map(|file| file.len() as usize).unwrap_or(0)
    }

    /// What the program wrote to the API server since a length of the audit log: verb, path and code. Dry runs and
    /// questions that are asked with POST (reviews) change nothing.
    pub fn cluster_writes(&self, since: usize) -> Vec<String> {
        let log = fs::read(self.var("REHEARSAL_AUDIT_LOG")).expect("the audit log");
        let lines = log[since.min(log.len())..].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let events = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        events
            .filter(|event| event["userAgent"].as_str().is_some_and(|agent| agent.starts_with("kfctl-cn/")))
            .map(|event| {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
                format!("{} {} {}", text(&event["verb"]), text(&event["requestURI"]), event["responseStatus"]["code"])
            })
            .filter(|write| !write.contains("dryRun=All") && !write.contains("reviews"))
            .collect()
    }

    /// Asks the API server as its administrator.
    pub fn get(&self, path: &str) -> Value {
        self.ask(vec![path.to_string()]).remove(0)
    }

    /// Changes something as its administrator. A patch is server-side apply for a field manager, else a JSON patch.
    pub fn send(&self, method: &str, path: &str, body: Value) -> Result<Value, kube::Error> {
        let kind = match (method, path.contains("fieldManager=")) {
            ("PATCH", true) => "application/apply-patch+yaml",
            ("PATCH", false) => "application/json-patch+json",
            _ => "application/json",
        };
        let request = http::Request::builder().method(method).uri(path).header("content-type", kind);
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = request.body(body).expect("a request");
        runtime().block_on(async { self.administrator().await.request(request).await })
    }

    async fn administrator(&self) -> kube::Client {
        let kubeconfig = Kubeconfig::read_from(self.var("REHEARSAL_KUBECONFIG")).expect("a kubeconfig");
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
        kube::Client::try_from(config.expect("a configuration")).expect("a client")
    }

    fn ask(&self, paths: Vec<String>) -> Vec<Value> {
        runtime().block_on(async {
            let client = self.administrator().await;
            let mut answers = Vec::new();
            for path in paths {
                let request = http::Request::get(&path).body(Vec::new()).expect("a request");
                let answer = client.request::<Value>(request).await;
                answers.push(answer.unwrap_or_else(|error| panic!("{path}: {error}")));
            }
            answers
        })
    }

    /// Every object that the program has applied: `group/version/kind namespace/name`.
    pub fn applied(&self) -> BTreeSet<String> {
        let mut resources = Vec::new();
        let groups = self.get("/apis");
        let groups = groups["groups"].as_array().expect("groups").iter();
        let versions = groups
            .map(|group| format!("/apis/{}", group["preferredVersion"]["groupVersion"].as_str().expect("a version")));
        let versions: Vec<_> = std::iter::once("/api/v1".to_string()).chain(versions).collect();
        for (version, answer) in versions.iter().zip(self.ask(versions.clone())) {
            for resource in answer["resources"].as_array().expect("resources") {
                let listable =
                    resource["verbs"].as_array().is_some_and(|verbs| verbs.iter().any(|verb| verb == "list"));
                let name = resource["name"].as_str().expect("a name");
                if listable && name != "events" && name != "componentstatuses" {
                    resources
                        .push((format!("{version}/{name}"), resource["kind"].as_str().expect("a kind").to_string()));
                }
            }
        }
        let lists = self.ask(resources.iter().map(|(path, _)| path.clone()).collect());
        let mut found = BTreeSet::new();
        for ((path, kind), list) in resources.iter().zip(lists) {
            for item in list["items"].as_array().into_iter().flatten() {
                let metadata = &item["metadata"];
                let fields = metadata["managedFields"].as_array();
                if fields.is_some_and(|fields| fields.iter().any(|field| field["manager"] == "kfctl-cn")) {
                    let namespace = metadata["namespace"].as_str().unwrap_or("-");
                    found.insert(format!("{path} {kind} {namespace}/{}", metadata["name"].as_str().expect("a name")));
                }
            }
        }
        found
    }

    /// Workloads that aren't ready, with their numbers; and how many there are at all.
    pub fn unready(&self) -> (Vec<String>, usize) {
        let kinds = [("deployments", "replicas", "availableReplicas"), ("statefulsets", "replicas", "readyReplicas")];
        let mut unready = Vec::new();
        let mut count = 0;
        for (kind, wanted, ready) in kinds {
            for item in self.get(&format!("/apis/apps/v1/{kind}"))["items"].as_array().expect("items") {
                count += 1;
                let (wanted, ready) =
                    (item["spec"][wanted].as_u64().unwrap_or(1), item["status"][ready].as_u64().unwrap_or(0));
                if ready < wanted {
                    unready.push(format!("{kind} {} {ready}/{wanted}", name(item)));
                }
            }
        }
        for item in self.get("/apis/apps/v1/daemonsets")["items"].as_array().expect("items") {
            count += 1;
            let (wanted, ready) = (&item["status"]["desiredNumberScheduled"], &item["status"]["numberReady"]);
            if wanted != ready {
                unready.push(format!("daemonsets {} {ready}/{wanted}", name(item)));
            }
        }
        (unready, count)
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn name(item: &Value) -> String {
    let metadata = &item["metadata"];
    format!("{}/{}", metadata["namespace"].as_str().unwrap_or("-"), metadata["name"].as_str().unwrap_or_default())
}
