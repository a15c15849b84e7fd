//! Webhook configurations: admissionregistration.k8s.io v1beta1 to v1.

use serde_json::{Value, json};

use super::write_default;

/// Writes the defaults of v1beta1 out where v1 has another one, so that the webhook behaves as it did. Source:
/// Kubernetes deprecation guide, 1.22: failurePolicy Ignore became Fail, matchPolicy Exact became Equivalent,
/// timeoutSeconds 30 became 10; sideEffects and admissionReviewVersions became required.
pub(super) fn raise(object: &mut Value) -> Vec<String> {
    let mut changes = Vec::new();
    let Some(webhooks) = object.get_mut("webhooks").and_then(Value::as_array_mut) else {
        return changes;
    };
    for (index, webhook) in webhooks.iter_mut().enumerate().filter(|(_, webhook)| webhook.is_object()) {
        let at = format!("/webhooks/{index}");
        write_default(webhook, &at, "failurePolicy", json!("Ignore"), &mut changes);
        write_default(webhook, &at, "matchPolicy", json!("Exact"), &mut changes);
        write_default(webhook, &at, "timeoutSeconds", json!(30), &mut changes);
        write_default(webhook, &at, "admissionReviewVersions", json!(["v1beta1"]), &mut changes);
        let wanted = match webhook.get("sideEffects").and_then(Value::as_str) {
            Some("None" | "NoneOnDryRun") => continue,
            // v1 refuses both. These webhooks only look at the object or change it.
            Some("Some") => "NoneOnDryRun",
            _ => "None",
        };
        let old = webhook.get("sideEffects").and_then(Value::as_str).unwrap_or("(none)").to_owned();
        changes.push(format!("{at}/sideEffects: {old} → {wanted}"));
        webhook["sideEffects"] = json!(wanted);
    }
    changes
}
