//! What a deployment that has just come up shows of the cases, on a real API server: called by the tests of whole deployments.

use serde_json::{Value, json};

use crate::whole::environment::World;

/// Every case that can be seen without changing anything.
pub fn hold(world: &World) {
    a12_nobody_is_let_in_by_aws_auth(world);
    c14_one_starter_of_the_metadata_database(world);
    c15_what_pods_take_their_secrets_from_comes_before_them(world);
    c16_the_driver_asks_for_the_tokens_that_the_provider_wants(world);
    c17_driver_and_provider_are_on_every_node_and_meet_at_one_place(world);
    f1_every_claim_is_bound_by_a_driver_that_was_there_before_it(world);
    f2_one_class_is_the_default_and_it_is_gp3_of_the_csi_driver(world);
    f8_the_device_plugin_tolerates_the_taint_of_the_pool(world);
    g3_what_was_applied_is_in_an_inventory(world);
}

fn items(world: &World, path: &str) -> Vec<Value> {
    world.get(path)["items"].as_array().expect("a list").clone()
}

fn one(world: &World, path: &str, name: &str) -> Value {
    let found = items(world, path).into_iter().find(|item| item["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("{path} has no {name}"))
}

/// Where in the order of writes an object was written first.
fn written(writes: &[String], object: &str) -> usize {
    writes.iter().position(|write| write.contains(object)).unwrap_or_else(|| panic!("{object} was never written"))
}

/// eksctl#4162.
fn a12_nobody_is_let_in_by_aws_auth(world: &World) {
    let maps = items(world, "/api/v1/namespaces/kube-system/configmaps");
    assert!(maps.iter().all(|map| map["metadata"]["name"] != "aws-auth"), "{maps:#?}");
}

/// manifests#2875, kubeflow/pipelines#12086: two that start at once leave a database that is half filled.
fn c14_one_starter_of_the_metadata_database(world: &World) {
    // The sample has no metadata store.
    for item in items(world, "/apis/apps/v1/namespaces/kubeflow/deployments") {
        if item["metadata"]["name"] == "metadata-grpc-deployment" {
            assert_eq!(item["spec"]["replicas"], 1);
        }
    }
}

/// awslabs#69, #269: pods for which a Secret never comes.
fn c15_what_pods_take_their_secrets_from_comes_before_them(world: &World) {
    let writes = world.cluster_writes(0);
    let sync = written(&writes, "/deployments/aws-secrets-sync");
    for before in [
        "/csidrivers/secrets-store.csi.k8s.io",
        "/serviceaccounts/kubeflow-secrets-manager-sa",
        "/secretproviderclasses/rds-secret",
        "/secretproviderclasses/s3-secret",
    ] {
        assert!(written(&writes, before) < sync, "{before} came after the pod that mounts it");
    }
    let role = "eks.amazonaws.com/role-arn";
    let account = one(world, "/api/v1/namespaces/kubeflow/serviceaccounts", "kubeflow-secrets-manager-sa");
    let arn = account["metadata"]["annotations"][role].as_str().unwrap_or_default();
    assert!(arn.starts_with("arn:aws-cn:iam::"), "{account:#}");
    for (secret, key) in [("mysql-secret", "password"), ("mlpipeline-minio-artifact", "secretkey")] {
        let secret = one(world, "/api/v1/namespaces/kubeflow/secrets", secret);
        assert!(secret["data"].get(key).is_some(), "{}", secret["metadata"]["name"]);
    }
}

/// secrets-store-csi-driver-provider-aws, pull request 561.
fn c16_the_driver_asks_for_the_tokens_that_the_provider_wants(world: &World) {
    let driver = one(world, "/apis/storage.k8s.io/v1/csidrivers", "secrets-store.csi.k8s.io");
    let wanted = json!([{"audience": "sts.amazonaws.com"}, {"audience": "pods.eks.amazonaws.com"}]);
    assert_eq!(driver["spec"]["tokenRequests"], wanted);
}

/// provider#91, secrets-store-csi-driver#953: no provider on a node with a taint, or at another place than the driver looks.
fn c17_driver_and_provider_are_on_every_node_and_meet_at_one_place(world: &World) {
    let sets = items(world, "/apis/apps/v1/namespaces/kube-system/daemonsets");
    let both: Vec<&Value> = sets.iter().filter(|set| set.to_string().contains("secrets-store-csi-providers")).collect();
    assert_eq!(both.len(), 2, "driver and provider: {sets:#?}");
    for set in both {
        let pods = &set["spec"]["template"]["spec"];
        assert_eq!(pods["tolerations"], json!([{"operator": "Exists"}]), "{}", set["metadata"]["name"]);
        let paths = pods["volumes"].as_array().into_iter().flatten().filter_map(|v| v["hostPath"]["path"].as_str());
        let shared = paths.filter(|path| *path == "/var/run/secrets-store-csi-providers").count();
        assert_eq!(shared, 1, "{}", set["metadata"]["name"]);
    }
}

/// awslabs#548, manifests#1913, #2115: claims that nobody binds, and a dashboard that refuses everybody.
fn f1_every_claim_is_bound_by_a_driver_that_was_there_before_it(world: &World) {
    let writes = world.cluster_writes(0);
    let class = written(&writes, "/storageclasses/gp3");
    let claims = writes.iter().enumerate().filter(|(_, write)| write.contains("/persistentvolumeclaims/"));
    let (mut seen, mut first) = (0, usize::MAX);
    for (at, _) in claims {
        (seen, first) = (seen + 1, first.min(at));
    }
    assert!(seen > 0 && class < first, "the class was written at {class}, the first claim at {first}");
    let claims = items(world, "/api/v1/persistentvolumeclaims");
    assert!(claims.iter().all(|claim| claim["status"]["phase"] == "Bound"), "{claims:#?}");
    let volumes = items(world, "/api/v1/persistentvolumes");
    assert!(volumes.iter().all(|volume| volume["spec"]["csi"]["driver"] == "ebs.csi.aws.com"), "{volumes:#?}");
    assert!(volumes.len() >= claims.len());
}

/// containers-roadmap#1935, awslabs#832.
fn f2_one_class_is_the_default_and_it_is_gp3_of_the_csi_driver(world: &World) {
    let classes = items(world, "/apis/storage.k8s.io/v1/storageclasses");
    let default =
        |class: &&Value| class["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true";
    let defaults: Vec<&Value> = classes.iter().filter(default).collect();
    let [class] = defaults.as_slice() else { panic!("{defaults:#?}") };
    assert_eq!((&class["metadata"]["name"], &class["provisioner"]), (&json!("gp3"), &json!("ebs.csi.aws.com")));
    assert_eq!(class["parameters"]["type"], "gp3");
}

/// nebari#3074, k8s-device-plugin#9: no GPU is offered on a node whose taint the plugin doesn't tolerate.
fn f8_the_device_plugin_tolerates_the_taint_of_the_pool(world: &World) {
    let sets = items(world, "/apis/apps/v1/daemonsets");
    let plugin =
        sets.iter().find(|set| set["metadata"]["name"] == "nvidia-device-plugin-daemonset").expect("the plugin");
    let tolerated = plugin["spec"]["template"]["spec"]["tolerations"].as_array().cloned().unwrap_or_default();
    let pool = one(world, "/apis/karpenter.sh/v1/nodepools", "gpu");
    let taints = pool["spec"]["template"]["spec"]["taints"].as_array().expect("a taint").clone();
    assert!(!taints.is_empty());
    for taint in taints {
        let same = |toleration: &Value| {
            let effect = toleration.get("effect").is_none_or(|effect| *effect == taint["effect"]);
            let value = toleration["operator"] == "Exists" || toleration["value"] == taint["value"];
            toleration["key"] == taint["key"] && effect && value
        };
        assert!(tolerated.iter().any(same), "{taint} isn't tolerated: {tolerated:#?}");
    }
}

/// kfctl#293: what was applied was found again by a label, and what had none stayed.
fn g3_what_was_applied_is_in_an_inventory(world: &World) {
    let maps = items(world, "/api/v1/namespaces/kube-system/configmaps");
    let inventories: Vec<&Value> = maps
        .iter()
        .filter(|m| m["metadata"]["name"].as_str().is_some_and(|n| n.starts_with("kfctl-cn-inventory-")))
        .collect();
    assert!(inventories.len() > 5, "one a resource");
    let text: String = inventories.iter().map(|map| map["data"].to_string()).collect();
    for object in world.applied() {
        let name = object.rsplit('/').next().expect("a name");
        let inventory = name.starts_with("kfctl-cn-inventory-");
        assert!(inventory || text.contains(name), "{object} is in no inventory");
    }
}
