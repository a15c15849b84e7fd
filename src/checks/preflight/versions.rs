//! What EKS and RDS offer in the region. Asked, never assumed: dates in China may lag.

use std::sync::Arc;

use aws_sdk_eks::types::VersionStatus;

use crate::aws::{Call, Clients, mysql};
use crate::checks::Checker;
use crate::checks::look::{fail, look, pass, warn};
use crate::config::Config;

const CATEGORY: &str = "versions";

pub(super) fn checkers(config: &Arc<Config>, clients: &Clients) -> Vec<Arc<dyn Checker>> {
    vec![kubernetes(config, clients.clone()), database(config, clients.clone())]
}

fn kubernetes(config: &Config, aws: Clients) -> Arc<dyn Checker> {
    let (wanted, region) = (config.spec.cluster.version.clone(), config.spec.region);
    look(CATEGORY, format!("EKS offers Kubernetes {wanted} in {region}"), move || {
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

fn database(config: &Config, aws: Clients) -> Arc<dyn Checker> {
    let database = &config.spec.data.database;
    let (version, class) = (database.engine_version.clone(), database.instance_class.clone());
    look(CATEGORY, format!("RDS offers MySQL {version} on {class}"), move || {
        let (aws, version, class) = (aws.clone(), version.clone(), class.clone());
        async move {
            let newest = mysql::newest(&aws, &version).await?.version;
            let call = aws.rds.describe_orderable_db_instance_options().engine("mysql").engine_version(&newest);
            let answer = call.db_instance_class(&class).vpc(true).send().await;
            let answer = answer.call("rds:DescribeOrderableDBInstanceOptions")?;
            if answer.orderable_db_instance_options().is_empty() {
                let hint = "set `spec.data.database.instanceClass` to a class that the region offers";
                return fail(format!("MySQL {newest} can't be ordered on {class}"), hint);
            }
            pass(newest)
        }
    })
}
