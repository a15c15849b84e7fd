//! Kinds that upstream's manifests don't have but users' may: what each becomes, by value.

use serde_json::{Value, json};

use super::super::values::KubernetesVersion;
use super::uplift;
use crate::model::Object;

/// The object as 1.35 takes it; `None` if it can't be raised.
fn raised(value: Value) -> Option<Value> {
    let mut object = Object(value.clone());
    let done = uplift(&mut object, KubernetesVersion { major: 1, minor: 35 });
    match done {
        Some(done) => {
            let again = uplift(&mut object.clone(), KubernetesVersion { major: 1, minor: 35 });
            assert_eq!(again, None, "{}: raised twice", done.id);
            Some(object.0)
        }
        None => {
            assert_eq!(object.0, value, "what isn't raised stays as it is");
            None
        }
    }
}

fn spec(api: &str, kind: &str, spec: Value) -> Option<Value> {
    raised(json!({"apiVersion": api, "kind": kind, "metadata": {"name": "o"}, "spec": spec}))
}

#[test]
fn each_metric_of_an_autoscaler_keeps_its_aim() {
    let object = |name: &str| json!({"apiVersion": "v1", "kind": "Service", "name": name});
    let labels = json!({"matchLabels": {"queue": "a"}});
    let metrics = json!([
        {"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": 80}},
        {"type": "Resource", "resource": {"name": "memory", "targetAverageValue": "1Gi"}},
        {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "app", "targetAverageUtilization": 50}},
        {"type": "Pods", "pods": {"metricName": "requests", "selector": labels, "targetAverageValue": "1k"}},
        {"type": "Object", "object": {"target": object("a"), "metricName": "hits", "targetValue": "10"}},
        {"type": "Object", "object": {"target": object("b"), "metricName": "hits", "targetValue": "0", "averageValue": "3"}},
        {"type": "External", "external": {"metricName": "depth", "metricSelector": labels, "targetValue": "30"}},
        {"type": "External", "external": {"metricName": "depth", "targetAverageValue": "5"}},
    ]);
    let expected = json!([
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}},
        {"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}},
        {"type": "ContainerResource", "containerResource":
            {"name": "cpu", "container": "app", "target": {"type": "Utilization", "averageUtilization": 50}}},
        {"type": "Pods", "pods":
            {"metric": {"name": "requests", "selector": labels}, "target": {"type": "AverageValue", "averageValue": "1k"}}},
        {"type": "Object", "object":
            {"describedObject": object("a"), "metric": {"name": "hits"}, "target": {"type": "Value", "value": "10"}}},
        {"type": "Object", "object":
            {"describedObject": object("b"), "metric": {"name": "hits"}, "target": {"type": "AverageValue", "averageValue": "3"}}},
        {"type": "External", "external":
            {"metric": {"name": "depth", "selector": labels}, "target": {"type": "Value", "value": "30"}}},
        {"type": "External", "external":
            {"metric": {"name": "depth"}, "target": {"type": "AverageValue", "averageValue": "5"}}},
    ]);
    let scale = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"});
    let behavior = json!({"scaleDown": {"stabilizationWindowSeconds": 60}});
    let annotation = "autoscaling.alpha.kubernetes.io/behavior";
    let after = raised(json!({"apiVersion": "autoscaling/v2beta1", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "a", "annotations": {annotation: behavior.to_string()}},
        "spec": {"scaleTargetRef": scale, "minReplicas": 2, "maxReplicas": 5, "metrics": metrics}, "status": {}}));
    let wanted = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "a", "annotations": {}},
        "spec": {"scaleTargetRef": scale, "minReplicas": 2, "maxReplicas": 5, "metrics": expected, "behavior": behavior}});
    assert_eq!(after, Some(wanted));
    let kept = json!({"metrics": expected, "behavior": behavior});
    assert_eq!(
        spec("autoscaling/v2beta2", "HorizontalPodAutoscaler", kept.clone()).map(|o| o["spec"].clone()),
        Some(kept)
    );
}

