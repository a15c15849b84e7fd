//! What is taken out of objects before they are applied, since it isn't ours to say.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::model::Object;

/// Makes rendered objects ready to be applied: `status` and nulls go, `stringData` becomes `data`, and what a controller of
/// the cluster decides is left to it: the replicas of an autoscaled workload, the rules of an aggregated role, the CA of a
/// webhook that an injector fills.
pub fn prepare(mut objects: Vec<Object>) -> Vec<Object> {
    let scaled = scaled(&objects);
    for object in &mut objects {
        let id = (object.kind().to_owned(), object.namespace().to_owned(), object.name().to_owned());
        drop_nulls(&mut object.0);
        let secret = object.is("", "Secret");
        let crd = object.is("apiextensions.k8s.io", "CustomResourceDefinition");
        let Some(map) = object.0.as_object_mut() else { continue };
        map.remove("status");
        if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("creationTimestamp");
            metadata.remove("managedFields");
        }
        if secret {
            string_data(map);
        }
        if map.contains_key("aggregationRule") {
            map.remove("rules");
        }
        if scaled.contains(&id)
            && let Some(spec) = map.get_mut("spec").and_then(Value::as_object_mut)
        {
            spec.remove("replicas");
        }
        for hook in map.get_mut("webhooks").and_then(Value::as_array_mut).into_iter().flatten() {
            drop_placeholder(hook.get_mut("clientConfig"));
        }
        if crd {
            drop_placeholder(object.0.pointer_mut("/spec/conversion/webhook/clientConfig"));
        }
    }
    objects
}

/// The workloads whose replicas an autoscaler of the same set decides: kind, namespace, name.
fn scaled(objects: &[Object]) -> BTreeSet<(String, String, String)> {
    let text = |object: &Object, field: &str| {
        let target = object.0.pointer("/spec/scaleTargetRef");
        target.and_then(|t| t.get(field)).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    objects
        .iter()
        .filter(|object| object.is("autoscaling", "HorizontalPodAutoscaler"))
        .map(|object| (text(object, "kind"), object.namespace().to_owned(), text(object, "name")))
        .collect()
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// `stringData` is write-only: as `data` it can be compared with what is live.
fn string_data(map: &mut Map<String, Value>) {
    let Some(Value::Object(texts)) = map.remove("stringData") else { return };
    let data = map.entry("data").or_insert_with(|| Value::Object(Map::new()));
    let Some(data) = data.as_object_mut() else { return };
    for (key, text) in texts {
        data.insert(key, STANDARD.encode(text.as_str().unwrap_or_default()).into());
    }
}

fn drop_placeholder(client_config: Option<&mut Value>) {
    if let Some(config) = client_config.and_then(Value::as_object_mut)
        && !config.get("caBundle").is_some_and(is_pem)
    {
        config.remove("caBundle");
    }
}

/// True if a `caBundle` holds a certificate: upstream's placeholders don't.
pub fn is_pem(ca_bundle: &Value) -> bool {
    ca_bundle
        .as_str()
        .and_then(|text| STANDARD.decode(text).ok())
        .is_some_and(|pem| String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----"))
}

/// The `clientConfig`s of a webhook configuration or a CRD, each with whether it carries a CA.
pub fn carries_ca(object: &Object) -> Vec<(&Value, bool)> {
    let hooks = object.0.get("webhooks").and_then(Value::as_array).into_iter().flatten();
    hooks
        .filter_map(|hook| hook.get("clientConfig"))
        .chain(object.0.pointer("/spec/conversion/webhook/clientConfig"))
        .map(|config| (config, config.get("caBundle").is_some_and(is_pem)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn prepared(value: Value) -> Value {
        prepare(vec![Object(value)]).remove(0).0
    }

    #[test]
    fn a_placeholder_ca_is_not_sent_a_real_one_is() {
        let pem = STANDARD.encode("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n");
        let hooks = |ca: &str| json!({"kind": "MutatingWebhookConfiguration", "webhooks": [{"name": "a", "clientConfig": {"caBundle": ca}}]});
        for placeholder in ["Cg==", "", "Cg"] {
            assert_eq!(prepared(hooks(placeholder))["webhooks"][0]["clientConfig"], json!({}), "{placeholder}");
        }
        assert_eq!(prepared(hooks(&pem))["webhooks"][0]["clientConfig"]["caBundle"], json!(pem));
        let crd = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": "Cg==", "service": {"name": "a"}}}}}});
        assert_eq!(prepared(crd)["spec"]["conversion"]["webhook"]["clientConfig"], json!({"service": {"name": "a"}}));
    }

    #[test]
    fn an_autoscaled_workload_keeps_its_replicas() {
        let hpa = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"namespace": "n", "name": "h"},
            "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "a"}}});
        let deployment = |name: &str| {
            json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"namespace": "n", "name": name}, "spec": {"replicas": 2}})
        };
        let objects = prepare(vec![Object(hpa), Object(deployment("a")), Object(deployment("b"))]);
        assert_eq!(objects[1].0["spec"], json!({}));
        assert_eq!(objects[2].0["spec"], json!({"replicas": 2}));
    }

    #[test]
    fn what_a_controller_fills_is_left_to_it() {
        let role = json!({"kind": "ClusterRole", "aggregationRule": {}, "rules": [], "metadata": {"creationTimestamp": null}, "status": {}});
        assert_eq!(prepared(role), json!({"kind": "ClusterRole", "aggregationRule": {}, "metadata": {}}));
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "data": {"b": "Yg=="}, "stringData": {"a": "x"}});
        assert_eq!(prepared(secret)["data"], json!({"a": "eA==", "b": "Yg=="}));
    }
}
