//! What the program does to a cluster that others changed, on a real API server.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kfctl_cn::aws::Clients;
use kfctl_cn::kube::{Client, Endpoint, Inventory, Removal, apply, connect, prepare, remove, split, survey};
use kfctl_cn::model::{Error, ErrorClass, Object, ObjectId};
use serde_json::{Value, json};

use super::environment::{Parts, World, said};
use crate::support;

const ADDR: &str = "test/part";

#[test]
fn a_changed_cluster() {
    let world = World::start("cn-north-1", 0.0, support::sample_bundle(), Parts::All);
    world.succeeds(&["up", "--yes"]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let client = runtime.block_on(client(&world));
    super::diff::nothing_differs_after_up(&world, &runtime, &client);
    drift_is_named_and_mended(&world, &runtime, &client);
    runtime.block_on(async {
        a_live_ca_is_kept(&client).await;
        what_nobody_wants_goes(&client).await;
        refusals_are_told_together(&client).await;
    });
    world.succeeds(&["down", "--yes"]);
}

/// A client with the token of the caller, as the program makes it.
pub(super) async fn client(world: &World) -> Client {
    client_of(world, "rehearsal").await
}

/// The same of a cluster with another name.
pub(super) async fn client_of(world: &World, cluster: &'static str) -> Client {
    let name = cluster;
    let kubeconfig = kube::config::Kubeconfig::read_from(world.var("REHEARSAL_KUBECONFIG")).expect("a kubeconfig");
    let cluster = kubeconfig.clusters[0].cluster.clone().expect("a cluster");
    let ca_base64 = cluster.certificate_authority_data.unwrap_or_else(|| {
        STANDARD.encode(std::fs::read(cluster.certificate_authority.expect("a CA")).expect("the CA's file"))
    });
    let endpoint = Endpoint { url: cluster.server.expect("a server"), ca_base64 };
    let aws = aws(world).await;
    let token = Arc::new(move || {
        let aws = aws.clone();
        Box::pin(async move { aws.eks_token(name).await }) as futures::future::BoxFuture<'static, _>
    });
    connect(&endpoint, token, Arc::new(|_| ())).expect("a client")
}

/// Clients with the credentials of the caller.
pub(super) async fn aws(world: &World) -> Clients {
    let (key, secret) = (world.var("AWS_ACCESS_KEY_ID"), world.var("AWS_SECRET_ACCESS_KEY"));
    let key = aws_credential_types::Credentials::new(key, secret, None, None, "test");
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new(world.region.clone()))
        .endpoint_url(world.var("AWS_ENDPOINT_URL"))
        .credentials_provider(key)
        .load()
        .await;
    let region = world.region.parse().expect("a region of China");
    Clients::from_config(region, config)
}

fn id(api_version: &str, kind: &str, namespace: &str, name: &str) -> ObjectId {
    object(api_version, kind, namespace, name, json!({})).id()
}

pub(super) fn object(api_version: &str, kind: &str, namespace: &str, name: &str, rest: Value) -> Object {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}});
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = namespace.into();
    }
    for (key, value) in rest.as_object().expect("a map") {
        object[key] = value.clone();
    }
    Object(object)
}

async fn get(client: &Client, id: &ObjectId) -> Option<Object> {
    client.get(id).await.expect("an answer")
}

fn drift_is_named_and_mended(world: &World, runtime: &tokio::runtime::Runtime, client: &Client) {
    let (dex, map) =
        (id("apps/v1", "Deployment", "auth", "dex"), id("v1", "ConfigMap", "kubeflow", "pipeline-install-config"));
    let before = runtime.block_on(get(client, &dex)).expect("dex");
    let image = before.0.pointer("/spec/template/spec/containers/0/image").cloned().expect("an image");
    runtime.block_on(async {
        let discovery = client.discovery().await.expect("kinds");
        let mut changed =
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "dex", "namespace": "auth"}});
        let name = before.0.pointer("/spec/template/spec/containers/0/name").cloned();
        changed["spec"] = json!({"template": {"spec": {"containers": [{"name": name, "image": "elsewhere/dex:1"}]}}});
        client
            .apply_as(discovery.find("apps", "v1", "Deployment").expect("a kind"), &Object(changed), "somebody")
            .await
            .expect("a change");
        client
            .delete(discovery.find("", "v1", "ConfigMap").expect("a kind"), "kubeflow", &map.name)
            .await
            .expect("a removal");
    });
    super::diff::exactly_what_others_did_shows(world);
    let plan = said(&world.run(&["plan"]));
    assert!(plan.contains("elsewhere/dex:1"), "{plan}");
    assert!(plan.contains("ConfigMap/pipeline-install-config in kubeflow"), "{plan}");
    let audited = world.audited();
    world.succeeds(&["up", "--yes"]);
    let writes = world.cluster_writes(audited);
    assert!(writes.len() <= 6, "only what differs, and two inventories twice: {writes:#?}");
    let after = runtime.block_on(get(client, &dex)).expect("dex");
    assert_eq!(after.0.pointer("/spec/template/spec/containers/0/image"), Some(&image));
    assert!(runtime.block_on(get(client, &map)).is_some());
}