#[test]
fn workloads_roll_out_as_they_did() {
    let labels = json!({"app": "a"});
    let template = json!({"metadata": {"labels": labels}});
    let selector = json!({"matchLabels": labels});
    let no_limit = i32::MAX;
    let rolling = json!({"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}});
    for (api, kind, old, new) in [
        (
            "extensions/v1beta1",
            "Deployment",
            json!({"rollbackTo": {"revision": 1}}),
            json!({"progressDeadlineSeconds": no_limit, "revisionHistoryLimit": no_limit, "strategy": rolling}),
        ),
        (
            "extensions/v1beta1",
            "Deployment",
            json!({"strategy": {"type": "Recreate"}, "revisionHistoryLimit": 3}),
            json!({"strategy": {"type": "Recreate"}, "revisionHistoryLimit": 3, "progressDeadlineSeconds": no_limit}),
        ),
        ("apps/v1beta1", "Deployment", json!({}), json!({"revisionHistoryLimit": 2})),
        ("apps/v1beta2", "Deployment", json!({}), json!({})),
        (
            "extensions/v1beta1",
            "DaemonSet",
            json!({"templateGeneration": 3}),
            json!({"updateStrategy": {"type": "OnDelete"}}),
        ),
        ("apps/v1beta2", "DaemonSet", json!({}), json!({})),
        (
            "apps/v1beta1",
            "StatefulSet",
            json!({"serviceName": "s"}),
            json!({"serviceName": "s", "updateStrategy": {"type": "OnDelete"}}),
        ),
        (
            "apps/v1beta1",
            "StatefulSet",
            json!({"updateStrategy": {"type": "RollingUpdate"}}),
            json!({"updateStrategy": {"type": "RollingUpdate"}}),
        ),
        ("extensions/v1beta1", "ReplicaSet", json!({}), json!({})),
    ] {
        let (mut old, mut new) = (old, new);
        old["template"] = template.clone();
        new["template"] = template.clone();
        new["selector"] = selector.clone();
        let after = spec(api, kind, old).expect("is raised");
        assert_eq!((after["apiVersion"].as_str(), &after["spec"]), (Some("apps/v1"), &new), "{api} {kind}");
        let labelled = after["metadata"].get("labels") == Some(&labels);
        assert_eq!(labelled, api != "apps/v1beta2", "{api} {kind}: the labels of the template were taken");
    }
    let own = json!({"matchLabels": {"tier": "b"}});
    let after = spec("apps/v1beta2", "ReplicaSet", json!({"selector": own, "template": template})).expect("is raised");
    assert_eq!(after["spec"]["selector"], own);
}

#[test]
fn what_has_another_name_or_default_means_the_same() {
    let after = spec("authorization.k8s.io/v1beta1", "SubjectAccessReview", json!({"user": "u", "group": ["g"]}));
    assert_eq!(after.expect("is raised")["spec"], json!({"user": "u", "groups": ["g"]}));

    let request = |fields: Value| spec("certificates.k8s.io/v1beta1", "CertificateSigningRequest", fields);
    let (signer, usages) = ("kubernetes.io/kube-apiserver-client", ["digital signature", "key encipherment"]);
    let after = request(json!({"signerName": signer})).expect("is raised");
    assert_eq!(after["spec"], json!({"signerName": signer, "usages": usages}));
    let twice = json!({"signerName": signer, "usages": ["client auth", "client auth"]});
    assert_eq!(request(twice).expect("is raised")["spec"]["usages"], json!(["client auth"]));
    assert_eq!(request(json!({"request": "a"})), None);
    assert_eq!(request(json!({"signerName": "kubernetes.io/legacy-unknown"})), None);

    let topology = json!({"kubernetes.io/hostname": "n1", "topology.kubernetes.io/zone": "cn-north-1a", "rack": "r"});
    let slice = json!({"apiVersion": "discovery.k8s.io/v1beta1", "kind": "EndpointSlice", "metadata": {"name": "s"},
        "addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"], "topology": topology}]});
    let after = raised(slice).expect("is raised");
    assert_eq!(after["endpoints"], json!([{"addresses": ["10.0.0.1"], "nodeName": "n1", "zone": "cn-north-1a"}]));

    let level = |version: &str, shares: Value| {
        let api = format!("flowcontrol.apiserver.k8s.io/{version}");
        let after = spec(&api, "PriorityLevelConfiguration", json!({"type": "Limited", "limited": shares}));
        after.expect("is raised")["spec"]["limited"].clone()
    };
    assert_eq!(level("v1beta1", json!({"assuredConcurrencyShares": 7})), json!({"nominalConcurrencyShares": 7}));
    assert_eq!(level("v1beta2", json!({"assuredConcurrencyShares": 0})), json!({"nominalConcurrencyShares": 30}));
    assert_eq!(level("v1beta3", json!({"nominalConcurrencyShares": 0})), json!({"nominalConcurrencyShares": 30}));
    let zero = json!({"flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares": ""});
    let after =
        raised(json!({"apiVersion": "flowcontrol.apiserver.k8s.io/v1beta3", "kind": "PriorityLevelConfiguration",
        "metadata": {"name": "z", "annotations": zero}, "spec": {"limited": {"nominalConcurrencyShares": 0}}}));
    assert_eq!(after.expect("is raised")["spec"]["limited"], json!({"nominalConcurrencyShares": 0}));
}

