//! Whether a live object is what is wanted: everything that is wanted is there; what else is there doesn't matter.

use serde_json::{Map, Value};

use crate::model::Object;

use super::quantity;
use super::stage::builtin;

/// A field in which a live object isn't as wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field, as a dotted path; items of lists by their key or index.
    pub path: String,
    /// What is live, if it can be shown; secrets and texts that might hold one can't.
    pub live: Option<String>,
    /// What is wanted, if it can be shown.
    pub wanted: Option<String>,
}

/// Fields that controllers rewrite after we have applied them: kind, beginning of the name, end of the path.
///
/// istiod sets the policy of its own webhooks once it answers them. Sources: istio 1.11 `pkg/webhooks/validation/controller`,
/// cert-manager 1.5 cainjector, knative `pkg/webhook`.
const REWRITTEN: &[(&str, &str, &str)] = &[
    ("ValidatingWebhookConfiguration", "istio", "failurePolicy"),
    ("ValidatingWebhookConfiguration", "", "caBundle"),
    ("MutatingWebhookConfiguration", "", "caBundle"),
    ("CustomResourceDefinition", "", "caBundle"),
];

/// Lists of Kubernetes' own kinds whose items have a key: the API server merges them, so others may add items.
const KEYED: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("env", &["name"]),
    ("volumes", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("webhooks", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("secrets", &["name"]),
    ("ports", &["port", "containerPort", "protocol"]),
];

/// How `live` differs from `wanted`; empty if all that is wanted is there.
pub fn differences(wanted: &Object, live: &Object) -> Vec<Difference> {
    let mut walk = Walk { keyed: builtin(wanted.group()), secret: hides(wanted), found: Vec::new() };
    walk.map(&mut Vec::new(), wanted.0.as_object(), live.0.as_object());
    let rewritten = |path: &str| {
        REWRITTEN
            .iter()
            .any(|(kind, name, end)| wanted.kind() == *kind && wanted.name().starts_with(name) && path.ends_with(end))
    };
    walk.found.retain(|difference| !rewritten(&difference.path));
    walk.found
}

/// Kinds whose values aren't shown: they hold secrets, or texts that may.
fn hides(object: &Object) -> bool {
    matches!(object.kind(), "Secret" | "ConfigMap")
}

struct Walk {
    keyed: bool,
    secret: bool,
    found: Vec<Difference>,
}

impl Walk {
    fn map(&mut self, path: &mut Vec<String>, wanted: Option<&Map<String, Value>>, live: Option<&Map<String, Value>>) {
        for (key, wanted) in wanted.into_iter().flatten() {
            // The list was made in the version that is compared; nothing else here is of the object itself.
            if path.is_empty() && matches!(key.as_str(), "apiVersion" | "kind") {
                continue;
            }
            path.push(key.clone());
            match live.and_then(|live| live.get(key)) {
                Some(live) => self.value(path, wanted, live),
                None if empty(wanted) => {}
                None => self.differs(path, wanted, None),
            }
            path.pop();
        }
    }

    fn value(&mut self, path: &mut Vec<String>, wanted: &Value, live: &Value) {
        match (wanted, live) {
            (Value::Object(wanted), Value::Object(live)) => self.map(path, Some(wanted), Some(live)),
            (Value::Array(wanted), Value::Array(live)) => self.list(path, wanted, live),
            (Value::Number(a), Value::Number(b)) if a == b || a.as_f64() == b.as_f64() => {}
            (Value::String(_) | Value::Number(_), Value::String(_) | Value::Number(_)) if same_text(wanted, live) => {}
            (wanted, live) if wanted == live || empty(wanted) && empty(live) => {}
            _ => self.differs(path, wanted, Some(live)),
        }
    }

    fn list(&mut self, path: &mut Vec<String>, wanted: &[Value], live: &[Value]) {
        let name = path.last().map(String::as_str).unwrap_or_default();
        let keys = KEYED.iter().find(|(list, _)| self.keyed && *list == name).map(|(_, keys)| *keys);
        if name == "finalizers" {
            if let Some(missing) = wanted.iter().find(|w| !live.contains(w)) {
                self.differs(path, missing, None);
            }
        } else if let Some(keys) = keys {
            for item in wanted {
                path.push(label(item, keys));
                match live.iter().find(|other| same_key(item, other, keys)) {
                    Some(other) => self.value(path, item, other),
                    None => self.differs(path, item, None),
                }
                path.pop();
            }
        } else if wanted.len() != live.len() {
            self.differs(path, &Value::from(wanted), Some(&Value::from(live)));
        } else {
            for (index, (wanted, live)) in wanted.iter().zip(live).enumerate() {
                path.push(index.to_string());
                self.value(path, wanted, live);
                path.pop();
            }
        }
    }

    fn differs(&mut self, path: &[String], wanted: &Value, live: Option<&Value>) {
        let show = |value: &Value| match value {
            Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
            Value::String(text)
                if matches!(path.last().map(String::as_str), Some("image" | "type" | "failurePolicy")) =>
            {
                Some(text.clone())
            }
            _ => None,
        };
        let (wanted, live) = if self.secret { (None, None) } else { (show(wanted), live.and_then(show)) };
        self.found.push(Difference { path: path.join("."), live, wanted });
    }
}

/// The API server leaves out what is empty.
fn empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.values().all(empty),
        Value::Bool(true) => false,
    }
}

/// A text, a quantity or a duration that the API server writes otherwise.
fn same_text(wanted: &Value, live: &Value) -> bool {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (wanted, live) = (text(wanted), text(live));
    wanted == live || quantity::same(&wanted, &live)
}

/// Items are the same if each key is; a protocol that isn't written is TCP.
fn same_key(wanted: &Value, live: &Value, keys: &[&str]) -> bool {
    keys.iter().all(|key| {
        let default = if *key == "protocol" { Some("TCP".into()) } else { None };
        wanted.get(key).or(default.as_ref()) == live.get(key).or(default.as_ref())
    })
}

fn label(item: &Value, keys: &[&str]) -> String {
    let parts: Vec<_> = keys
        .iter()
        .filter_map(|key| item.get(key))
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect();
    format!("[{}]", parts.join("/"))
}

#[cfg(test)]
mod tests;
