//! `AdmissionReview` of admission.k8s.io/v1: what the API server asks, and what it is told.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::mapping::Mapping;
use super::patch::{self, Edit};

/// How an answer came about, for the counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// So many images were rewritten.
    Rewritten(usize),
    /// Nothing had to be changed.
    Unchanged,
    /// It couldn't be understood, and was let through as it is.
    NotUnderstood,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Review {
    api_version: String,
    kind: String,
    request: Request,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    uid: String,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    operation: String,
    #[serde(default)]
    object: Value,
    #[serde(default)]
    old_object: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Kind {
    group: String,
    kind: String,
}

/// The answer to a review, and how it came about. It always allows.
///
/// # Errors
/// The text is no `AdmissionReview`, so that nothing can be answered: why, in words.
pub fn answer(body: &[u8], mapping: &Mapping) -> Result<(Value, Outcome), String> {
    // The parser's own message could repeat a part of an object, which may hold secrets.
    let review: Review = serde_json::from_slice(body)
        .map_err(|error| format!("no AdmissionReview: line {}, column {}", error.line(), error.column()))?;
    let Review { api_version, kind, request } = review;
    let mut response = json!({"uid": request.uid, "allowed": true});
    let outcome = if api_version != "admission.k8s.io/v1" || kind != "AdmissionReview" {
        Err("it isn't an AdmissionReview of admission.k8s.io/v1".to_owned())
    } else {
        edits(&request, mapping)
    };
    let outcome = match outcome {
        Ok(edits) if edits.is_empty() => Outcome::Unchanged,
        Ok(edits) => {
            response["patchType"] = json!("JSONPatch");
            response["patch"] = json!(STANDARD.encode(patch::json_patch(&edits).to_string()));
            response["auditAnnotations"] = json!({"rewritten": told(&edits)});
            Outcome::Rewritten(edits.len())
        }
        Err(why) => {
            response["warnings"] = json!([format!("the image webhook left this as it is: {why}")]);
            Outcome::NotUnderstood
        }
    };
    let answer = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response});
    Ok((answer, outcome))
}

fn edits(request: &Request, mapping: &Mapping) -> Result<Vec<Edit>, String> {
    if request.operation == "DELETE" || request.operation == "CONNECT" {
        return Ok(Vec::new());
    }
    let Kind { group, kind } = &request.kind;
    if !group.is_empty() || kind != "Pod" {
        return Err("it isn't a Pod".into());
    }
    if !request.object.pointer("/spec").is_some_and(Value::is_object) {
        return Err("the Pod has no spec".into());
    }
    let before = Some(&request.old_object).filter(|_| request.operation == "UPDATE");
    Ok(patch::edits(&request.object, before, mapping))
}

/// The edits for the audit log of the API server.
fn told(edits: &[Edit]) -> String {
    let lines: Vec<String> = edits.iter().map(|edit| format!("{} → {}", edit.from, edit.to)).collect();
    lines.join("; ")
}
