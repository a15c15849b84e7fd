//! Every object of every deployment on a real API server: as a dry run, and stored.

mod deployments;
mod plane;
mod tally;

use std::path::Path;

use crate::support;

use plane::Plane;
use tally::Tally;

/// The version of the rehearsal's control plane.
const OWN: &str = "1.35";

/// All objects of the deployments, adapted for the version that KFCTL_CN_CONTROL_PLANE_VERSION names, are taken by an API server of
/// that version, and every CRD among them is served. `rehearsal/versions` runs this for the other versions.
#[test]
fn all_deployments() {
    let version = std::env::var("KFCTL_CN_CONTROL_PLANE_VERSION").unwrap_or_else(|_| OWN.into());
    let binary = plane::binary(&version);
    let bundle = support::bundle_dir();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut faults = Vec::new();
    println!("{}", Tally::head(&version));
    for name in support::DEPLOYMENTS.iter().filter(|name| deployments::is_in(&bundle, name)) {
        let tally = runtime.block_on(one(&binary, &bundle, name, &version));
        println!("{}", tally.line(name));
        faults.extend(tally.faults.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "{version}: {} faults:\n{}", faults.len(), faults.join("\n"));
}

/// A deployment on an empty cluster, after what it expects to be there.
async fn one(binary: &Path, bundle: &Path, name: &str, version: &str) -> Tally {
    let plane = Plane::start(binary);
    let discovery = plane.client.discovery().await.expect("the kinds");
    for (api_version, kind) in support::SERVED {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        assert!(discovery.find(group, version, kind).is_some(), "{api_version} {kind} isn't served");
    }
    let objects = deployments::adapted(bundle, name, version);
    let mut before = Tally::default();
    before.apply(&plane.client, deployments::expected(bundle, &objects, version)).await;
    assert!(before.faults.is_empty(), "{name}: what it expects to be there: {:#?}", before.faults);
    let mut tally = Tally::default();
    tally.apply(&plane.client, objects).await;
    tally
}
