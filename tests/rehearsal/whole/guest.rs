//! The built program in a cluster that a team made before and uses itself.

use std::collections::BTreeSet;
use std::fs;

use kfctl_cn::kube::Client;
use serde_json::{Value, json};

use super::environment::{Parts, World, said};
use super::kubernetes::{aws, client_of, object};
use super::used::write;
use crate::existing::eks;
use crate::support;

/// The GPU nodes in it are told a proxy.
const PROXY: &str = "  network: {proxy: {url: \"http://proxy.example.com:3128\"}}\n";

/// What tells the two clusters apart.
struct Case {
    region: &'static str,
    /// The add-ons that the team has by EKS; coredns is put in without it.
    addons: &'static [&'static str],
    /// Whether the caller's access entry was there before.
    entered: bool,
    /// Whether the team has a default storage class.
    class: bool,
    /// Whether the team runs a Karpenter of its own.
    karpenter: bool,
}

#[test]
fn in_a_teams_cluster_in_beijing() {
    there_and_back(&Case {
        region: "cn-north-1",
        addons: &["vpc-cni", "kube-proxy", "aws-ebs-csi-driver"],
        entered: true,
        class: true,
        karpenter: true,
    });
}

#[test]
fn in_a_teams_cluster_in_ningxia_that_lacks_most() {
    there_and_back(&Case {
        region: "cn-northwest-1",
        addons: &["vpc-cni"],
        entered: false,
        class: false,
        karpenter: false,
    });
}

fn there_and_back(case: &Case) {
    let world = World::start(case.region, 0.5, support::sample_bundle(), Parts::All);
    let config = fs::read_to_string(world.work().join("kfctl-cn.yaml")).expect("the configuration");
    let write = |gpu: &str, network: &str| {
        let text = format!("{config}  cluster: {{existing: {{name: team}}}}\n{gpu}{network}");
        fs::write(world.work().join("kfctl-cn.yaml"), text).expect("written");
    };
    write("", PROXY);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let api = runtime.block_on(aws(&world));
    let kind = eks::Kind { addons: case.addons, ..eks::Kind::default() };
    let made = runtime.block_on(eks::make(&api, kind));
    runtime.block_on(async { team_uses(&client_of(&world, "team").await, case).await });
    if !case.entered {
        let call = api.eks.delete_access_entry().cluster_name("team");
        runtime.block_on(call.principal_arn("arn:aws-cn:iam::123456789012:user/rehearsal").send()).expect("it goes");
    }
    let (before, inside) = (runtime.block_on(eks::portrait(&api, &made.vpc)), inventory(&world));
    if case.karpenter {
        world.forget_calls();
        let refused = world.run(&["up", "--yes"]);
        let text = said(&refused);
        assert!(refused.status.code() == Some(1) && text.contains("objects were made by others"), "{text}");
        assert!(text.contains("Deployment/karpenter"), "{text}");
        assert_eq!(world.aws_writes(), Default::default(), "before anything is made");
        write("  gpu: {enabled: false}\n", "");
    }
    world.succeeds(&["up", "--yes"]);
    let now = world.inventory();
    assert_eq!(now["cluster"], ["team"]);
    assert!(!now["add-on"].contains(&"coredns".to_owned()), "the team has put it in: {now:#?}");
    let wanted: BTreeSet<_> = case.addons.iter().copied().chain(["kube-proxy", "aws-ebs-csi-driver"]).collect();
    assert_eq!(now["add-on"].iter().map(String::as_str).collect::<BTreeSet<_>>(), wanted);
    let classes = world.get("/apis/storage.k8s.io/v1/storageclasses");
    let defaults =
        names(&classes, |item| item.to_string().contains("\"storageclass.kubernetes.io/is-default-class\":\"true\""));
    assert_eq!(defaults, BTreeSet::from([if case.class { "team".to_owned() } else { "gp3".to_owned() }]));
    if !case.karpenter {
        let class = world.get("/apis/karpenter.k8s.aws/v1/ec2nodeclasses/gpu");
        let told = class["spec"]["userData"].as_str().expect("user data");
        assert!(told.contains("http://proxy.example.com:3128") && told.contains("10.50.0.0/16"), "{told}");
    }
    let (unready, count) = world.unready();
    assert!(unready.is_empty() && count > 10, "{unready:#?}");
    let verified = String::from_utf8(world.succeeds(&["verify"]).stdout).expect("text");
    assert!(verified.contains("the cluster team is active"), "{verified}");
    world.forget_calls();
    world.succeeds(&["up", "--yes"]);
    world.succeeds(&["plan", "--detailed-exitcode"]);
    world.succeeds(&["diff", "--detailed-exitcode"]);
    let status = said(&world.succeeds(&["status"]));
    assert!(status.contains("cluster") && !status.contains("run `kfctl-cn up`"), "{status}");
    assert_eq!(world.aws_writes(), Default::default(), "writes to AWS of a second run");
    let done = world.run(&["down", "--yes", "--delete-data"]);
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(runtime.block_on(eks::portrait(&api, &made.vpc)), before);
    assert_eq!(inventory(&world), inside);
    assert_eq!(world.applied(), BTreeSet::new(), "what is ours");
    let left = world.inventory();
    // The caller's own entry is the team's.
    let ours: Vec<_> = left.values().flatten().filter(|n| n.contains("rehearsal") && !n.contains(":user/")).collect();
    assert!(ours.is_empty(), "{ours:?}");
}

/// What the team has in its cluster, besides what EKS manages.
async fn team_uses(client: &Client, case: &Case) {
    let pods = json!({"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a", "image": "team.example/a:1"}]}});
    let spec = json!({"spec": {"replicas": 1, "selector": {"matchLabels": {"app": "a"}}, "template": pods}});
    let service = json!({"spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}});
    let claim = json!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    let mut all = vec![
        object("apps/v1", "Deployment", "kube-system", "coredns", spec.clone()),
        object("v1", "Namespace", "", "team", json!({})),
        object("apps/v1", "Deployment", "team", "app", spec.clone()),
        object("v1", "Service", "team", "app", service),
        object("v1", "PersistentVolumeClaim", "team", "data", claim),
    ];
    if case.karpenter {
        all.push(object("apps/v1", "Deployment", "kube-system", "karpenter", spec.clone()));
    }
    if case.class {
        let mut default =
            object("storage.k8s.io/v1", "StorageClass", "", "team", json!({"provisioner": "ebs.csi.aws.com"}));
        default.0["metadata"]["annotations"] = json!({"storageclass.kubernetes.io/is-default-class": "true"});
        default.0["volumeBindingMode"] = "WaitForFirstConsumer".into();
        all.insert(0, default);
    }
    for wanted in all {
        write(client, &wanted).await;
    }
}

fn names(list: &Value, keep: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let items = list["items"].as_array().expect("items").iter().filter(|item| keep(item));
    items.map(|i| i["metadata"]["name"].as_str().expect("a name").to_owned()).collect()
}

/// What is in the cluster, by kinds whose objects nothing makes by itself.
fn inventory(world: &World) -> Vec<(&'static str, BTreeSet<String>)> {
    let paths = [
        "/api/v1/namespaces",
        "/api/v1/services",
        "/api/v1/persistentvolumeclaims",
        "/api/v1/persistentvolumes",
        "/apis/apps/v1/deployments",
        "/apis/apps/v1/daemonsets",
        "/apis/apps/v1/statefulsets",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        "/apis/storage.k8s.io/v1/storageclasses",
        "/apis/storage.k8s.io/v1/csidrivers",
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    ];
    paths.into_iter().map(|path| (path, names(&world.get(path), |_| true))).collect()
}
