//! What EKS and RDS offer in the region. Asked, never assumed: dates in China may lag.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_eks::types::VersionStatus;

use crate::aws::{Call, Clients, mysql};
use crate::checks::Checker;
use crate::checks::look::{fail, look, pass, warn};
use crate::config::Config;

use super::network::zones;

const TOPIC: (&str, &str) = ("versions", "Versions");
/// The add-ons of the cluster.
const ADDONS: &[&str] = &["vpc-cni", "kube-proxy", "coredns", "aws-ebs-csi-driver"];

pub(super) fn checkers(config: &Arc<Config>, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    let mut all = vec![kubernetes(config, clients.clone())];
    all.extend(ADDONS.iter().map(|name| addon(config, clients.clone(), name)));
    all.push(database(config, clients.clone()));
    all
}

fn kubernetes(config: &Config, aws: Clients) -> Arc<dyn Checker> {
    let (wanted, region) = (config.spec.cluster.version.clone(), config.spec.region);
    look(TOPIC, format!("EKS offers Kubernetes {wanted} in {region}"), move || {
        let (aws, wanted) = (aws.clone(), wanted.clone());
        async move {
            let answer = aws.eks.describe_cluster_versions().send().await.call("eks:DescribeClusterVersions")?;
            let offered = answer.cluster_versions();
            let status = |v: &aws_sdk_eks::types::ClusterVersionInformation| v.version_status().cloned();
            let Some(found) = offered.iter().find(|v| v.cluster_version() == Some(&wanted)) else {
                let usable = offered.iter().filter(|v| status(v) != Some(VersionStatus::Unsupported));
                let names: Vec<&str> = usable.filter_map(|v| v.cluster_version()).collect();
                return fail(format!("it offers {}", names.join(", ")), "set `spec.cluster.version` to one of them");
            };
            match status(found) {
                Some(VersionStatus::Unsupported) => {
                    fail("it is no longer supported", "set `spec.cluster.version` to a newer one")
                }
                Some(VersionStatus::ExtendedSupport) => warn(
                    "it is in extended support, which costs six times as much",
                    "set `spec.cluster.version` to a newer one",
                ),
                _ => pass("standard support"),
            }
        }
    })
}

/// Images of add-ons are in a registry of EKS, of another account in each region: asked from EKS, never built.
fn addon(config: &Config, aws: Clients, name: &'static str) -> Arc<dyn Checker> {
    let wanted = config.spec.cluster.version.clone();
    look(TOPIC, format!("EKS offers the add-on {name} for Kubernetes {wanted}"), move || {
        let (aws, wanted) = (aws.clone(), wanted.clone());
        async move {
            let call = aws.eks.describe_addon_versions().addon_name(name).kubernetes_version(&wanted).send().await;
            let answer = call.call("eks:DescribeAddonVersions")?;
            let versions = answer.addons().iter().flat_map(|addon| addon.addon_versions());
            match versions.filter_map(|version| version.addon_version()).next() {
                Some(newest) => pass(newest),
                None => fail("no version of it", "set `spec.cluster.version` to a version that EKS supports"),
            }
        }
    })
}

fn database(config: &Arc<Config>, aws: Clients) -> Arc<dyn Checker> {
    let database = &config.spec.data.database;
    let (version, class) = (database.engine_version.clone(), database.instance_class.clone());
    let (multi_az, config) = (database.multi_az, config.clone());
    look(TOPIC, format!("RDS offers MySQL {version} on {class}"), move || {
        let (config, aws, version, class) = (config.clone(), aws.clone(), version.clone(), class.clone());
        async move {
            let newest = mysql::newest(&aws, &version).await?.version;
            let call = aws.rds.describe_orderable_db_instance_options().engine("mysql").engine_version(&newest);
            let answer = call.db_instance_class(&class).vpc(true).send().await;
            let answer = answer.call("rds:DescribeOrderableDBInstanceOptions")?;
            if answer.orderable_db_instance_options().is_empty() {
                let hint = "set `spec.data.database.instanceClass` to a class that the region offers";
                return fail(format!("MySQL {newest} can't be ordered on {class}"), hint);
            }
            let in_zones = |zones: &[String]| {
                let offers = answer.orderable_db_instance_options().iter();
                let found = offers.flat_map(|option| option.availability_zones()).filter_map(|zone| zone.name());
                let found: BTreeSet<&str> = found.collect();
                zones.iter().filter(|zone| found.contains(zone.as_str())).count()
            };
            let needed = if multi_az { 2 } else { 1 };
            let offered = in_zones(&zones(&config, &aws).await?);
            if offered < needed {
                let hint =
                    "set `spec.data.database.instanceClass` to a class that more zones offer, or `multiAz: false`";
                return fail(
                    format!("{class} is offered in {offered} of the zones of the deployment, {needed} are needed"),
                    hint,
                );
            }
            pass(newest)
        }
    })
}