async fn applied(client: &Client, objects: Vec<Object>) -> (Result<(), Error>, Vec<String>) {
    let inventory = Inventory::load(client, ADDR).await.expect("an answer");
    let inventory = inventory.unwrap_or_else(|| Inventory::new(ADDR, "test", "rehearsal"));
    let said = Mutex::new(Vec::new());
    let progress = |message| said.lock().expect("messages").push(message);
    let outcome = apply(client, inventory, &split(prepare(objects)), &BTreeSet::new(), &progress).await;
    (outcome, said.into_inner().expect("messages"))
}

async fn removed(client: &Client) {
    let inventory = Inventory::load(client, ADDR).await.expect("an answer").expect("an inventory");
    let objects = inventory.entries.into_iter().map(|entry| entry.id).collect();
    remove(client, ADDR, &Removal { objects, ..Removal::default() }, &|_| {}).await.expect("a removal");
    assert!(Inventory::load(client, ADDR).await.expect("an answer").is_none());
}

fn hook(policy: &str, ca: Value) -> Object {
    let mut config = json!({"service": {"namespace": "nowhere", "name": "nothing"}});
    if !ca.is_null() {
        config["caBundle"] = ca;
    }
    let rule = json!({"apiGroups": ["example.invalid"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nothings"]});
    let hooks = json!({"webhooks": [{"name": "a.example.invalid", "clientConfig": config, "rules": [rule],
        "sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": policy}]});
    object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "", "test-hook", hooks)
}

async fn a_live_ca_is_kept(client: &Client) {
    applied(client, vec![hook("Fail", json!("Cg=="))]).await.0.expect("a placeholder isn't sent");
    let pem = STANDARD.encode("-----BEGIN CERTIFICATE-----\nTElWRQ==\n-----END CERTIFICATE-----\n");
    let discovery = client.discovery().await.expect("kinds");
    let kind = discovery.find("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration").expect("a kind");
    let injected = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "test-hook"}, "webhooks": [{"name": "a.example.invalid", "clientConfig": {"caBundle": pem}}]});
    client.apply_as(kind, &Object(injected), "injector").await.expect("an injected CA");
    let inventory = Inventory::load(client, ADDR).await.expect("an answer");
    let seen = survey(client, &prepare(vec![hook("Fail", json!("Cg=="))]), inventory.as_ref()).await.expect("a survey");
    assert!(seen.objects.iter().all(|seen| seen.settled()), "a CA that was injected is no difference: {seen:?}");
    applied(client, vec![hook("Ignore", json!("Cg=="))]).await.0.expect("a change");
    let live =
        get(client, &id("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "", "test-hook")).await;
    let live = live.expect("the configuration").0;
    assert_eq!(live["webhooks"][0]["failurePolicy"], "Ignore");
    assert_eq!(live["webhooks"][0]["clientConfig"]["caBundle"], json!(pem), "the live CA was lost");
    removed(client).await;
}

fn space() -> Object {
    object("v1", "Namespace", "", "test-space", json!({}))
}

fn map(name: &str) -> Object {
    object("v1", "ConfigMap", "test-space", name, json!({"data": {"a": "b"}}))
}

async fn what_nobody_wants_goes(client: &Client) {
    applied(client, vec![space(), map("one"), map("two")]).await.0.expect("three objects");
    applied(client, vec![space(), map("one")]).await.0.expect("two objects");
    assert!(get(client, &map("one").id()).await.is_some());
    assert!(get(client, &map("two").id()).await.is_none(), "it was wanted once and isn't any more");
    let (outcome, said) = applied(client, vec![]).await;
    outcome.expect("nothing");
    assert!(get(client, &map("one").id()).await.is_none());
    assert!(get(client, &space().id()).await.is_some(), "a namespace may hold data");
    assert!(
        said.iter().any(|message| message.contains("Namespace/test-space") && message.contains("stays")),
        "{said:?}"
    );
    removed(client).await;
    assert!(get(client, &space().id()).await.is_none(), "a removal waits until all is gone");
}

async fn refusals_are_told_together(client: &Client) {
    let wrong = |name: &str| object("v1", "Service", "test-space", name, json!({"spec": {"ports": []}}));
    let unknown = object("apps/v1beta1", "Deployment", "test-space", "old", json!({}));
    let objects = vec![space(), map("good"), wrong("bad-1"), wrong("bad-2"), unknown];
    let error = applied(client, objects).await.0.expect_err("two objects can't be");
    assert_eq!(error.class, ErrorClass::Permanent);
    let text = error.to_string();
    assert!(text.contains("Service/bad-1 in test-space") && text.contains("Service/bad-2 in test-space"), "{text}");
    assert!(get(client, &map("good").id()).await.is_some(), "the others of the stage are applied");
    removed(client).await;
}
