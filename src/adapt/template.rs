//! `${name}` in the values of adaptations and in our own manifests.
//!
//! A text that is one placeholder becomes the value with its type (a list, a number); otherwise the value's text is put
//! in. `${name|base64}` encodes it, for the data of Secrets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::values::Values;
use crate::model::{Error, ErrorClass, Result};

/// Fills all placeholders of a value.
pub(super) fn fill(value: &Value, values: &Values) -> Result<Value> {
    Ok(match value {
        Value::String(text) => fill_text(text, values)?,
        Value::Array(items) => Value::Array(items.iter().map(|item| fill(item, values)).collect::<Result<_>>()?),
        Value::Object(map) => {
            let filled = map.iter().map(|(key, item)| Ok((key.clone(), fill(item, values)?)));
            let filled: Vec<(String, Value)> = filled.collect::<Result<_>>()?;
            // A placeholder that has no value takes its key with it.
            Value::Object(filled.into_iter().filter(|(key, item)| !item.is_null() || map[key].is_null()).collect())
        }
        other => other.clone(),
    })
}

fn fill_text(text: &str, values: &Values) -> Result<Value> {
    if let Some(name) = text.strip_prefix("${").and_then(|t| t.strip_suffix('}')).filter(|name| !name.contains('$')) {
        return lookup(name, values);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        out.push_str(&rest[..start]);
        match lookup(&rest[start + 2..start + length], values)? {
            Value::String(text) => out.push_str(&text),
            other => out.push_str(&other.to_string()),
        }
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    Ok(Value::String(out))
}

fn lookup(name: &str, v: &Values) -> Result<Value> {
    if let Some(inner) = name.strip_suffix("|base64") {
        let value = lookup(inner, v)?;
        return Ok(json!(STANDARD.encode(value.as_str().unwrap_or_default())));
    }
    Ok(match name {
        "program_version" => json!(env!("CARGO_PKG_VERSION")),
        "region" => json!(v.region.as_str()),
        "s3_host" => json!(v.region.host("s3")),
        "account" => json!(v.account),
        "deployment" => json!(v.deployment),
        "cluster" => json!(v.cluster),
        "cluster_endpoint" => json!(v.cluster_endpoint),
        "registry" => json!(v.registry),
        "registry_host" => json!(v.registry.split('/').next()),
        "bucket" => json!(v.bucket),
        "db_host" => json!(v.db_host),
        "db_port" => json!(v.db_port),
        "rds_secret" => json!(v.rds_secret),
        "s3_secret" => json!(v.s3_secret),
        "secrets_role_arn" => json!(v.secrets_role_arn),
        "admin_email" => json!(v.admin_email),
        "admin_hash" => json!(v.admin_hash.expose()),
        "oidc_client_secret" => json!(v.oidc_client_secret.expose()),
        "karpenter_role_arn" => json!(v.karpenter_role_arn),
        "karpenter_node_role" => json!(v.karpenter_node_role),
        "karpenter_queue" => json!(v.karpenter_queue),
        "karpenter_version" => json!(v.karpenter_version),
        "karpenter_subnets" if v.karpenter_subnets.is_empty() => {
            json!([{"tags": {"karpenter.sh/discovery": v.cluster}}])
        }
        "karpenter_subnets" => v.karpenter_subnets.iter().map(|id| json!({"id": id})).collect(),
        "karpenter_security_groups" if v.karpenter_security_groups.is_empty() => json!([
            {"tags": {"karpenter.sh/discovery": v.cluster}},
            {"tags": {"aws:eks:cluster-name": v.cluster}},
        ]),
        "karpenter_security_groups" => v.karpenter_security_groups.iter().map(|id| json!({"id": id})).collect(),
        "disk_key" => json!(v.disk_key),
        "node_user_data" => json!(v.node_user_data),
        "gpu_families" => json!(v.gpu_families),
        "gpu_capacity_types" => json!(v.gpu_capacity_types),
        "gpu_max" => json!(v.gpu_max),
        "gpu_consolidate_after" => json!(v.gpu_consolidate_after),
        _ => return Err(Error::new(ErrorClass::Bug, format!("an embedded manifest names the unknown value `{name}`"))),
    })
}

/// The texts that must never be shown: the secrets of the values, plain and encoded.
pub(super) fn secrets(v: &Values) -> Vec<String> {
    [&v.admin_hash, &v.oidc_client_secret]
        .into_iter()
        .map(|secret| secret.expose())
        .filter(|text| !text.is_empty())
        .flat_map(|text| [text.to_owned(), STANDARD.encode(text)])
        .collect()
}
