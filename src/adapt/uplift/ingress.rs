//! Ingress: extensions/v1beta1 and networking.k8s.io/v1beta1 to networking.k8s.io/v1.

use serde_json::{Map, Value, json};

use super::write_default;

/// Moves what v1 renamed (`backend` to `defaultBackend`, `serviceName` and `servicePort` into `service`) and writes out the
/// path type that v1beta1 took by itself and v1 requires. Source: Kubernetes deprecation guide, 1.22.
pub(super) fn raise(object: &mut Value) -> Vec<String> {
    let mut changes = Vec::new();
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return changes };
    if let Some(mut default) = spec.remove("backend") {
        backend(&mut default, "/spec/defaultBackend", &mut changes);
        changes.push("/spec/backend → /spec/defaultBackend".into());
        spec.insert("defaultBackend".into(), default);
    }
    for (rule, value) in spec.get_mut("rules").and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
        let paths = value.pointer_mut("/http/paths").and_then(Value::as_array_mut);
        for (index, path) in paths.into_iter().flatten().enumerate() {
            let at = format!("/spec/rules/{rule}/http/paths/{index}");
            write_default(path, &at, "pathType", json!("ImplementationSpecific"), &mut changes);
            if let Some(value) = path.get_mut("backend") {
                backend(value, &format!("{at}/backend"), &mut changes);
            }
        }
    }
    changes
}

/// A backend that is a resource has the same form in both versions.
fn backend(value: &mut Value, at: &str, changes: &mut Vec<String>) {
    let Some(map) = value.as_object_mut() else { return };
    let (name, port) = (map.remove("serviceName"), map.remove("servicePort"));
    let mut service = Map::new();
    if let Some(name) = name {
        service.insert("name".into(), name);
    }
    match port {
        Some(Value::String(name)) => service.insert("port".into(), json!({"name": name})),
        Some(number) => service.insert("port".into(), json!({"number": number})),
        None => None,
    };
    if !service.is_empty() {
        changes.push(format!("{at}/serviceName, servicePort → {at}/service"));
        map.insert("service".into(), Value::Object(service));
    }
}
