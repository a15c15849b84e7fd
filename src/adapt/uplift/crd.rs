//! CustomResourceDefinition: apiextensions.k8s.io v1beta1 to v1.
//!
//! Source: Kubernetes deprecation guide, 1.22, and the CRD documentation on structural schemas and pruning.

use serde_json::{Map, Value, json};

use super::super::path;
use super::schema;

/// Top-level fields of v1beta1 that v1 has per version only, with their name there.
const PER_VERSION: [(&str, &str); 3] = [
    ("validation", "schema"),
    ("subresources", "subresources"),
    ("additionalPrinterColumns", "additionalPrinterColumns"),
];

pub(super) fn raise(object: &mut Value) -> Vec<String> {
    let mut changes = Vec::new();
    approval(object, &mut changes);
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else {
        return changes;
    };
    if spec.get("scope").is_none_or(Value::is_null) {
        changes.push("/spec/scope: (none) → Namespaced".into());
        spec.insert("scope".into(), json!("Namespaced"));
    }
    versions(spec, &mut changes);
    per_version(spec, &mut changes);
    let kept = keeps_unknown_fields(spec, &mut changes);
    for (index, version) in spec.get_mut("versions").and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
        if !version.is_object() {
            continue;
        }
        columns(version, index, &mut changes);
        let at = format!("/spec/versions/{index}/schema/openAPIV3Schema");
        let schema = &mut version["schema"];
        if !(schema.is_object() || schema.is_null()) {
            continue;
        }
        let root = &mut schema["openAPIV3Schema"];
        if root.is_null() {
            *root = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
            changes.push(format!("{at}: (none) → any object"));
        } else {
            schema::make_structural(root, kept, &at, &mut changes);
        }
    }
    conversion(spec, &mut changes);
    changes
}

/// What v1 demands for the groups of Kubernetes' own community: who approved the API.
const APPROVED: &str = "api-approved.kubernetes.io";

/// v1beta1 took a CRD of such a group without the word, and only said so in its status.
fn approval(object: &mut Value, changes: &mut Vec<String>) {
    let group = object.pointer("/spec/group").and_then(Value::as_str).unwrap_or_default();
    let community = ["k8s.io", "kubernetes.io"].iter().any(|own| group == *own || group.ends_with(&format!(".{own}")));
    let metadata = object.get("metadata").filter(|metadata| metadata.is_object());
    let told =
        metadata.is_none_or(|metadata| metadata.get("annotations").is_some_and(|all| all.get(APPROVED).is_some()));
    let annotations = object.pointer("/metadata/annotations").unwrap_or(&Value::Null);
    if community && !told && (annotations.is_object() || annotations.is_null()) {
        let word = "unapproved, raised from v1beta1, which asked for no approval";
        changes.push(format!("/metadata/annotations: {APPROVED} → {word}"));
        object["metadata"]["annotations"][APPROVED] = json!(word);
    }
}

/// `spec.version` alone meant one served and stored version.
fn versions(spec: &mut Map<String, Value>, changes: &mut Vec<String>) {
    let named = spec.shift_remove("version");
    if spec.get("versions").and_then(Value::as_array).is_none_or(Vec::is_empty)
        && let Some(name) = named
    {
        changes.push(format!("/spec/version: {name} → /spec/versions/0"));
        spec.insert("versions".into(), json!([{"name": name, "served": true, "storage": true}]));
    }
}

fn per_version(spec: &mut Map<String, Value>, changes: &mut Vec<String>) {
    for (old, new) in PER_VERSION {
        let Some(value) = spec.shift_remove(old) else { continue };
        let Some(versions) = spec.get_mut("versions").and_then(Value::as_array_mut) else { continue };
        for version in versions.iter_mut().filter(|version| version.is_object() && version.get(new).is_none()) {
            version[new] = value.clone();
        }
        changes.push(format!("/spec/{old}: moved → /spec/versions/*/{new}"));
    }
}

/// True if objects keep fields that the schema doesn't name, which was v1beta1's default. v1 says it in the schema.
fn keeps_unknown_fields(spec: &mut Map<String, Value>, changes: &mut Vec<String>) -> bool {
    let kept = spec.shift_remove("preserveUnknownFields").is_none_or(|value| value != json!(false));
    if kept {
        changes.push("/spec/preserveUnknownFields: true → x-kubernetes-preserve-unknown-fields in the schemas".into());
    }
    kept
}

/// Printer columns name their path `jsonPath` in v1.
fn columns(version: &mut Value, index: usize, changes: &mut Vec<String>) {
    let columns = version.get_mut("additionalPrinterColumns").and_then(Value::as_array_mut);
    let mut renamed = false;
    for column in columns.into_iter().flatten().filter_map(Value::as_object_mut) {
        if let Some(path) = column.shift_remove("JSONPath") {
            column.insert("jsonPath".into(), path);
            renamed = true;
        }
    }
    if renamed {
        changes.push(format!("/spec/versions/{index}/additionalPrinterColumns/*: JSONPath → jsonPath"));
    }
}

/// The webhook of a conversion moved one level down, and its versions became required.
fn conversion(spec: &mut Map<String, Value>, changes: &mut Vec<String>) {
    let Some(conversion) = spec.get_mut("conversion") else { return };
    if conversion["strategy"] != "Webhook" {
        path::remove(conversion, "/webhookClientConfig");
        path::remove(conversion, "/conversionReviewVersions");
        return;
    }
    let client = path::remove(conversion, "/webhookClientConfig").unwrap_or_else(|| json!({}));
    let versions = path::remove(conversion, "/conversionReviewVersions").unwrap_or_else(|| json!(["v1beta1"]));
    changes.push("/spec/conversion/webhookClientConfig: moved → /spec/conversion/webhook/clientConfig".into());
    conversion["webhook"] = json!({"clientConfig": client, "conversionReviewVersions": versions});
}
