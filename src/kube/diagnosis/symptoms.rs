//! What messages mean: the table of manifests/policies/symptoms.yaml.

use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

/// Where something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Place {
    /// By a controller that can't make pods.
    Create,
    /// By the kubelet that can't mount a volume.
    Mount,
    /// By the kubelet that can't make a container's environment.
    Config,
    /// In the last lines of a container that ended.
    Log,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    r#in: Place,
    pattern: String,
    what: String,
    mend: String,
    /// Where it was reported; for who reads the table.
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "the table's own documentation"))]
    source: Option<String>,
}

struct Symptom {
    place: Place,
    pattern: Regex,
    what: String,
    mend: String,
}

/// Rows that can't be read are left out; a test holds that there are none.
static TABLE: LazyLock<Vec<Symptom>> = LazyLock::new(|| rows().into_iter().filter_map(symptom).collect());

fn rows() -> Vec<Row> {
    serde_saphyr::from_str(include_str!("../../../manifests/policies/symptoms.yaml")).unwrap_or_default()
}

fn symptom(row: Row) -> Option<Symptom> {
    let Row { r#in: place, pattern, what, mend, .. } = row;
    Some(Symptom { place, pattern: Regex::new(&pattern).ok()?, what, mend })
}

/// What a message means and what mends it; the first row that fits counts.
pub(super) fn meaning(place: Place, message: &str) -> Option<(String, String)> {
    TABLE.iter().filter(|symptom| symptom.place == place).find_map(|symptom| {
        let found = symptom.pattern.captures(message)?;
        let told = |template: &str| {
            let mut text = String::new();
            found.expand(template, &mut text);
            text
        };
        Some((told(&symptom.what), told(&symptom.mend)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_read_and_says_what_to_do() {
        let rows = rows();
        assert!(rows.len() > 20, "{}", rows.len());
        assert_eq!(TABLE.len(), rows.len());
        for row in rows {
            assert!(!row.what.is_empty() && !row.mend.is_empty(), "{row:?}");
            assert!(row.source.is_none_or(|source| source.starts_with("https://")), "{}", row.pattern);
        }
    }
}
