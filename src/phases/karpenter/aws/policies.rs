//! What Karpenter 1.14 may do.
//!
//! Source: the permissions reference of karpenter-provider-aws 1.14: six groups, each limited to what carries the cluster's tags.
//! China: ARNs of `aws-cn`, and `iam:PassedToService` with both names of EC2, because which one IAM compares has changed more than once
//! (terraform-aws-modules/terraform-aws-eks#3057 and its successors).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::aws::policy::document;
use crate::model::Region;
use crate::phases::site::use_for_disks;

/// What the policies name.
pub(super) struct Names {
    pub(super) region: Region,
    pub(super) account: String,
    pub(super) cluster: String,
    pub(super) node_role_arn: String,
    pub(super) queue_arn: String,
    /// The customer's key for disks.
    pub(super) disk_key: Option<String>,
}

impl Names {
    /// The ARN pattern of one kind in EC2, narrower than the release's, which takes any account: what is made is of this one, as is
    /// what is used, but for images and snapshots, whose ARNs have none, and for what other accounts may share.
    fn ec2(&self, kind: &str) -> String {
        let account = match kind {
            "image" | "snapshot" => "",
            "subnet" | "capacity-reservation" | "placement-group" => "*",
            _ => &self.account,
        };
        format!("arn:{}:ec2:{}:{account}:{kind}/*", Region::PARTITION, self.region)
    }

    fn all_ec2(&self, kinds: &[&str]) -> Vec<String> {
        kinds.iter().map(|kind| self.ec2(kind)).collect()
    }

    fn owned(&self, of: &str) -> (String, Value) {
        (format!("aws:{of}Tag/kubernetes.io/cluster/{}", self.cluster), json!("owned"))
    }

    fn named(&self) -> (String, Value) {
        ("aws:RequestTag/eks:eks-cluster-name".into(), json!(self.cluster))
    }

    fn in_region(&self, of: &str) -> (String, Value) {
        (format!("aws:{of}Tag/topology.kubernetes.io/region"), json!(self.region))
    }

    fn profiles(&self) -> String {
        format!("arn:{}:iam::{}:instance-profile/*", Region::PARTITION, self.account)
    }

    fn cluster_arn(&self) -> String {
        format!("arn:{}:eks:{}:{}:cluster/{}", Region::PARTITION, self.region, self.account, self.cluster)
    }
}

/// What Karpenter makes in EC2.
const MADE: &[&str] =
    &["fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request"];
/// What it uses in EC2.
const USED: &[&str] = &["image", "snapshot", "security-group", "subnet", "capacity-reservation", "placement-group"];

fn allow(actions: Value, resources: Value, condition: Option<Value>) -> Value {
    let mut statement = json!({"Effect": "Allow", "Action": actions, "Resource": resources});
    if let (Some(fields), Some(condition)) = (statement.as_object_mut(), condition) {
        fields.insert("Condition".into(), condition);
    }
    statement
}

fn equals(pairs: Vec<(String, Value)>) -> Value {
    Value::Object(pairs.into_iter().collect())
}

/// True for any value of a tag: the tag must only be there.
fn any(tags: &[&str]) -> Value {
    Value::Object(tags.iter().map(|tag| ((*tag).to_owned(), json!("*"))).collect())
}

/// All policies by name.
pub(super) fn documents(names: &Names) -> BTreeMap<String, Value> {
    let all = [
        ("node-lifecycle", node_lifecycle(names)),
        ("instance-profiles", instance_profiles(names)),
        ("cluster", vec![allow(json!("eks:DescribeCluster"), json!(names.cluster_arn()), None)]),
        ("interruption", interruption(names)),
        ("zonal-shift", zonal_shift(names)),
        ("discovery", discovery(names)),
    ];
    let key = names.disk_key.as_ref().map(|key| ("disk-key", use_for_disks(names.region, key)));
    all.into_iter().chain(key).map(|(name, statements)| (name.to_owned(), document(statements))).collect()
}

