//! Whether a live object can be used: the rules of kstatus, and those of the controllers that Kubeflow brings.

use serde_json::Value;

use crate::model::Object;

use super::prepare::carries_ca;

/// Whether an object can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It can be used.
    Ready,
    /// Not yet; the text says what isn't true yet.
    Waiting(String),
    /// It will never be.
    Failed(String),
}

/// The state of a live object. Kinds without a rule and without a `Ready` condition are usable as soon as they are there.
pub fn state(object: &Object) -> State {
    if let Some(since) = object.0.pointer("/metadata/deletionTimestamp") {
        return State::Waiting(format!("being deleted since {}", since.as_str().unwrap_or("a while")));
    }
    let seen = number(object, "/status/observedGeneration");
    if seen.is_some_and(|seen| seen < number(object, "/metadata/generation").unwrap_or(0)) {
        return State::Waiting("its controller hasn't seen the change yet".into());
    }
    match (object.group(), object.kind()) {
        ("apps", "Deployment") => deployment(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps", "DaemonSet") => daemon_set(object),
        ("batch", "Job") => job(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => crd(object),
        ("apiregistration.k8s.io", "APIService") => required(object, "Available"),
        ("cert-manager.io", "Certificate" | "Issuer" | "ClusterIssuer") => required(object, "Ready"),
        ("kubeflow.org", "Profile") => profile(object),
        ("karpenter.k8s.aws", "EC2NodeClass") | ("karpenter.sh", "NodePool") => required(object, "Ready"),
        ("", "PersistentVolumeClaim") => phase(object, "Bound"),
        ("", "Namespace") => phase(object, "Active"),
        ("", "Pod") => pod(object),
        ("", "Service") => service(object),
        _ => match condition(object, "Ready") {
            Some((status, why)) if status != "True" => State::Waiting(why),
            _ => State::Ready,
        },
    }
}

fn number(object: &Object, pointer: &str) -> Option<i64> {
    object.0.pointer(pointer).and_then(Value::as_i64)
}

fn text<'a>(object: &'a Object, pointer: &str) -> &'a str {
    object.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Status and reason of a condition.
fn condition(object: &Object, name: &str) -> Option<(String, String)> {
    let conditions = object.0.pointer("/status/conditions")?.as_array()?;
    let condition = conditions.iter().find(|c| c.get("type").and_then(Value::as_str) == Some(name))?;
    let field = |key: &str| condition.get(key).and_then(Value::as_str).unwrap_or_default();
    // Profile writes its conditions without a status: being there is what counts.
    let status = condition.get("status").and_then(Value::as_str).unwrap_or("True");
    let why = [field("reason"), field("message")].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(": ");
    Some((status.to_owned(), if why.is_empty() { format!("condition {name} is {status}") } else { why }))
}

fn required(object: &Object, name: &str) -> State {
    match condition(object, name) {
        Some((status, _)) if status == "True" => State::Ready,
        Some((_, why)) => State::Waiting(why),
        None => State::Waiting(format!("condition {name} isn't set yet")),
    }
}

/// A Profile's controller appends a condition `Failed` when it fails; its success shows in the namespace that it makes.
fn profile(object: &Object) -> State {
    match (condition(object, "Failed"), condition(object, "Ready")) {
        (Some((_, why)), _) => State::Waiting(why),
        (_, Some((status, why))) if status != "True" => State::Waiting(why),
        _ => State::Ready,
    }
}

fn phase(object: &Object, wanted: &str) -> State {
    match text(object, "/status/phase") {
        phase if phase == wanted => State::Ready,
        "Lost" => State::Failed("its volume is lost".into()),
        "" => State::Waiting(format!("not {wanted} yet")),
        phase => State::Waiting(phase.to_owned()),
    }
}

/// Compares counts of pods; `counts` are fields of the status with a word for each.
fn rollout(object: &Object, wanted: i64, counts: &[(&str, &str)]) -> State {
    for (field, word) in counts {
        let count = number(object, &format!("/status/{field}")).unwrap_or(0);
        if count < wanted {
            return State::Waiting(format!("{count} of {wanted} pods {word}"));
        }
    }
    State::Ready
}

fn observed(object: &Object) -> bool {
    number(object, "/status/observedGeneration").is_some()
}

const NOT_SEEN: &str = "its controller hasn't seen it yet";

fn deployment(object: &Object) -> State {
    if !observed(object) {
        return State::Waiting(NOT_SEEN.into());
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let counts = [("updatedReplicas", "updated"), ("readyReplicas", "ready"), ("availableReplicas", "available")];
    let state = rollout(object, wanted, &counts);
    if state == State::Ready && number(object, "/status/replicas").unwrap_or(0) > wanted {
        return State::Waiting("old pods still end".into());
    }
    // Slow pulls overrun the deadline and succeed later, so this isn't the end; but it is worth a word.
    match (state, condition(object, "Progressing"), condition(object, "ReplicaFailure")) {
        (State::Waiting(what), _, Some((status, why))) if status == "True" => State::Waiting(format!("{what}; {why}")),
        (State::Waiting(what), Some((status, why)), _) if status == "False" => State::Waiting(format!("{what}; {why}")),
        (state, ..) => state,
    }
}

fn stateful_set(object: &Object) -> State {
    if !observed(object) {
        return State::Waiting(NOT_SEEN.into());
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let state = rollout(object, wanted, &[("replicas", "made"), ("readyReplicas", "ready")]);
    let on_delete = text(object, "/spec/updateStrategy/type") == "OnDelete";
    if state == State::Ready
        && !on_delete
        && text(object, "/status/currentRevision") != text(object, "/status/updateRevision")
    {
        return State::Waiting("pods are being updated".into());
    }
    state
}

fn daemon_set(object: &Object) -> State {
    if !observed(object) {
        return State::Waiting(NOT_SEEN.into());
    }
    let wanted = number(object, "/status/desiredNumberScheduled").unwrap_or(0);
    rollout(object, wanted, &[("updatedNumberScheduled", "updated"), ("numberAvailable", "available")])
}

fn job(object: &Object) -> State {
    match (condition(object, "Complete"), condition(object, "Failed")) {
        (Some((status, _)), _) if status == "True" => State::Ready,
        (_, Some((status, why))) if status == "True" => State::Failed(why),
        _ => State::Waiting(format!("{} pods active", number(object, "/status/active").unwrap_or(0))),
    }
}

/// A CRD whose conversion webhook has no CA yet is not waited for: the CA comes from cert-manager, which is applied later.
fn crd(object: &Object) -> State {
    if let Some((status, why)) = condition(object, "NamesAccepted")
        && status == "False"
    {
        return State::Failed(why);
    }
    let by_webhook = text(object, "/spec/conversion/strategy") == "Webhook";
    if by_webhook && carries_ca(object).iter().any(|(_, ca)| !ca) {
        return State::Ready;
    }
    required(object, "Established")
}

fn pod(object: &Object) -> State {
    match text(object, "/status/phase") {
        "Succeeded" => State::Ready,
        "Failed" => State::Failed(text(object, "/status/message").to_owned()),
        _ => required(object, "Ready"),
    }
}

fn service(object: &Object) -> State {
    let balancer = text(object, "/spec/type") == "LoadBalancer";
    let addresses = object.0.pointer("/status/loadBalancer/ingress").and_then(Value::as_array).map_or(0, Vec::len);
    if balancer && addresses == 0 {
        return State::Waiting("its load balancer has no address yet".into());
    }
    State::Ready
}

#[cfg(test)]
mod tests;
