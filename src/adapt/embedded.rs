//! YAML and JSON that sits as text inside objects, mostly in ConfigMaps.

use serde_json::Value;

/// Reads a text as data, if it is a map or a list.
pub(super) fn read(text: &str) -> Option<Value> {
    let options = serde_saphyr::options! { strict_booleans: true };
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) => serde_saphyr::from_str_with_options::<Value>(text, options).ok()?,
    };
    (value.is_object() || value.is_array()).then_some(value)
}

/// Writes data in the form that the text had: JSON stays JSON, all else becomes block YAML.
pub(super) fn write(value: &Value, before: &str) -> Option<String> {
    if serde_json::from_str::<Value>(before).is_ok() {
        serde_json::to_string_pretty(value).ok()
    } else {
        let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
        let mut text = serde_saphyr::to_string_with_options(value, options).ok()?;
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_stays_json_and_yaml_reads_back_the_same() {
        let value = json!({"a": "yes", "b": ["08", 1, true, "2021-01-01", "null"], "c": {"d": "x: y #z"}});
        assert_eq!(read(&write(&value, "{}").expect("json")), Some(value.clone()));
        let yaml = write(&value, "a: 1\n").expect("yaml");
        assert_eq!(read(&yaml), Some(value), "{yaml}");
    }

    #[test]
    fn flow_yaml_that_is_no_json_is_read() {
        let value = read("{\na:\n{\n  s3: {\n bucket: ,\n  endpoint: s3.amazonaws.com,\n insecure: false\n }\n}\n}\n");
        assert_eq!(
            value,
            Some(json!({"a": {"s3": {"bucket": null, "endpoint": "s3.amazonaws.com", "insecure": false}}}))
        );
    }
}
