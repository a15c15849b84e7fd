//! A cluster as another team made it: nodes with a security group of their own, add-ons, a VPC of the network team.

use aws_sdk_ec2::types::{InstanceType, RequestLaunchTemplateData, ResourceType};
use aws_sdk_eks::types::{AuthenticationMode, CreateAccessConfigRequest, NodegroupScalingConfig, VpcConfigRequest};
use kfctl_cn::aws::Clients;
use kfctl_cn::config::{Config, ExistingCluster};

use super::vpc::{self, Vpc};
use crate::leftovers::tagged;

/// What tells one such cluster from another.
pub struct Kind {
    pub version: &'static str,
    pub mode: AuthenticationMode,
    /// Whether EKS gives its creator access.
    pub creator: bool,
    /// The add-ons that it has by EKS.
    pub addons: &'static [&'static str],
}

impl Default for Kind {
    fn default() -> Self {
        Kind { version: "1.35", mode: AuthenticationMode::ApiAndConfigMap, creator: true, addons: ADDONS }
    }
}

pub const ADDONS: &[&str] = &["vpc-cni", "kube-proxy", "coredns", "aws-ebs-csi-driver"];

/// What was made.
pub struct Made {
    pub vpc: Vpc,
    /// The security group of the nodes.
    pub group: String,
}

/// The configuration for a deployment in it.
pub fn inside(config: &mut Config) {
    config.spec.cluster.existing = Some(ExistingCluster { name: "team".into(), node_group: false });
}

async fn role(aws: &Clients, name: &str, principal: &str) -> String {
    let trust = kfctl_cn::aws::policy::trust_service(principal).to_string();
    let made = aws.iam.create_role().role_name(name).assume_role_policy_document(trust).send().await.unwrap();
    made.role.unwrap().arn
}

/// Makes the cluster `team`, with a node group of three and three instances that carry a group of their own.
pub async fn make(aws: &Clients, kind: Kind) -> Made {
    let vpc = vpc::make(aws).await;
    let access = CreateAccessConfigRequest::builder()
        .authentication_mode(kind.mode)
        .bootstrap_cluster_creator_admin_permissions(kind.creator)
        .build();
    let subnets = vpc.private.iter().chain(&vpc.public).cloned().collect();
    let call = aws.eks.create_cluster().name("team").version(kind.version).access_config(access);
    let call = call.role_arn(role(aws, "team-cluster", "eks.amazonaws.com").await);
    let call = call.resources_vpc_config(VpcConfigRequest::builder().set_subnet_ids(Some(subnets)).build());
    call.tags("owner", "team").send().await.unwrap();
    until_active(aws).await;
    for addon in kind.addons {
        aws.eks.create_addon().cluster_name("team").addon_name(*addon).tags("owner", "team").send().await.unwrap();
    }
    for addon in kind.addons {
        until_installed(aws, addon).await;
    }
    let sizes = NodegroupScalingConfig::builder().min_size(3).max_size(3).desired_size(3).build();
    let call = aws.eks.create_nodegroup().cluster_name("team").nodegroup_name("team").scaling_config(sizes);
    let call = call.set_subnets(Some(vpc.private.clone())).instance_types("m5.2xlarge");
    call.node_role(role(aws, "team-nodes", "ec2.amazonaws.com.cn").await).send().await.unwrap();
    let group = aws.ec2.create_security_group().group_name("team-nodes").description("team").vpc_id(&vpc.id);
    let group = group.send().await.unwrap().group_id.unwrap();
    nodes(aws, &vpc, &group).await;
    Made { vpc, group }
}

async fn until_active(aws: &Clients) {
    let status = async || {
        let cluster = aws.eks.describe_cluster().name("team").send().await.unwrap().cluster.unwrap();
        cluster.status().map(|status| status.as_str().to_owned())
    };
    while status().await.as_deref() != Some("ACTIVE") {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

async fn until_installed(aws: &Clients, addon: &str) {
    let status = async || {
        let call = aws.eks.describe_addon().cluster_name("team").addon_name(addon);
        call.send().await.unwrap().addon.unwrap().status().map(|status| status.as_str().to_owned())
    };
    while status().await.as_deref() != Some("ACTIVE") {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

/// Starts three nodes that carry a group.
pub async fn nodes(aws: &Clients, vpc: &Vpc, group: &str) {
    let tags = tagged(ResourceType::Instance, &[("kubernetes.io/cluster/team", "owned"), ("owner", "team")]);
    let call = aws.ec2.run_instances().image_id("ami-12c6146b").instance_type(InstanceType::M52xlarge);
    let call = call.min_count(3).max_count(3).subnet_id(&vpc.private[0]).security_group_ids(group);
    call.tag_specifications(tags).send().await.unwrap();
}

/// What Karpenter makes of the node class of a deployment: an instance and a launch template.
pub async fn of_karpenter(aws: &Clients, vpc: &Vpc, deployment: &str) {
    let tags = [
        ("kubernetes.io/cluster/team", "owned"),
        ("karpenter.sh/nodepool", "gpu"),
        ("karpenter.k8s.aws/cluster", "team"),
        ("kfctl-cn/deployment", deployment),
    ];
    let call = aws.ec2.run_instances().image_id("ami-12c6146b").min_count(1).max_count(1).subnet_id(&vpc.private[0]);
    call.tag_specifications(tagged(ResourceType::Instance, &tags)).send().await.unwrap();
    let data = RequestLaunchTemplateData::builder().image_id("ami-12c6146b").build();
    let name = format!("karpenter.k8s.aws/{deployment}");
    let call = aws.ec2.create_launch_template().launch_template_name(name).launch_template_data(data);
    call.tag_specifications(tagged(ResourceType::LaunchTemplate, &tags)).send().await.unwrap();
}

/// All that can be seen of the cluster, for comparing.
pub async fn portrait(aws: &Clients, vpc: &Vpc) -> Vec<String> {
    let mut all = vpc::portrait(aws, &vpc.id).await;
    let eks = &aws.eks;
    all.push(format!("{:?}", eks.describe_cluster().name("team").send().await.unwrap().cluster));
    for name in eks.list_addons().cluster_name("team").send().await.unwrap().addons() {
        let addon = eks.describe_addon().cluster_name("team").addon_name(name).send().await.unwrap().addon;
        all.push(format!("{addon:?}"));
    }
    for arn in eks.list_access_entries().cluster_name("team").send().await.unwrap().access_entries() {
        let entry = eks.describe_access_entry().cluster_name("team").principal_arn(arn).send().await.unwrap();
        let policies = eks.list_associated_access_policies().cluster_name("team").principal_arn(arn).send().await;
        all.push(format!("{:?} {:?}", entry.access_entry, policies.unwrap().associated_access_policies));
    }
    all.push(format!("{:?}", eks.list_nodegroups().cluster_name("team").send().await.unwrap().nodegroups));
    let instances = aws.ec2.describe_instances().send().await.unwrap();
    let instances = instances.reservations().iter().flat_map(|r| r.instances());
    all.extend(instances.map(|i| format!("{:?} {:?} {:?}", i.instance_id(), i.state(), i.tags())));
    let providers = aws.iam.list_open_id_connect_providers().send().await.unwrap();
    all.extend(providers.open_id_connect_provider_list().iter().map(|p| format!("{p:?}")));
    all.sort();
    all
}
