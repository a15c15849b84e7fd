//! A deployment that was used: what users made in the cluster, and what it made in AWS for them, goes with `down`.

use std::time::{Duration, Instant};

use kfctl_cn::aws::Clients;
use kfctl_cn::kube::Client;
use kfctl_cn::model::Object;
use serde_json::{Value, json};

use super::account::Inventory;
use super::environment::{Parts, World, said};
use super::kubernetes::{aws, client, object};
use crate::leftovers::controllers_make;
use crate::support;

/// The finalizer by which a load balancer's controller holds its Service until all in AWS is gone.
const HELD: &str = "service.kubernetes.io/load-balancer-cleanup";

/// kubeflow#4382, awslabs pull request 400, eksctl#1960: a load balancer outlived its controller, and the network couldn't go.
#[test]
fn g6_what_users_made_goes_with_the_deployment() {
    let world = World::start("cn-north-1", 0.0, support::sample_bundle(), Parts::All);
    world.succeeds(&["up", "--yes"]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (client, api) = runtime.block_on(async { (client(&world).await, aws(&world).await) });
    runtime.block_on(users_make(&client));
    let state = runtime.block_on(made_in_aws(&api));
    claims_are_bound(&world);
    let balancer = runtime.spawn(lets_the_balancer_go(client.clone(), api.clone(), state));
    let done = world.run(&["down", "--yes", "--delete-data", "-o", "json"]);
    assert!(done.status.success(), "{}", said(&done));
    assert!(balancer.is_finished(), "the cluster went before its load balancer");
    runtime.block_on(balancer).expect("the load balancer's controller");
    // Two disks of others: one that its owner keeps, one of another cluster.
    let mut left = world.inventory();
    assert_eq!(left.remove("volume").map(|all| all.len()), Some(2), "{left:#?}");
    assert_eq!(left, Inventory::new());
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let end: Value = text
        .lines()
        .filter_map(|l| serde_json::from_str(l).ok())
        .find(|e: &Value| e["event"] == "left")
        .expect("a list of what is left");
    assert_eq!(end["unexpected"], json!([]), "{end:#}");
    let kept: Vec<&str> = end["kept"].as_array().expect("a list").iter().filter_map(|r| r["kind"].as_str()).collect();
    assert!(kept.contains(&"EC2 volume") && kept.contains(&"RDS snapshot") && kept.contains(&"log group"), "{end:#}");
}

/// A Profile with its namespace, a notebook, claims, a Service, pools of nodes of their own.
async fn users_make(client: &Client) {
    let claim = json!({"spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "gp3",
        "resources": {"requests": {"storage": "10Gi"}}}});
    let pod = json!({"spec": {"containers": [{"name": "a", "image": "example.invalid/a:1"}],
        "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}});
    let mut service =
        object("v1", "Service", "ann", "web", json!({"spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}));
    service.0["metadata"]["finalizers"] = json!([HELD]);
    let owner = json!({"spec": {"owner": {"kind": "User", "name": "ann@example.com"}}});
    let all = [
        object("v1", "Namespace", "", "ann", json!({})),
        object("kubeflow.org/v1", "Profile", "", "ann", owner),
        object("kubeflow.org/v1", "Notebook", "ann", "first", json!({"spec": {}})),
        object("v1", "PersistentVolumeClaim", "ann", "data", claim.clone()),
        object("v1", "Pod", "ann", "uses-data", pod.clone()),
        object("v1", "PersistentVolumeClaim", "default", "data", claim),
        object("v1", "Pod", "default", "uses-data", pod),
        service,
        object("karpenter.sh/v1", "NodePool", "", "mine", json!({"spec": {}})),
        object("karpenter.sh/v1", "NodeClaim", "", "mine-1", json!({"spec": {}})),
    ];
    for wanted in all {
        write(client, &wanted).await;
    }
}

/// Applies an object as a user.
pub(super) async fn write(client: &Client, wanted: &Object) {
    let id = wanted.id();
    let discovery = client.discovery().await.expect("kinds");
    let kind = discovery.find(&id.group, &id.version, &id.kind).unwrap_or_else(|| panic!("{id} is served"));
    client.apply_as(kind, wanted, "somebody").await.unwrap_or_else(|refusal| panic!("{id}: {refusal}"));
}

/// What controllers make of that in AWS. Returns the interface of the load balancer.
async fn made_in_aws(api: &Clients) -> String {
    let own =
        aws_sdk_ec2::types::Filter::builder().name("tag:kfctl-cn/resource").values("cluster/subnet-private-1").build();
    let found = api.ec2.describe_subnets().filters(own).send().await.expect("subnets");
    let subnet = found.subnets().first().expect("a subnet").clone();
    let text = |field: Option<&str>| field.expect("a field").to_owned();
    let (vpc, id, zone) = (text(subnet.vpc_id()), text(subnet.subnet_id()), text(subnet.availability_zone()));
    controllers_make(api, "rehearsal", |_, key| match key {
        "vpc_id" => vpc.clone(),
        "subnet_id" => id.clone(),
        _ => zone.clone(),
    })
    .await;
    let balancer = api.ec2.create_network_interface().subnet_id(&id).description("ELB app/k8s-ann-web/0123").send();
    let made = balancer.await.expect("an interface").network_interface.expect("an interface");
    text(made.network_interface_id())
}

fn claims_are_bound(world: &World) {
    let began = Instant::now();
    loop {
        let claims = world.get("/api/v1/persistentvolumeclaims");
        let phase = |namespace: &str| {
            let items = claims["items"].as_array().into_iter().flatten();
            items.filter(|c| c["metadata"]["namespace"] == namespace).map(|c| c["status"]["phase"].clone()).next()
        };
        if ["ann", "default"].iter().all(|namespace| phase(namespace) == Some("Bound".into())) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{claims:#}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Plays the controller: when the Service is being deleted, its load balancer goes and then its finalizer.
async fn lets_the_balancer_go(client: Client, api: Clients, interface: String) {
    let service =
        object("v1", "Service", "ann", "web", json!({"spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}));
    loop {
        let live = client.get(&service.id()).await.expect("an answer").expect("the Service is held");
        if live.0.pointer("/metadata/deletionTimestamp").is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    api.ec2.delete_network_interface().network_interface_id(interface).send().await.expect("it goes");
    write(&client, &service).await;
}
