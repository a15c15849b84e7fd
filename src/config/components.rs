//! The parts of Kubeflow that may be left out.

use std::sync::LazyLock;

use serde::Deserialize;

use super::Config;

/// A part of Kubeflow that `spec.kubeflow.components.disable` may name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Part {
    /// The name.
    pub name: String,
    /// What people lose without it.
    pub what: String,
    /// The folders of the distribution that its objects come from.
    pub folders: Vec<String>,
    /// The parts that don't work without it.
    #[serde(default)]
    pub needed_by: Vec<String>,
}

/// All parts, by name. The file is embedded and a test reads it: it can't be wrong at run time.
static PARTS: LazyLock<Vec<Part>> = LazyLock::new(|| {
    serde_saphyr::from_str(include_str!("../../manifests/policies/components.yaml")).unwrap_or_default()
});

/// All parts that may be left out, by name.
pub fn parts() -> &'static [Part] {
    &PARTS
}

impl Config {
    /// True if the configuration leaves out what comes from a file of the distribution.
    pub fn leaves_out(&self, file: &str) -> bool {
        let disabled = &self.spec.kubeflow.components.disable;
        let of = |part: &Part| part.folders.iter().any(|folder| file.contains(&format!("{folder}/")));
        !disabled.is_empty() && PARTS.iter().filter(|part| disabled.contains(&part.name)).any(of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_sorted_and_need_only_each_other() {
        let names: Vec<&str> = parts().iter().map(|part| part.name.as_str()).collect();
        assert!(names.len() > 5 && names.is_sorted(), "{names:?}");
        for part in parts() {
            assert!(part.needed_by.iter().all(|by| names.contains(&by.as_str())), "{part:?}");
        }
    }

    #[test]
    fn a_folder_is_a_whole_name() {
        let text =
            "apiVersion: kfctl-cn/v1alpha1\nkind: Deployment\nmetadata: {name: demo}\nspec: {region: cn-north-1}\n";
        let mut config = crate::config::parse(text, "kfctl-cn.yaml").unwrap();
        assert!(!config.leaves_out("../../upstream/apps/katib/upstream/x.yaml"));
        config.spec.kubeflow.components.disable = vec!["katib".into()];
        assert!(config.leaves_out("../../upstream/apps/katib/upstream/x.yaml"));
        assert!(!config.leaves_out("../../upstream/apps/katibs/x.yaml"));
    }
}
