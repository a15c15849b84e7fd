//! What holds an object that is being deleted, and the command that frees it.
//!
//! Source: kubeflow/kubeflow#4778, #4496 and kubeflow/manifests#1421: namespaces stay Terminating for hours because an API service or an
//! admission webhook is dead, and nothing says which.

use serde_json::Value;

use crate::model::{Object, Result};

use super::{Client, FIELD_MANAGER, Kind, Owned, Refusal};

const WEBHOOKS: [&str; 2] = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];
/// What a kind of one's own is defined by.
const CRD: &str = "CustomResourceDefinition";
const ADMISSION: &str = "admissionregistration.k8s.io";
const REGISTRATION: &str = "apiregistration.k8s.io";
/// What the API server says of a webhook that doesn't answer, before its name.
const FAILED_CALL: &str = "failed calling webhook \"";
/// What a namespace says when an API service doesn't answer.
const NO_DISCOVERY: &str = "Discovery failed";

/// A webhook configuration or an API service that holds up the deletion of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blocker {
    pub(super) id: Owned,
    /// True if this program applied it: it may be removed without asking.
    pub(super) ours: bool,
}

impl Blocker {
    /// What takes it out of the way.
    fn command(&self) -> String {
        format!("kubectl delete {} {}", self.id.kind.to_lowercase(), self.id.name)
    }

