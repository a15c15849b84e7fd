//! The deployments as they are applied.

use std::collections::BTreeSet;
use std::path::Path;

use kfctl_cn::adapt::{Set, adapt};
use kfctl_cn::kube::prepare;
use kfctl_cn::model::{Object, Region};

use crate::support::render;

/// Whether a bundle has the deployment: the sample doesn't have all.
pub fn is_in(bundle: &Path, name: &str) -> bool {
    bundle.join("kubeflow-1.5.1-aws-b1.0.2/deployments").join(name).join("kustomization.yaml").is_file()
}

/// A deployment as it is applied to a cluster of a version.
pub fn adapted(bundle: &Path, name: &str, version: &str) -> Vec<Object> {
    raised(Set::Kubeflow, render::deployment(bundle, name), version)
}

fn raised(set: Set, raw: Vec<Object>, version: &str) -> Vec<Object> {
    let mut values = render::values(Region::CnNorth1);
    values.kubernetes = version.parse().expect("a version");
    let out = adapt(set, raw, &values).expect("adapts");
    let gone: Vec<_> = out.findings.iter().filter(|finding| finding.rule == "removed-api").collect();
    assert!(gone.is_empty(), "{gone:#?}");
    prepare(out.objects)
}

/// What a deployment has objects of or in but doesn't bring: the CRDs of the secrets' driver, which `up` installs before it; and for
/// the add-on the CRDs of cert-manager and Istio's namespace, which the deployment that it is added to has.
pub fn expected(bundle: &Path, objects: &[Object], version: &str) -> Vec<Object> {
    let values = render::values(Region::CnNorth1);
    let mut brought = raised(Set::CsiDriver, render::objects(bundle, Set::CsiDriver, &values), version);
    brought.extend(adapted(bundle, "vanilla", version));
    let own: BTreeSet<_> = objects.iter().map(|object| (object.kind(), object.name())).collect();
    let groups: BTreeSet<&str> = objects.iter().map(Object::group).collect();
    let namespaces: BTreeSet<&str> = objects.iter().map(Object::namespace).collect();
    brought.retain(|object| {
        let wanted = match object.kind() {
            "CustomResourceDefinition" => groups.contains(object.0["spec"]["group"].as_str().unwrap_or_default()),
            "Namespace" => namespaces.contains(object.name()),
            _ => false,
        };
        wanted && !own.contains(&(object.kind(), object.name()))
    });
    brought
}
