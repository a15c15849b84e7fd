//! What a pod template names.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use crate::model::Object;

/// An object that a pod can't start without.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    /// Its kind, of the core group.
    pub kind: &'static str,
    /// Its namespace, the pod's.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The keys that it must have.
    pub keys: BTreeSet<String>,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} in {}", self.kind, self.name, self.namespace)
    }
}

/// What the pods of a workload need, without what is optional; nothing for other kinds.
pub(super) fn needs(object: &Object) -> Vec<Need> {
    let pointer = match (object.group(), object.kind()) {
        ("apps", _) | ("batch", "Job") => "/spec/template/spec",
        ("batch", "CronJob") => "/spec/jobTemplate/spec/template/spec",
        ("", "Pod") => "/spec",
        _ => return Vec::new(),
    };
    let Some(spec) = object.0.pointer(pointer) else { return Vec::new() };
    let mut found = Found { namespace: object.namespace().into(), needs: Vec::new() };
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(name) = text(spec, "serviceAccountName").or_else(|| text(spec, "serviceAccount")) {
        found.add("ServiceAccount", &name, BTreeSet::new());
    }
    for secret in items(spec, "imagePullSecrets") {
        found.named("Secret", Some(secret), "name");
    }
    for volume in items(spec, "volumes") {
        found.named("Secret", volume.get("secret"), "secretName");
        found.named("ConfigMap", volume.get("configMap"), "name");
        found.named("PersistentVolumeClaim", volume.get("persistentVolumeClaim"), "claimName");
        for source in volume.get("projected").into_iter().flat_map(|p| items(p, "sources")) {
            found.named("Secret", source.get("secret"), "name");
            found.named("ConfigMap", source.get("configMap"), "name");
        }
    }
    let containers = items(spec, "initContainers").chain(items(spec, "containers"));
    for container in containers {
        for env in items(container, "env") {
            let from = env.get("valueFrom");
            found.named("Secret", from.and_then(|f| f.get("secretKeyRef")), "name");
            found.named("ConfigMap", from.and_then(|f| f.get("configMapKeyRef")), "name");
        }
        for from in items(container, "envFrom") {
            found.named("Secret", from.get("secretRef"), "name");
            found.named("ConfigMap", from.get("configMapRef"), "name");
        }
    }
    found.needs
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

struct Found {
    namespace: String,
    needs: Vec<Need>,
}

impl Found {
    /// A reference: a name, perhaps keys, unless it is optional.
    fn named(&mut self, kind: &'static str, reference: Option<&Value>, name: &str) {
        let Some(reference) = reference else { return };
        if reference.get("optional").and_then(Value::as_bool) == Some(true) {
            return;
        }
        let Some(name) = reference.get(name).and_then(Value::as_str) else { return };
        let listed = items(reference, "items").filter_map(|item| item.get("key"));
        let keys = listed.chain(reference.get("key")).filter_map(Value::as_str).map(str::to_owned).collect();
        self.add(kind, name, keys);
    }

    fn add(&mut self, kind: &'static str, name: &str, keys: BTreeSet<String>) {
        let known = self.needs.iter_mut().find(|need| need.kind == kind && need.name == name);
        match known {
            Some(need) => need.keys.extend(keys),
            None => self.needs.push(Need { kind, namespace: self.namespace.clone(), name: name.into(), keys }),
        }
    }
}
