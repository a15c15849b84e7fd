//! Containers that can't start, that end, and that aren't Ready.

use futures::{AsyncBufReadExt as _, StreamExt as _};
use serde_json::Value;

use crate::kube::{Client, LogRange};
use crate::model::{Object, veil};

use super::symptoms::{Place, meaning};
use super::{Scene, describe, list, text};

/// How many of the last lines are searched for a reason.
const READ: i64 = 40;
/// How many are shown, if none of them is understood.
const SHOWN: usize = 3;

/// The states of a pod's containers, those that come first first.
pub(super) fn statuses(pod: &Object) -> impl Iterator<Item = &Value> {
    list(&pod.0, "/status/initContainerStatuses").chain(list(&pod.0, "/status/containerStatuses"))
}

/// Why a container doesn't run or isn't Ready, and what mends it.
pub(super) async fn why(client: &Client, scene: &Scene, pod: &Object, status: &Value) -> Option<(String, String)> {
    let name = text(status, "/name");
    let reason = text(status, "/state/waiting/reason");
    let message = text(status, "/state/waiting/message");
    if reason == "CreateContainerConfigError" || reason == "CreateContainerError" {
        let plain = || (format!("the container {name} can't be made: {message}"), describe(pod));
        return Some(meaning(Place::Config, message).unwrap_or_else(plain));
    }
    let restarted = reason == "CrashLoopBackOff";
    let ended = if restarted { "/lastState/terminated" } else { "/state/terminated" };
    if let Some(end) = status.pointer(ended)
        && end.get("exitCode").and_then(Value::as_i64) != Some(0)
    {
        return Some(crashed(client, pod, name, end, restarted).await);
    }
    if status.pointer("/state/running").is_some() && status.get("ready") == Some(&Value::Bool(false)) {
        let warnings = scene.warnings_of(pod);
        let unhealthy = warnings.iter().find(|(reason, message)| *reason == "Unhealthy" && message.contains("probe"));
        return unhealthy.map(|(_, message)| {
            let mend = format!("kubectl -n {} logs {} -c {name}", pod.namespace(), pod.name());
            (format!("the container {name} runs, but isn't Ready: {}", message.trim()), mend)
        });
    }
    None
}

async fn crashed(client: &Client, pod: &Object, name: &str, end: &Value, restarted: bool) -> (String, String) {
    if text(end, "/reason") == "OOMKilled" {
        let of = |container: &&Value| text(container, "/name") == name;
        let container = list(&pod.0, "/spec/containers").find(of);
        let limit = container.map(|c| text(c, "/resources/limits/memory")).filter(|limit| !limit.is_empty());
        let limit = limit.map_or(String::new(), |limit| format!(", which is {limit}"));
        return (
            format!("the container {name} was ended because it took more memory than its limit{limit}"),
            "raise the limit, in an overlay if it is a part of Kubeflow: docs/guides/overlays.md".into(),
        );
    }
    let code = end.get("exitCode").and_then(Value::as_i64).unwrap_or_default();
    let lines = last_lines(client, pod, name, restarted).await;
    if let Some((what, mend)) = lines.iter().rev().find_map(|line| meaning(Place::Log, line)) {
        return (format!("the container {name} ends with code {code}: {what}"), mend);
    }
    let shown = &lines[lines.len().saturating_sub(SHOWN)..];
    let said = match (shown.is_empty(), text(end, "/message")) {
        (false, _) => format!(", its last lines are\n{}", shown.join("\n")),
        (true, "") => String::new(),
        (true, message) => format!(": {}", veil(message.trim())),
    };
    let previous = if restarted { " --previous" } else { "" };
    let mend = format!("kubectl -n {} logs {} -c {name}{previous}", pod.namespace(), pod.name());
    (format!("the container {name} ends with code {code}{said}"), mend)
}

/// The last lines of a container's log, without what looks like a secret. None, if the log can't be read.
async fn last_lines(client: &Client, pod: &Object, name: &str, previous: bool) -> Vec<String> {
    let range = LogRange { tail: Some(READ), previous, ..LogRange::default() };
    let Ok(log) = client.log(pod.namespace(), pod.name(), name, &range).await else { return Vec::new() };
    let lines: Vec<_> = log.lines().collect().await;
    let lines = lines.into_iter().filter_map(Result::ok).filter(|line| !line.trim().is_empty());
    lines.map(|line| veil(line.trim_end())).collect()
}
