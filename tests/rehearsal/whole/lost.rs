//! A removal by somebody else: without the state folder, without an access entry, with a dead webhook in the way and a disk that is to stay.

use std::fs;

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification, VolumeType};
use kfctl_cn::aws::Clients;
use kfctl_cn::kube::Client;
use serde_json::{Value, json};

use super::checked::well_formed;
use super::environment::{Parts, World, said};
use super::kubernetes::{aws, client, object};
use crate::support;
use crate::world::ACCOUNT;

const HOOK: &str = "a-dead-webhook-of-ours";

/// kubeflow#3252 (G16): the laptop is lost. kubeflow#4778, #4496 (G4): a webhook that doesn't answer blocks every removal.
#[test]
fn g16_g4_a_deployment_of_somebody_elses_goes_without_state_access_and_a_living_webhook() {
    let world = World::start("cn-northwest-1", 0.0, support::sample_bundle(), Parts::All);
    world.succeeds(&["up", "--yes", "--junit-file", "reports/up.xml"]);
    assert!(well_formed(&world.work().join("reports/up.xml")) > 60, "a case a step");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let disk = runtime.block_on(async {
        let (client, api) = (client(&world).await, aws(&world).await);
        let disk = a_disk_to_be_retained(&client, &api).await;
        g5_a_profile_of_a_user(&client).await;
        a_dead_webhook(&client).await;
        is_shut_out(&api, &format!("arn:aws-cn:iam::{ACCOUNT}:user/rehearsal")).await;
        disk
    });
    fs::rename(world.state(), world.work().join("lost")).expect("the state folder moves");
    let done = world.run(&["down", "--yes", "--delete-data", "-o", "json"]);
    let text = said(&done);
    assert!(done.status.success(), "{text}");
    assert!(text.contains("these credentials can't look into it"), "{text}");
    let events = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(events.contains(&format!("{HOOK} doesn't answer and holds others up: it is removed first")), "{events}");
    // The mark can be put on by those only who saw the cluster's volumes.
    let mut left = world.inventory();
    assert_eq!(left.remove("volume").map(|all| all.len()), Some(1), "{left:#?}");
    assert!(left.is_empty(), "{left:#?}");
    runtime.block_on(async {
        let found = aws(&world).await.ec2.describe_volumes().volume_ids(&disk).send().await.expect("the disk is there");
        let marked = found.volumes()[0].tags().iter().any(|tag| tag.key() == Some("kfctl-cn/keep"));
        assert!(marked, "{found:?}");
    });
    let end = events.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let end = end.into_iter().find(|event| event["event"] == "left").expect("a list of what is left");
    let kept = end["kept"].as_array().expect("a list").iter().find(|remnant| remnant["id"] == disk.as_str());
    assert!(kept.is_some_and(|remnant| remnant["why"].as_str().is_some_and(|why| why.contains("Retain"))), "{end:#}");
}

async fn write(client: &Client, api_version: &str, kind: &str, namespace: &str, name: &str, rest: Value, by: &str) {
    let wanted = object(api_version, kind, namespace, name, rest);
    let id = wanted.id();
    let discovery = client.discovery().await.expect("kinds");
    let kind = discovery.find(&id.group, &id.version, &id.kind).unwrap_or_else(|| panic!("{id} is served"));
    client.apply_as(kind, &wanted, by).await.unwrap_or_else(|refusal| panic!("{id}: {refusal}"));
}

/// A disk as the EBS driver makes it, whose owner has said that it stays.
async fn a_disk_to_be_retained(client: &Client, api: &Clients) -> String {
    let zones = api.ec2.describe_availability_zones().send().await.expect("zones");
    let zone = zones.availability_zones()[0].zone_name().expect("a name");
    let tags = [("KubernetesCluster", "rehearsal"), ("kubernetes.io/cluster/rehearsal", "owned")];
    let tags = tags.map(|(key, value)| Tag::builder().key(key).value(value).build());
    let tags = TagSpecification::builder().resource_type(ResourceType::Volume).set_tags(Some(tags.into())).build();
    let made = api.ec2.create_volume().availability_zone(zone).size(10).volume_type(VolumeType::Gp3);
    let disk = made.tag_specifications(tags).send().await.expect("a disk").volume_id.expect("an id");
    let mut volume = json!({"spec": {"capacity": {"storage": "10Gi"}, "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain", "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": disk}}});
    volume["metadata"] =
        json!({"name": "to-be-retained", "annotations": {"pv.kubernetes.io/provisioned-by": "ebs.csi.aws.com"}});
    write(client, "v1", "PersistentVolume", "", "to-be-retained", volume, "somebody").await;
    disk
}

/// kfctl, pull request 417: Profiles of users, and their namespaces, stayed.
async fn g5_a_profile_of_a_user(client: &Client) {
    let owner = json!({"spec": {"owner": {"kind": "User", "name": "ann@example.com"}}});
    write(client, "kubeflow.org/v1", "Profile", "", "ann", owner, "somebody").await;
}

/// One that this program applied, whose Service has no pod any more; it wants to be asked before a Profile is deleted.
async fn a_dead_webhook(client: &Client) {
    let ports = json!({"spec": {"selector": {"app": "nobody"}, "ports": [{"port": 443}]}});
    write(client, "v1", "Service", "default", "no-pods", ports, "somebody").await;
    let rule = json!({"apiGroups": ["kubeflow.org"], "apiVersions": ["*"], "operations": ["DELETE"], "resources": ["profiles"]});
    let hooks = json!({"webhooks": [{"name": "dead.example.invalid", "rules": [rule], "failurePolicy": "Fail",
        "clientConfig": {"service": {"namespace": "default", "name": "no-pods"}}, "timeoutSeconds": 1,
        "sideEffects": "None", "admissionReviewVersions": ["v1"]}]});
    let (version, kind) = ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration");
    write(client, version, kind, "", HOOK, hooks, "kfctl-cn").await;
}

/// The cluster was made by another: no access entry names these credentials.
async fn is_shut_out(api: &Clients, caller: &str) {
    let call = api.eks.delete_access_entry().cluster_name("rehearsal").principal_arn(caller);
    call.send().await.expect("the entry goes");
}
