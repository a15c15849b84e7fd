//! What isn't Ready is explained: one thing is broken at a time, and `verify` sees exactly that, with what mends it.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::environment::{Parts, World, said};
use crate::support;

const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/auth/deployments/dex";
const PODS: &str = "/api/v1/namespaces/auth/pods";

#[test]
fn what_isnt_ready_is_explained() {
    let world = World::start("cn-northwest-1", 0.0, support::sample_bundle(), Parts::All);
    world.succeeds(&["up", "--yes"]);
    world.succeeds(&["verify"]);
    what_the_scheduler_says(&world);
    what_controllers_say(&world);
    what_kubelets_say(&world);
    a_run_whose_time_is_up_says_it_too(&world);
    world.succeeds(&["verify"]);
    world.succeeds(&["down", "--yes"]);
}

/// A wish that no node meets.
fn what_the_scheduler_says(world: &World) {
    let select = json!([{"op": "add", "path": "/spec/template/spec/nodeSelector", "value": {"disk": "ssd"}}]);
    let back = json!([{"op": "remove", "path": "/spec/template/spec/nodeSelector"}]);
    send(world, "PATCH", DEPLOYMENT, select);
    explained(world, r#"no node fits its nodeSelector {"disk":"ssd"}"#, "kubectl get nodes --show-labels");
    send(world, "PATCH", DEPLOYMENT, back);
    settled(world);
}

/// Pods that can't be made: by a quota that is used up, and by a webhook that nobody answers for.
fn what_controllers_say(world: &World) {
    let quotas = "/api/v1/namespaces/auth/resourcequotas";
    let none = json!({"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}});
    send(world, "POST", quotas, none);
    pods_go(world);
    explained(world, "the quota none of the namespace is used up", "raise it, or remove what uses it");
    send(world, "DELETE", &format!("{quotas}/none"), Value::Null);
    settled(world);

    let hooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    let dead = json!({
        "metadata": {"name": "dead"},
        "webhooks": [{
            "name": "dead.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None", "timeoutSeconds": 1,
            "clientConfig": {"service": {"namespace": "auth", "name": "nobody"}},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "auth"}},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        }],
    });
    send(world, "POST", hooks, dead);
    pods_go(world);
    explained(
        world,
        "the webhook dead.example.com can't be called",
        "`kfctl-cn verify` names in `webhooks` what it lacks",
    );
    send(world, "DELETE", &format!("{hooks}/dead"), Value::Null);
    settled(world);
}

/// What a kubelet writes of a container, as the API server holds it: the kubelets here are simulated.
fn what_kubelets_say(world: &World) {
    let image = "123456789012.dkr.ecr.cn-northwest-1.amazonaws.com.cn/kfctl-cn/quay.io/dexidp/dex:v2.24.0";
    let waiting = |reason: &str, message: &str| json!({"waiting": {"reason": reason, "message": message}});
    let ended = json!({"terminated": {"exitCode": 1, "reason": "Error"}});
    let memory = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
    let backoff = || waiting("CrashLoopBackOff", "back-off 10s restarting failed container");
    let log = |line: &str| {
        let text = format!(
            "2026-01-01T00:00:00.000000000Z stdout F password=hunter2hunter2\n2026-01-01T00:00:01.000000000Z stdout F {line}\n"
        );
        fs::write(world.work().join("../env/pods.log"), text).expect("the log of every container");
    };
    for (state, last, line, what, mend) in [
        (
            waiting("ErrImagePull", "not found"),
            Value::Null,
            "",
            "isn't in the deployment's registry",
            "`kfctl-cn images mirror` copies it",
        ),
        (
            waiting("CreateContainerConfigError", "secret \"mysql-secret\" not found"),
            Value::Null,
            "",
            "the secret mysql-secret isn't there",
            "`kfctl-cn logs aws-secrets-sync`",
        ),
        (backoff(), memory, "", "took more memory than its limit", "docs/guides/overlays.md"),
        (
            backoff(),
            ended.clone(),
            "dial tcp 192.0.2.1:3306: i/o timeout",
            "ends with code 1: the database can't be reached",
            "its security group must let the nodes in at 3306",
        ),
        (
            backoff(),
            ended.clone(),
            "Post https://sts.amazonaws.com/: EOF",
            "it calls sts.amazonaws.com, which is not in the China partition",
            "must end with .amazonaws.com.cn",
        ),
        (
            backoff(),
            ended,
            "panic: what nobody knows",
            "its last lines are\npassword=***\npanic: what nobody knows",
            "kubectl -n auth logs",
        ),
    ] {
        log(line);
        let pod = world.get(PODS)["items"][0]["metadata"]["name"].as_str().expect("a pod").to_owned();
        let status = json!({
            "name": "dex", "image": image, "imageID": "", "ready": false, "restartCount": 3, "state": state, "lastState": last,
        });
        let conditions = json!([
            {"type": "PodScheduled", "status": "True"},
            {"type": "Ready", "status": "False", "reason": "ContainersNotReady"},
        ]);
        let patch = json!([
            {"op": "add", "path": "/status/conditions", "value": conditions},
            {"op": "add", "path": "/status/containerStatuses", "value": [status]},
        ]);
        send(world, "PATCH", &format!("{PODS}/{pod}/status"), patch);
        explained(world, what, mend);
    }
    pods_go(world);
    settled(world);
}

/// `up` tells the cause when it may wait no longer.
fn a_run_whose_time_is_up_says_it_too(world: &World) {
    let ask = json!([{"op": "add", "path": "/spec/template/spec/containers/0/resources", "value": {"limits": {"nvidia.com/gpu": "1"}}}]);
    let back = json!([{"op": "remove", "path": "/spec/template/spec/containers/0/resources"}]);
    send(world, "PATCH", DEPLOYMENT, ask);
    let done = world.run(&["up", "--yes", "--timeout", "25s"]);
    assert_eq!(done.status.code(), Some(124), "{}", said(&done));
    let text = said(&done);
    assert!(
        text.contains("no node has 1 × nvidia.com/gpu free") && text.contains("`kfctl-cn logs karpenter`"),
        "{text}"
    );
    send(world, "PATCH", DEPLOYMENT, back);
    settled(world);
}

/// Waits until `verify` fails for Dex with this cause, and looks that it fails for nothing else.
fn explained(world: &World, what: &str, mend: &str) {
    let began = Instant::now();
    loop {
        let done = world.run(&["verify", "-o", "json"]);
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{}", said(&done)));
        let failed: Vec<&Value> =
            report["checks"].as_array().expect("checks").iter().filter(|check| check["status"] == "fail").collect();
        let names: Vec<&str> = failed.iter().filter_map(|check| check["what"].as_str()).collect();
        let dex = failed.iter().find(|check| check["what"] == "Deployment/dex in auth is rolled out");
        let told = dex.is_some_and(|dex| {
            let of = |key: &str| dex[key].as_str().unwrap_or_default();
            of("seen").contains(what) && of("hint").contains(mend)
        });
        if told {
            world.assert_no_secret("the explanation", &text);
            assert!(!text.contains("hunter2"), "{dex:#?}");
            let other: Vec<_> = failed
                .iter()
                .filter(|c| c["category"] != "resources" && c["what"] != "Deployment/dex in auth is rolled out")
                .collect();
            assert!(other.is_empty(), "{other:#?}");
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "no `{what}` with `{mend}` in {dex:#?}; failed: {names:?}");
    }
}

/// The pods of Dex are deleted.
fn pods_go(world: &World) {
    for pod in world.get(PODS)["items"].as_array().expect("pods") {
        let name = pod["metadata"]["name"].as_str().expect("a name");
        send(world, "DELETE", &format!("{PODS}/{name}"), json!({"gracePeriodSeconds": 0}));
    }
}

/// Waits until Dex is rolled out again.
fn settled(world: &World) {
    let began = Instant::now();
    loop {
        let dex = world.get(DEPLOYMENT);
        let status = &dex["status"];
        let one = ["replicas", "readyReplicas", "updatedReplicas"].iter().all(|field| status[*field] == 1);
        if one && status["observedGeneration"] == dex["metadata"]["generation"] {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{status:#}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn send(world: &World, method: &str, path: &str, body: Value) {
    world.send(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
}
