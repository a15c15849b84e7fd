//! Whether each part of the set works with the Kubernetes version: the table of manifests/policies/compatibility.yaml.

use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use crate::checks::look::{fail, look, pass, warn};
use crate::checks::{Checker, Verdict};
use crate::config::Config;
use crate::model::Result;

const TOPIC: (&str, &str) = ("compatibility", "Compatibility");

/// The file is embedded and a test reads it: it can't be wrong at run time.
static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    serde_saphyr::from_str(include_str!("../../../manifests/policies/compatibility.yaml")).unwrap_or_default()
});

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    part: String,
    version: String,
    with: Option<String>,
    option: Option<String>,
    from: u32,
    to: Option<u32>,
    known: Known,
    limits: Option<String>,
    source: String,
    beyond: Beyond,
}

/// Where it is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Known {
    Stated,
    Run,
    Read,
}

/// What a version outside of the range means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Beyond {
    Fail,
    Warn,
}

/// A check a part that the configuration asks for.
pub(super) fn checkers(config: &Config) -> Vec<Arc<dyn Checker>> {
    let version = config.spec.cluster.version.clone();
    let minor = version.split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or_default();
    let check = |row: &'static Row| {
        let what = format!("{} {} works with Kubernetes {version}", row.part, row.version);
        look(TOPIC, what, move || async move { row.judge(minor) })
    };
    ROWS.iter().filter(|row| row.wanted(config)).map(check).collect()
}

impl Row {
    fn wanted(&self, config: &Config) -> bool {
        let (gpu, disabled) = (&config.spec.gpu, &config.spec.kubeflow.components.disable);
        let part = match self.with.as_deref() {
            None => true,
            Some("gpu") => gpu.enabled,
            Some(part) => !disabled.iter().any(|name| name == part),
        };
        part && self.option.as_ref().is_none_or(|option| *option == gpu.device_plugin_version)
    }

    fn judge(&self, minor: u32) -> Result<Verdict> {
        let known = match self.known {
            Known::Stated => "stated by its makers",
            Known::Run => "run",
            Known::Read => "its source was read, not run",
        };
        if minor >= self.from && self.to.is_none_or(|to| minor <= to) {
            let limits = self.limits.as_ref().map(|limits| format!("; but {limits}")).unwrap_or_default();
            return pass(format!("{known}: {}{limits}", self.source));
        }
        let end = self.to.map_or_else(|| " on".to_owned(), |to| format!(" to 1.{to}"));
        let seen = format!("it is known to work from 1.{}{end} ({known}: {})", self.from, self.source);
        match self.beyond {
            Beyond::Fail => fail(seen, "set `spec.cluster.version` to one of these"),
            Beyond::Warn => {
                warn(seen, "set `spec.cluster.version` to one of these, or try it first in a deployment that may fail")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let text =
            "apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nmetadata: {name: kf}\nspec: {region: cn-north-1}\n";
        crate::config::parse(text, "test").unwrap()
    }

    fn count(rows: &[&Row], minor: u32) -> (usize, usize, usize) {
        let of = |test: fn(&Verdict) -> bool| rows.iter().filter(|row| test(&row.judge(minor).unwrap())).count();
        (
            of(|v| matches!(v, Verdict::Pass(_))),
            of(|v| matches!(v, Verdict::Warn { .. })),
            of(|v| matches!(v, Verdict::Fail { .. })),
        )
    }

    #[test]
    fn the_table_is_whole() {
        assert!(ROWS.len() > 15, "the table can't be read");
        let parts = include_str!("../../../manifests/policies/components.yaml");
        let names: Vec<&str> = parts.lines().filter_map(|line| line.strip_prefix("- name: ")).collect();
        for row in ROWS.iter() {
            assert!(!row.source.is_empty() && row.to.is_none_or(|to| to >= row.from), "{row:?}");
            assert!(row.with.as_deref().is_none_or(|with| with == "gpu" || names.contains(&with)), "{row:?}");
        }
        let karpenter = ROWS.iter().find(|row| row.part == "Karpenter").unwrap();
        assert_eq!((karpenter.version.as_str(), karpenter.from, karpenter.to), ("1.14.1", 26, Some(36)));
    }

    #[test]
    fn all_that_eks_creates_today_passes_and_what_comes_after_stops_karpenter() {
        let config = config();
        let rows: Vec<&Row> = ROWS.iter().filter(|row| row.wanted(&config)).collect();
        for minor in 32..=36 {
            assert_eq!(count(&rows, minor), (rows.len(), 0, 0), "1.{minor}");
        }
        let (passed, warned, failed) = count(&rows, 37);
        assert_eq!(failed, 1, "Karpenter alone is sure not to work");
        assert!(warned > 10 && passed >= 1, "{passed} {warned}");
    }

    #[test]
    fn what_isnt_installed_isnt_judged() {
        let mut config = config();
        let named = |config: &Config| -> Vec<String> {
            ROWS.iter().filter(|row| row.wanted(config)).map(|row| format!("{} {}", row.part, row.version)).collect()
        };
        assert!(named(&config).contains(&"NVIDIA device plugin 0.20.0".into()));
        assert!(!named(&config).contains(&"NVIDIA device plugin 0.9.0".into()));
        config.spec.gpu.enabled = false;
        config.spec.kubeflow.components.disable = vec!["katib".into()];
        assert!(!named(&config).iter().any(|name| name.starts_with("Karpenter") || name.starts_with("Katib")));
    }
}
