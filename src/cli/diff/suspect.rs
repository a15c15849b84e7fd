//! Finds values in ConfigMaps and environments that look like secrets by what they are called. In the cluster there may be some
//! that the program never knew.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::model::Object;

/// Words in the name of a value that nobody may see.
const WORDS: &str = "(?:password|passwd|secret|token|credential|private_?key|access_?key|api_?key|hash)";
/// Ends of a name that says where a secret is, not what it is.
const PLACES: [&str; 9] = ["name", "ref", "path", "file", "dir", "namespace", "type", "ttl", "id"];
/// Shorter ones would hide half of the text, and a secret that short is none.
const SHORTEST: usize = 6;

static NAMED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r#"(?i)([\w.-]*{WORDS}[\w.-]*)["']?\s*[:=]\s*["']?([^\s"',;&}}]+)"#)).ok());
static SECRET_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!("(?i){WORDS}")).ok());
/// The password in `scheme://user:password@host`.
static IN_URL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"://[^\s/:@]*:([^\s/@]+)@").ok());
static PEM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)").ok()
});

/// Adds the values of an object that look like secrets. The data of Secrets is hidden as a whole elsewhere.
pub(super) fn collect(object: &Object, found: &mut BTreeSet<String>) {
    // A schema names secrets, but holds none.
    if !object.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        value("", &object.0, found);
    }
}

fn value(name: &str, at: &Value, found: &mut BTreeSet<String>) {
    match at {
        Value::Object(map) => {
            // An item of an environment: `name` says what `value` is.
            let named = map.get("name").and_then(Value::as_str).filter(|_| map.contains_key("value"));
            for (key, item) in map {
                value(if key == "value" { named.unwrap_or(key) } else { key }, item, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| value(name, item, found)),
        Value::String(text) if is_secret(name) && !text.contains('\n') => add(text, found),
        Value::String(text) => inside(text, found),
        _ => {}
    }
}

fn inside(text: &str, found: &mut BTreeSet<String>) {
    for hit in NAMED.iter().flat_map(|named| named.captures_iter(text)) {
        if is_secret(&hit[1]) {
            add(&hit[2], found);
        }
    }
    IN_URL.iter().flat_map(|url| url.captures_iter(text)).for_each(|hit| add(&hit[1], found));
    PEM.iter().flat_map(|pem| pem.find_iter(text)).for_each(|hit| add(hit.as_str(), found));
}

fn is_secret(name: &str) -> bool {
    let lower = name.to_lowercase();
    SECRET_NAME.as_ref().is_some_and(|word| word.is_match(name)) && !PLACES.iter().any(|end| lower.ends_with(end))
}

fn add(text: &str, found: &mut BTreeSet<String>) {
    let plain = text.parse::<f64>().is_ok() || matches!(text, "true" | "false");
    if text.len() >= SHORTEST && !plain {
        found.insert(text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(object: Value) -> Vec<String> {
        let mut found = BTreeSet::new();
        collect(&Object(object), &mut found);
        found.into_iter().collect()
    }

    #[test]
    fn what_is_called_a_secret_is_one() {
        let map = json!({"kind": "ConfigMap", "data": {
            "DB_PASSWORD": "hunter2hunter2",
            "config.yaml": "issuer: http://dex\nstaticClients:\n- secret: pUBnBOY80SnXgjibTYM9ZWNzY2xreNGQok\n  name: dex\n",
            "app.json": "{\"user\": \"admin\", \"accessKey\": \"AKIAQUITEPRIVATE\", \"port\": 3306}",
            "url": "mysql://root:opensesame@db:3306/x"}});
        let wanted = ["AKIAQUITEPRIVATE", "hunter2hunter2", "opensesame", "pUBnBOY80SnXgjibTYM9ZWNzY2xreNGQok"];
        assert_eq!(found(map), wanted);
        let pod = json!({"kind": "Pod", "spec": {"containers": [{"env": [
            {"name": "OIDC_CLIENT_SECRET", "value": "verysecret"}, {"name": "LOG", "value": "debugging"}]}]}});
        assert_eq!(found(pod), ["verysecret"]);
        let key = "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----";
        assert_eq!(found(json!({"kind": "ConfigMap", "data": {"tls": format!("x\n{key}\ny")}})), [key]);
    }

    #[test]
    fn where_a_secret_is_and_what_is_short_is_none() {
        let pod = json!({"kind": "Pod", "spec": {"volumes": [{"secret": {"secretName": "mlpipeline-minio"}}],
            "env": [{"name": "TOKEN_PATH", "value": "/var/run/secrets/token"}, {"name": "PASSWORD_LENGTH", "value": "16"}]}});
        assert_eq!(found(pod), Vec::<String>::new());
    }
}