/// v1 takes nothing for granted of a CRD: the scope, who approved a group of the community, numbers that may be texts.
#[test]
fn a_definition_says_what_v1beta1_assumed() {
    let port = json!({"anyOf": [{"type": "string"}, {"type": "integer"}]});
    let after = spec(
        "apiextensions.k8s.io/v1beta1",
        "CustomResourceDefinition",
        json!({"group": "app.k8s.io", "version": "v1",
        "names": {"kind": "App", "plural": "apps"}, "preserveUnknownFields": false,
        "validation": {"openAPIV3Schema": {"type": "object", "properties": {"port": port}}}}),
    )
    .expect("is raised");
    assert_eq!(after["spec"]["scope"], "Namespaced");
    let schema = &after["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    assert_eq!(schema["properties"]["port"], json!({"x-kubernetes-int-or-string": true}));
    let word = after["metadata"]["annotations"]["api-approved.kubernetes.io"].as_str();
    assert!(word.is_some_and(|word| word.starts_with("unapproved")), "{word:?}");
    let cluster =
        json!({"group": "example.com", "version": "v1", "scope": "Cluster", "names": {"kind": "A", "plural": "as"}});
    let after = spec("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", cluster).expect("is raised");
    assert_eq!((after["spec"]["scope"].as_str(), after["metadata"].get("annotations")), (Some("Cluster"), None));
}

/// Any part of any object may be of another type than it should: it is left for the server to refuse.
#[test]
fn nothing_breaks_on_parts_of_the_wrong_type() {
    let labels = json!({"metadata": {"labels": {"a": "b"}}});
    let service = json!({"serviceName": "s", "servicePort": 1});
    let objects = [
        (
            "apiextensions.k8s.io/v1beta1",
            "CustomResourceDefinition",
            json!({"group": "a.k8s.io", "version": "v1",
            "versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"properties": {"metadata": {}, "a": {"items": {}}}}}}],
            "validation": {"openAPIV3Schema": {"anyOf": [{"type": "integer"}]}}, "additionalPrinterColumns": [{"JSONPath": "."}],
            "conversion": {"strategy": "Webhook", "webhookClientConfig": {}}}),
        ),
        (
            "networking.k8s.io/v1beta1",
            "Ingress",
            json!({"backend": service, "rules": [{"http": {"paths": [{"backend": service}]}}]}),
        ),
        ("policy/v1beta1", "PodDisruptionBudget", json!({"selector": {"matchLabels": {}}})),
        ("extensions/v1beta1", "Deployment", json!({"template": labels, "strategy": {"rollingUpdate": {}}})),
        ("apps/v1beta1", "StatefulSet", json!({"template": labels, "updateStrategy": {}})),
        (
            "autoscaling/v2beta1",
            "HorizontalPodAutoscaler",
            json!({"metrics": [{"object": {"target": {}, "metricName": "a",
            "selector": {}, "targetValue": 1}}]}),
        ),
        ("certificates.k8s.io/v1beta1", "CertificateSigningRequest", json!({"signerName": "a/b", "usages": ["a"]})),
        (
            "flowcontrol.apiserver.k8s.io/v1beta1",
            "PriorityLevelConfiguration",
            json!({"limited": {"assuredConcurrencyShares": 0}}),
        ),
        ("authorization.k8s.io/v1beta1", "SubjectAccessReview", json!({"group": ["g"]})),
        ("cert-manager.io/v1alpha2", "Certificate", json!({"keySize": 1, "privateKey": {}})),
    ];
    let mut tried = 0;
    for (api, kind, spec) in objects {
        let whole = json!({"apiVersion": api, "kind": kind, "metadata": {"name": "o", "annotations": {"a": "b"}}, "spec": spec,
            "webhooks": [{"name": "a"}], "endpoints": [{"topology": {"rack": "r"}}]});
        for (api, kind) in [
            (api, kind),
            ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration"),
            ("discovery.k8s.io/v1beta1", "EndpointSlice"),
        ] {
            let mut whole = whole.clone();
            (whole["apiVersion"], whole["kind"]) = (api.into(), kind.into());
            for place in places(&whole, String::new()) {
                for wrong in [json!(null), json!("text"), json!(1), json!([1]), json!([{"a": 1}]), json!({"a": "b"})] {
                    let mut object = Object(whole.clone());
                    *object.0.pointer_mut(&place).expect("a place of it") = wrong;
                    uplift(&mut object, KubernetesVersion { major: 1, minor: 35 });
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 2000, "{tried}");
}

fn places(value: &Value, at: String) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.replace('/', "~1"), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let mut all: Vec<String> =
        below.into_iter().flat_map(|(key, value)| places(value, format!("{at}/{key}"))).collect();
    if !at.is_empty() {
        all.push(at);
    }
    all
}
