//! EKS: control plane, nodes, add-ons.

use std::sync::Arc;

use aws_sdk_eks::types::AuthenticationMode;

use crate::aws::{Call, cluster};
use crate::checks::look::{fail, look, pass};
use crate::checks::{Checker, Verdict};

use super::Subject;

const CATEGORY: &str = "cluster";
const UP: &str = "run `kfctl-cn up`";
const ADDONS: &[&str] = &["vpc-cni", "kube-proxy", "coredns", "aws-ebs-csi-driver"];

pub(super) fn checkers(subject: &Subject) -> Vec<Arc<dyn Checker>> {
    let mut all = vec![control_plane(subject.clone())];
    if subject.config.spec.cluster.existing.as_ref().is_none_or(|existing| existing.node_group) {
        all.push(nodes(subject.clone()));
    }
    all.extend(ADDONS.iter().map(|name| addon(subject.clone(), name)));
    all
}

fn control_plane(of: Subject) -> Arc<dyn Checker> {
    let (name, version) = (of.config.cluster(), of.config.spec.cluster.version.clone());
    look(
        CATEGORY,
        format!("the cluster {name} is active, on Kubernetes {version}, with API authentication"),
        move || {
            let (aws, name, version) = (of.aws.clone(), of.config.cluster().to_owned(), version.clone());
            let existing = of.config.spec.cluster.existing.is_some();
            async move {
                let call = aws.eks.describe_cluster().name(&name).send().await;
                let found = call.unless("eks:DescribeCluster", &["ResourceNotFoundException"])?.and_then(|f| f.cluster);
                let Some(cluster) = found else { return fail("there is no cluster", UP) };
                let status = cluster.status().map_or("", |s| s.as_str());
                let mode = cluster.access_config().and_then(|a| a.authentication_mode());
                if status != "ACTIVE" {
                    return fail(format!("it is {status}"), UP);
                }
                if cluster.version() != Some(&version) {
                    return fail(format!("it is on {}", cluster.version().unwrap_or("an unknown version")), UP);
                }
                if mode != Some(&AuthenticationMode::Api) && !(existing && cluster::takes_entries(&cluster)) {
                    return fail(
                        "it authenticates in another way",
                        "set its authentication mode to API in the EKS console",
                    );
                }
                pass(cluster.endpoint().unwrap_or_default())
            }
        },
    )
}

fn nodes(of: Subject) -> Arc<dyn Checker> {
    look(CATEGORY, "the node group is active", move || {
        let (aws, config) = (of.aws.clone(), of.config.clone());
        async move {
            let group = format!("{}-nodes", config.name());
            let call = aws.eks.describe_nodegroup().cluster_name(config.cluster()).nodegroup_name(group);
            let found = call.send().await.unless("eks:DescribeNodegroup", &["ResourceNotFoundException"])?;
            let Some(group) = found.and_then(|f| f.nodegroup) else { return fail("there is none", UP) };
            let issues = group.health().map(|h| h.issues()).unwrap_or_default();
            let issues: Vec<&str> = issues.iter().filter_map(|i| i.message()).collect();
            match group.status().map_or("", |s| s.as_str()) {
                "ACTIVE" if issues.is_empty() => pass(""),
                status => {
                    fail(format!("it is {status} {}", issues.join("; ")), "see its health issues in the EKS console")
                }
            }
        }
    })
}

fn addon(of: Subject, addon: &'static str) -> Arc<dyn Checker> {
    look(CATEGORY, format!("the add-on {addon} is active"), move || {
        let (aws, name) = (of.aws.clone(), of.config.cluster().to_owned());
        let existing = of.config.spec.cluster.existing.is_some();
        async move {
            let call = aws.eks.describe_addon().cluster_name(&name).addon_name(addon).send().await;
            let found = call.unless("eks:DescribeAddon", &["ResourceNotFoundException"])?.and_then(|f| f.addon);
            let Some(found) = found else {
                return match existing {
                    true => Ok(Verdict::Skip("others have put it in, without EKS".into())),
                    false => fail("it isn't installed", UP),
                };
            };
            let issues = found.health().map(|h| h.issues()).unwrap_or_default();
            let issues: Vec<&str> = issues.iter().filter_map(|i| i.message()).collect();
            match found.status().map_or("", |s| s.as_str()) {
                "ACTIVE" => pass(found.addon_version().unwrap_or_default()),
                status => {
                    fail(format!("it is {status} {}", issues.join("; ")), "see its health issues in the EKS console")
                }
            }
        }
    })
}