fn node_lifecycle(names: &Names) -> Vec<Value> {
    let launch = json!(["ec2:RunInstances", "ec2:CreateFleet"]);
    let of_pool = any(&["aws:ResourceTag/karpenter.sh/nodepool"]);
    let owned = json!({"StringEquals": equals(vec![names.owned("Resource")]), "StringLike": of_pool});
    let for_pool = any(&["aws:RequestTag/karpenter.sh/nodepool"]);
    let made = || vec![names.owned("Request"), names.named()];
    let mut tagged = made();
    tagged.push(("ec2:CreateAction".into(), json!(["RunInstances", "CreateFleet", "CreateLaunchTemplate"])));
    let retag = json!({
        "StringEquals": equals(vec![names.owned("Resource")]),
        "StringLike": of_pool,
        "StringEqualsIfExists": equals(vec![names.named()]),
        "ForAllValues:StringEquals": {"aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]},
    });
    vec![
        allow(launch.clone(), json!(names.all_ec2(USED)), None),
        allow(launch, json!(names.ec2("launch-template")), Some(owned.clone())),
        allow(
            json!(["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"]),
            json!(names.all_ec2(MADE)),
            Some(json!({"StringEquals": equals(made()), "StringLike": for_pool})),
        ),
        allow(
            json!("ec2:CreateTags"),
            json!(names.all_ec2(MADE)),
            Some(json!({"StringEquals": equals(tagged), "StringLike": for_pool})),
        ),
        allow(json!("ec2:CreateTags"), json!(names.ec2("instance")), Some(retag)),
        allow(
            json!(["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"]),
            json!(names.all_ec2(&["instance", "launch-template"])),
            Some(owned),
        ),
    ]
}

fn instance_profiles(names: &Names) -> Vec<Value> {
    let services = ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"];
    let (live, wanted) =
        ("aws:ResourceTag/karpenter.k8s.aws/ec2nodeclass", "aws:RequestTag/karpenter.k8s.aws/ec2nodeclass");
    let made = || vec![names.owned("Request"), names.named(), names.in_region("Request")];
    let owned = || vec![names.owned("Resource"), names.in_region("Resource")];
    let both = owned().into_iter().chain(made()).collect();
    vec![
        allow(
            json!("iam:PassRole"),
            json!(names.node_role_arn),
            Some(json!({"StringEquals": {"iam:PassedToService": services}})),
        ),
        allow(
            json!("iam:CreateInstanceProfile"),
            json!(names.profiles()),
            Some(json!({"StringEquals": equals(made()), "StringLike": any(&[wanted])})),
        ),
        allow(
            json!("iam:TagInstanceProfile"),
            json!(names.profiles()),
            Some(json!({"StringEquals": equals(both), "StringLike": any(&[live, wanted])})),
        ),
        allow(
            json!(["iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"]),
            json!(names.profiles()),
            Some(json!({"StringEquals": equals(owned()), "StringLike": any(&[live])})),
        ),
    ]
}

fn interruption(names: &Names) -> Vec<Value> {
    let actions = json!(["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]);
    vec![allow(actions, json!(names.queue_arn), None)]
}

fn zonal_shift(names: &Names) -> Vec<Value> {
    let only = json!({"StringEquals": {"arc-zonal-shift:ResourceIdentifier": names.cluster_arn()}});
    vec![allow(json!("arc-zonal-shift:GetManagedResource"), json!("*"), Some(only))]
}

fn discovery(names: &Names) -> Vec<Value> {
    let kinds = [
        "CapacityReservations",
        "Images",
        "Instances",
        "InstanceStatus",
        "InstanceTypeOfferings",
        "InstanceTypes",
        "LaunchTemplates",
        "PlacementGroups",
        "SecurityGroups",
        "SpotPriceHistory",
        "Subnets",
    ];
    let describe: Vec<String> = kinds.iter().map(|kind| format!("ec2:Describe{kind}")).collect();
    let here = json!({"StringEquals": {"aws:RequestedRegion": names.region}});
    let parameters = format!("arn:{}:ssm:{}::parameter/aws/service/*", Region::PARTITION, names.region);
    vec![
        allow(json!(describe), json!("*"), Some(here)),
        allow(json!("ssm:GetParameter"), json!(parameters), None),
        // The list of prices is in Ningxia for both regions; Karpenter signs for it there.
        allow(json!(["pricing:GetProducts", "iam:ListInstanceProfiles"]), json!("*"), None),
        allow(json!("iam:GetInstanceProfile"), json!(names.profiles()), None),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(region: Region, cluster: &str) -> BTreeMap<String, Value> {
        let account = "111122223333";
        documents(&Names {
            region,
            account: account.into(),
            cluster: cluster.into(),
            node_role_arn: format!("arn:aws-cn:iam::{account}:role/{cluster}-karpenter-node"),
            queue_arn: format!("arn:aws-cn:sqs:{region}:{account}:{cluster}-karpenter"),
            disk_key: None,
        })
    }

    #[test]
    fn the_policies_of_beijing() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&of(Region::CnNorth1, "kf")).unwrap());
    }

    #[test]
    fn ningxia_differs_in_the_region_only() {
        let text = |r| serde_json::to_string(&of(r, "kf")).unwrap();
        let ningxia = text(Region::CnNorthwest1).replace("cn-northwest-1", "cn-north-1");
        assert_eq!(ningxia, text(Region::CnNorth1));
    }

    #[test]
    fn a_role_takes_them_even_with_the_longest_name() {
        let cluster = "a".repeat(32);
        let size: usize = of(Region::CnNorthwest1, &cluster).values().map(|d| d.to_string().len()).sum();
        assert!(size < 10_240, "IAM takes 10240 characters of inline policies in a role, these are {size}");
    }

    #[test]
    fn nothing_is_of_another_partition_and_roles_pass_to_both_names_of_ec2() {
        let text = serde_json::to_string(&of(Region::CnNorth1, "kf")).unwrap();
        assert!(!text.contains("arn:aws:"), "{text}");
        assert!(text.contains(r#""iam:PassedToService":["ec2.amazonaws.com","ec2.amazonaws.com.cn"]"#), "{text}");
    }
}
