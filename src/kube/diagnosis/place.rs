//! Pods that no node takes: no node, no GPU, which taint, which claim.

use serde_json::Value;

use crate::model::Object;

use super::scene::claims_of;
use super::volume::unbound;
use super::{Scene, describe, list, text};

/// The resource that a GPU is asked for by.
const GPU: &str = "nvidia.com/gpu";

/// Why a pod isn't placed on a node, and what mends it; `None` if it is.
pub(super) fn why(scene: &Scene, pod: &Object) -> Option<(String, String)> {
    if !text(&pod.0, "/spec/nodeName").is_empty() {
        return None;
    }
    let mut conditions = list(&pod.0, "/status/conditions");
    let unplaced = conditions.find(|c| text(c, "/type") == "PodScheduled" && text(c, "/status") == "False")?;
    let message = text(unplaced, "/message");
    if let Some(found) = claims_of(pod).into_iter().find_map(|name| unbound(scene, pod.namespace(), name)) {
        return Some(found);
    }
    Some(no_nodes(scene).or_else(|| unmet(pod, message)).unwrap_or_else(|| {
        let reasons = message.split(" preemption:").next().unwrap_or_default().trim_end_matches('.');
        (format!("no node takes it: {reasons}"), describe(pod))
    }))
}

fn no_nodes(scene: &Scene) -> Option<(String, String)> {
    let nodes = scene.all("Node");
    let ready = |node: &&Object| {
        list(&node.0, "/status/conditions").any(|c| text(c, "/type") == "Ready" && text(c, "/status") == "True")
    };
    if nodes.is_empty() {
        return Some((
            "the cluster has no nodes".into(),
            "`kfctl-cn plan --phase cluster` shows the node group; the console of EC2 tells why instances don't join"
                .into(),
        ));
    }
    if nodes.iter().any(|node| ready(&node)) {
        return None;
    }
    let first = &nodes[0];
    let told = list(&first.0, "/status/conditions").find(|c| text(c, "/type") == "Ready").map(|c| text(c, "/message"));
    let told = told.filter(|message| !message.is_empty()).unwrap_or("it tells no reason");
    let mend = format!("kubectl describe node {}", first.name());
    Some((format!("none of the {} nodes is Ready; {}: {told}", nodes.len(), first.name()), mend))
}

/// What of the pod's wishes the nodes don't meet.
fn unmet(pod: &Object, message: &str) -> Option<(String, String)> {
    if message.contains(&format!("Insufficient {GPU}")) {
        return Some((
            format!("no node has {} free", asked(pod, GPU).map_or("a GPU".into(), |n| format!("{n} × {GPU}"))),
            "`kfctl-cn logs karpenter` tells why no GPU node comes; the limit of GPUs is that of the NodePool in spec.gpu".into(),
        ));
    }
    for (resource, word) in [("cpu", "CPU"), ("memory", "memory"), ("ephemeral-storage", "disk")] {
        if message.contains(&format!("Insufficient {resource}")) {
            let asks = asked(pod, resource).map_or(String::new(), |n| format!(" (it asks for {n})"));
            return Some((
                format!("no node has enough {word}{asks}"),
                "more or larger nodes: spec.cluster.nodeGroup, then `kfctl-cn up`".into(),
            ));
        }
    }
    if message.contains("Too many pods") {
        let mend = "more or larger nodes: spec.cluster.nodeGroup, then `kfctl-cn up`";
        return Some(("every node has as many pods as it may".into(), mend.into()));
    }
    if let Some(taint) = between(message, "untolerated taint", '}') {
        let taint = taint.trim_start_matches(['(', 's', ')', ' ', '{']);
        return Some((
            format!("no node is free of a taint that it doesn't tolerate: {taint}"),
            "give its pods a toleration, or take the taint from a node: kubectl describe nodes".into(),
        ));
    }
    if message.contains("node affinity/selector") {
        let wanted = pod.0.pointer("/spec/nodeSelector").filter(|s| s.as_object().is_some_and(|s| !s.is_empty()));
        let wanted = wanted.map_or("its node affinity".into(), |selector| format!("its nodeSelector {selector}"));
        let mend = "label a node so, or change what it asks for: kubectl get nodes --show-labels";
        return Some((format!("no node fits {wanted}"), mend.into()));
    }
    None
}

/// How much of a resource the containers of a pod ask for, of the one that asks for most of it.
fn asked(pod: &Object, resource: &str) -> Option<String> {
    let of = |container: &Value| {
        let resources = container.get("resources")?;
        let amount = ["requests", "limits"].iter().find_map(|key| resources.get(*key)?.get(resource))?;
        Some(amount.as_str().map_or_else(|| amount.to_string(), str::to_owned))
    };
    list(&pod.0, "/spec/containers").find_map(of)
}

fn between<'a>(text: &'a str, from: &str, to: char) -> Option<&'a str> {
    let rest = &text[text.find(from)? + from.len()..];
    Some(&rest[..rest.find(to)?])
}
