//! Generators as objects.

use serde_json::{Value, json};

use super::super::generate;
use super::super::invalid;
use super::super::resource::Resource;
use super::super::source::Source;
use super::super::spec::{Fields, Generator, GeneratorKind};
use super::Config;
use crate::model::Result;

/// What a generator makes.
pub fn generate(config: &Config<'_>, source: &Source) -> Result<Resource> {
    let kind = match config.kind.as_str() {
        "ConfigMapGenerator" => GeneratorKind::ConfigMap,
        "SecretGenerator" => GeneratorKind::Secret,
        "IAMPolicyGenerator" => return config.read(service_account),
        "HelmChartInflationGenerator" => {
            return Err(invalid("`HelmChartInflationGenerator` is not supported")
                .hint("render the chart beforehand and list its output in `resources`"));
        }
        _ => return Err(config.unknown("generator")),
    };
    // Name and namespace may also stand in the metadata.
    let mut value = config.value.clone();
    let Some(map) = value.as_object_mut() else { return Err(config.unknown("generator")) };
    for own in ["apiVersion", "kind", "metadata"] {
        map.shift_remove(own);
    }
    for (field, default) in [("name", &config.name), ("namespace", &config.namespace)] {
        let missing = map.get(field).and_then(Value::as_str).unwrap_or_default().is_empty();
        if missing && !default.is_empty() {
            map.insert(field.into(), default.as_str().into());
        }
    }
    let generator = Fields::whole(&value, &config.kind, &|fields| Generator::read(fields, kind))?;
    generate::generate(source, &generator)
}

/// The ServiceAccount of an identity of another cloud.
fn service_account(fields: &mut Fields<'_>) -> Result<Resource> {
    let cloud = fields.text("cloud")?;
    if cloud != "gke" {
        return Err(fields.error(&format!("the cloud `{cloud}` is not known, only gke")));
    }
    let account = fields.nested("kubernetesService", |f| Ok((f.text("name")?, f.text("namespace")?)))?;
    let identity = fields.nested("serviceAccount", |f| Ok((f.text("name")?, f.text("projectId")?)))?;
    let (name, namespace) = account.unwrap_or_default();
    let (identity, project) = identity.unwrap_or_default();
    let mut resource = Resource::new(json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "annotations": {"iam.gke.io/gcp-service-account": format!("{identity}@{project}.iam.gserviceaccount.com")},
            "name": name,
        },
    }));
    resource.set_namespace(&namespace);
    Ok(resource)
}