    /// What to do about it.
    pub(super) fn help(&self) -> String {
        format!("{} doesn't answer: `{}` takes it out of the way", self.id, self.command())
    }
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// What holds an object that is being deleted: of a namespace what its controller says, of others their finalizers.
pub(super) fn held(live: &Object) -> String {
    let remaining: Vec<&str> = list(&live.0, "/status/conditions")
        .filter(|c| c.get("status").and_then(Value::as_str) == Some("True"))
        .filter(|c| c.get("type").and_then(Value::as_str).is_some_and(|t| t.starts_with("Namespace")))
        .filter_map(|c| c.get("message").and_then(Value::as_str))
        .collect();
    let finalizers: Vec<&str> = ["/metadata/finalizers", "/spec/finalizers"]
        .iter()
        .flat_map(|pointer| list(&live.0, pointer))
        .filter_map(Value::as_str)
        .collect();
    match (remaining.is_empty(), finalizers.is_empty()) {
        (false, _) => remaining.join("; "),
        (true, false) => format!("held by finalizer {}", finalizers.join(", ")),
        (true, true) => "not gone yet".into(),
    }
}

/// What the reasons of waiting objects name: webhooks that don't answer, and API services if discovery failed.
pub(super) async fn of(client: &Client, reasons: impl Iterator<Item = &str>) -> Result<Vec<Blocker>, Refusal> {
    let (mut webhooks, mut services) = (Vec::new(), false);
    for reason in reasons {
        webhooks.extend(webhook_named(reason));
        services |= reason.contains(NO_DISCOVERY);
    }
    let mut found = Vec::new();
    if !webhooks.is_empty() {
        for kind in WEBHOOKS {
            found.extend(objects(client, ADMISSION, kind).await?.into_iter().filter(|config| {
                list(&config.0, "/webhooks")
                    .filter_map(|hook| hook.get("name").and_then(Value::as_str))
                    .any(|name| webhooks.contains(&name))
            }));
        }
    }
    if services {
        found.extend(objects(client, REGISTRATION, "APIService").await?.into_iter().filter(unavailable));
    }
    Ok(found.iter().map(|object| Blocker { id: Owned::of(object), ours: applied_by_us(object) }).collect())
}

/// Removes a blocker; already gone is success.
pub(super) async fn remove(client: &Client, blocker: &Blocker) -> Result<(), Refusal> {
    let discovery = client.discovery().await?;
    match discovery.preferred(&blocker.id.group, &blocker.id.kind) {
        Some(kind) => client.delete(kind, "", &blocker.id.name).await,
        None => Ok(()),
    }
}

async fn objects(client: &Client, group: &str, kind: &str) -> Result<Vec<Object>, Refusal> {
    let discovery = client.discovery().await?;
    match discovery.preferred(group, kind) {
        Some(kind) => client.list(kind).await,
        None => Ok(Vec::new()),
    }
}

/// The webhook that a message of the API server blames.
fn webhook_named(message: &str) -> Option<&str> {
    let rest = &message[message.find(FAILED_CALL)? + FAILED_CALL.len()..];
    rest.split('"').next()
}

fn unavailable(service: &Object) -> bool {
    list(&service.0, "/status/conditions").any(|c| {
        c.get("type").and_then(Value::as_str) == Some("Available")
            && c.get("status").and_then(Value::as_str) == Some("False")
    })
}

fn applied_by_us(object: &Object) -> bool {
    list(&object.0, "/metadata/managedFields")
        .any(|fields| fields.get("manager").and_then(Value::as_str) == Some(FIELD_MANAGER))
}

/// What holds an object that is being deleted, with a look at what it is waiting for: a CRD says nothing of the objects that hold it.
pub(super) async fn reason(client: &Client, id: &Owned, live: &Object) -> String {
    if id.kind != CRD {
        return held(live);
    }
    let objects = stuck_of(client, &id.name).await;
    let Some((kind, first)) = objects.first() else { return "its objects go first".into() };
    let id = Owned { kind: kind.kind.clone(), ..Owned::of(first) };
    let more = if objects.len() > 1 { format!(", and {} more", objects.len() - 1) } else { String::new() };
    format!("its objects go first: {id} is {}{more}", held(first))
}

/// The commands that lift what holds an object: its own finalizers, or those of what is left in a namespace or of a CRD.
pub(super) async fn commands(client: &Client, id: &Owned, why: &str) -> Vec<String> {
    let of = |(kind, o): (Kind, Object)| lift(&kind.kind, &kind.group, o.namespace(), o.name());
    if id.kind == CRD {
        return stuck_of(client, &id.name).await.into_iter().map(of).collect();
    }
    if why.starts_with("held by finalizer") && id.kind != "Namespace" {
        return vec![lift(&id.kind, &id.group, &id.namespace, &id.name)];
    }
    let mut commands = Vec::new();
    for (plural, group) in remaining_kinds(why) {
        let stuck = stuck_of(client, &format!("{plural}.{group}")).await;
        commands.extend(stuck.into_iter().filter(|(_, o)| o.namespace() == id.name).map(of));
    }
    commands
}

/// The objects of a kind (`plural.group`) that are being deleted and held by finalizers. What can't be listed is left out.
async fn stuck_of(client: &Client, name: &str) -> Vec<(Kind, Object)> {
    let (Ok(discovery), Some((plural, group))) = (client.discovery().await, name.split_once('.')) else {
        return Vec::new();
    };
    let Some(kind) = discovery.group(group).into_iter().find(|kind| kind.plural == plural).cloned() else {
        return Vec::new();
    };
    let objects = client.list(&kind).await.unwrap_or_default();
    let stuck = |o: &Object| {
        o.0.pointer("/metadata/deletionTimestamp").is_some() && list(&o.0, "/metadata/finalizers").next().is_some()
    };
    objects.into_iter().filter(stuck).map(|object| (kind.clone(), object)).collect()
}

/// The kinds of which a namespace says that some are left: `notebooks.kubeflow.org has 1 resource instances`, `pods. has 2 …`.
fn remaining_kinds(why: &str) -> Vec<(&str, &str)> {
    let before = why.split(" has ").map(|part| part.rsplit([' ', ',']).next().unwrap_or_default());
    before.filter_map(|word| word.split_once('.')).filter(|(plural, _)| !plural.is_empty()).collect()
}

fn lift(kind: &str, group: &str, namespace: &str, name: &str) -> String {
    let kind = if group.is_empty() { kind.to_lowercase() } else { format!("{}.{group}", kind.to_lowercase()) };
    let place = if namespace.is_empty() { String::new() } else { format!(" -n {namespace}") };
    format!("kubectl patch {kind} {name}{place} --type merge -p '{{\"metadata\":{{\"finalizers\":null}}}}'")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_holds_an_object_is_named() {
        let held = |value: Value| held(&Object(value));
        assert_eq!(
            held(json!({"metadata": {"finalizers": ["profile-finalizer"]}})),
            "held by finalizer profile-finalizer"
        );
        let namespace = json!({"spec": {"finalizers": ["kubernetes"]}, "status": {"conditions": [
            {"type": "NamespaceContentRemaining", "status": "True", "message": "profiles.kubeflow.org has 1 resource instances"},
            {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "all right"}]}});
        assert_eq!(held(namespace), "profiles.kubeflow.org has 1 resource instances");
        assert_eq!(held(json!({})), "not gone yet");
    }

    #[test]
    fn what_a_message_blames_is_found_in_it() {
        let message =
            "Internal error occurred: failed calling webhook \"webhook.cert-manager.io\": Post \"https://x\": refused";
        assert_eq!(webhook_named(message), Some("webhook.cert-manager.io"));
        assert_eq!(webhook_named("no endpoints available"), None);
        let left = "Some resources are remaining: notebooks.kubeflow.org has 1 resource instances, pods. has 2 resource instances";
        assert_eq!(remaining_kinds(left), [("notebooks", "kubeflow.org"), ("pods", "")]);
        assert_eq!(remaining_kinds("Some content in the namespace has finalizers remaining: x in 1"), []);
    }

    #[test]
    fn the_command_that_frees_an_object_can_be_pasted() {
        assert_eq!(
            lift("Profile", "kubeflow.org", "", "ann"),
            "kubectl patch profile.kubeflow.org ann --type merge -p '{\"metadata\":{\"finalizers\":null}}'"
        );
        assert!(lift("Pod", "", "ann", "x").starts_with("kubectl patch pod x -n ann "));
        let id = |kind: &str| Owned {
            group: ADMISSION.into(),
            kind: kind.into(),
            namespace: String::new(),
            name: "a".into(),
        };
        let blocker = Blocker { id: id("ValidatingWebhookConfiguration"), ours: false };
        assert_eq!(blocker.command(), "kubectl delete validatingwebhookconfiguration a");
    }
}
