//! Section A: principals, partitions and ARNs in IAM and EKS.

use kfctl_cn::aws::network::ENDPOINTS;
use kfctl_cn::model::Region;
use serde_json::{Value, json};

use super::{documents, managed, role, whole};
use crate::census::{census, whole as everything};
use crate::existing::{network::inside, vpc};
use crate::faults::{Fault, Rule};
use crate::nodes::template;
use crate::world::{ACCOUNT, Aws, World, clients_of, configuration};

/// tf-eks#1904, #2263: CreateRole refuses `eks.amazonaws.com.cn`.
#[tokio::test(flavor = "multi_thread")]
async fn a1_the_control_planes_role_trusts_eks_by_its_global_name() {
    whole("a1", async |world, _| {
        let trust = &documents(&world.clients).await["trust of a1-cluster"]["Statement"][0];
        assert_eq!(trust["Principal"], json!({"Service": "eks.amazonaws.com"}));
    })
    .await;
}

/// cdk-eks-blueprints#558: EKS refuses a node role that doesn't trust EC2 by its name of China.
#[tokio::test(flavor = "multi_thread")]
async fn a2_nodes_roles_trust_ec2_by_its_name_of_china() {
    whole("a2", async |world, _| {
        let all = documents(&world.clients).await;
        for name in ["trust of a2-nodes", "trust of a2-karpenter-node"] {
            assert_eq!(all[name]["Statement"][0]["Principal"], json!({"Service": "ec2.amazonaws.com.cn"}), "{name}");
        }
    })
    .await;
}

/// eksctl#1910, tf-eks#1704, #2700: the token's audience has no suffix in China, neither at the provider nor in a trust.
#[tokio::test(flavor = "multi_thread")]
async fn a3_the_audience_is_sts_amazonaws_com_at_the_provider_and_in_every_trust() {
    whole("a3", async |world, _| {
        let iam = &world.clients.iam;
        let arn = world.outputs()[&"cluster/oidc-provider".into()]["arn"].clone();
        let provider = iam.get_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await.unwrap();
        assert_eq!(provider.client_id_list(), ["sts.amazonaws.com"]);
        let mut seen = 0;
        for (name, document) in documents(&world.clients).await {
            let Some(equals) = document.pointer("/Statement/0/Condition/StringEquals").and_then(Value::as_object)
            else {
                continue;
            };
            for (_, audience) in equals.iter().filter(|(key, _)| key.ends_with(":aud")) {
                assert_eq!(audience, "sts.amazonaws.com", "{name}");
                seen += 1;
            }
        }
        assert_eq!(seen, 3, "EBS CSI, Kubeflow's secrets, Karpenter");
    })
    .await;
}

/// eksctl#1871: a provider of partition `aws` is trusted, and nobody may take the role.
#[tokio::test(flavor = "multi_thread")]
async fn a4_trusts_name_the_provider_of_the_partition_the_account_and_the_region() {
    whole("a4", async |world, region| {
        let all = documents(&world.clients).await;
        let provider = format!("arn:aws-cn:iam::{ACCOUNT}:oidc-provider/oidc.eks.{region}.amazonaws.com.cn/id/");
        for name in ["a4-ebs-csi", "a4-secrets-manager-sa", "a4-karpenter"] {
            let federated = all[&format!("trust of {name}")]["Statement"][0]["Principal"]["Federated"].as_str();
            assert!(federated.is_some_and(|arn| arn.starts_with(&provider)), "{name}: {federated:?}");
        }
    })
    .await;
}

/// eksctl#1898: the provider's ARN was wrong on the way down only, and nothing behind it was removed.
#[tokio::test(flavor = "multi_thread")]
async fn a5_a_provider_that_cannot_be_removed_hides_nothing_and_goes_the_next_time() {
    whole("a5", async |world, region| {
        let call = "iam:DeleteOpenIDConnectProvider".to_owned();
        world.proxy.faults.set(vec![Rule { call: call.clone(), fault: Fault::Denied, skip: 0, times: usize::MAX }]);
        let error = world.try_down(true).await.expect_err("a removal without the right to remove the provider");
        assert!(error.to_string().contains(&call), "{error}");
        let mut left = census(&world.clients).await;
        assert_eq!(left.remove("oidc providers"), Some(1));
        // What the provider is needed by goes before it, and all that has nothing to do with it goes as well.
        for kind in ["databases", "buckets", "secrets", "queues", "rules", "users", "nat gateways", "elastic ips"] {
            assert_eq!(left[kind], 0, "{region}: {kind} after one step failed: {left:?}");
        }
        world.proxy.faults.set(Vec::new());
        world.down(true).await;
        let left = census(&world.clients).await;
        assert!(left.values().all(|count| *count == 0), "{left:?}");
    })
    .await;
}

/// LBC#1557, aws-cdk#23642, eksctl#5645: any policy with `arn:aws:` is refused as malformed.
#[tokio::test(flavor = "multi_thread")]
async fn a6_no_policy_names_another_partition() {
    whole("a6", async |world, region| {
        let all = documents(&world.clients).await;
        assert!(all.len() > 15, "trusts, inline policies, bucket and queue: {:?}", all.keys());
        for (name, document) in all {
            let text = document.to_string();
            assert!(!text.contains("arn:aws:") && !text.contains("arn:aws-us-gov:"), "{name}: {text}");
            assert!(!text.contains("us-east-1") && !text.contains(other(region)), "{name}: {text}");
        }
        for (name, arns) in managed(&world.clients).await {
            assert!(arns.iter().all(|arn| arn.starts_with("arn:aws-cn:iam::aws:policy/")), "{name}: {arns:?}");
        }
    })
    .await;
}

/// The name of the region that nothing here is about.
fn other(region: Region) -> &'static str {
    // `cn-north-1` isn't part of `cn-northwest-1`, nor the other way round.
    Region::ALL.into_iter().find(|other| *other != region).unwrap().as_str()
}

/// eksctl#4239: the add-on's role was of partition `aws`, and once a policy's ARN stood where a role's belongs.
#[tokio::test(flavor = "multi_thread")]
async fn a7_the_add_ons_role_is_a_role_and_the_nodes_policies_are_of_the_partition() {
    whole("a7", async |world, _| {
        let nodes = &managed(&world.clients).await["a7-nodes"];
        assert!(nodes.contains(&"arn:aws-cn:iam::aws:policy/AmazonEKS_CNI_Policy".to_owned()), "{nodes:?}");
        let eks = &world.clients.eks;
        for name in ["vpc-cni", "kube-proxy", "coredns", "aws-ebs-csi-driver"] {
            let addon = eks.describe_addon().cluster_name("a7").addon_name(name).send().await.unwrap().addon.unwrap();
            let wanted = (name == "aws-ebs-csi-driver").then(|| role("a7-ebs-csi"));
            assert_eq!(addon.service_account_role_arn(), wanted.as_deref(), "{name}");
            assert!(addon.addon_arn().unwrap().starts_with("arn:aws-cn:eks:"), "{addon:?}");
        }
    })
    .await;
}

/// The guide's script attaches SecretsManagerReadWrite and AmazonSSMReadOnlyAccess, with ARNs of `aws`. Two secrets are enough.
#[tokio::test(flavor = "multi_thread")]
async fn a8_the_service_accounts_role_needs_neither_of_the_two_wide_policies() {
    whole("a8", async |world, region| {
        assert_eq!(managed(&world.clients).await["a8-secrets-manager-sa"], Vec::<String>::new());
        let document = documents(&world.clients).await["secrets of a8-secrets-manager-sa"].clone();
        let resources = document["Statement"][0]["Resource"].as_array().unwrap().clone();
        let secret = format!("arn:aws-cn:secretsmanager:{region}:{ACCOUNT}:secret:a8-");
        assert_eq!(resources.len(), 2);
        assert!(resources.iter().all(|arn| arn.as_str().unwrap().starts_with(&secret)), "{document}");
    })
    .await;
}

/// eksctl#2568, #3081: endpoints of some services have the prefix `cn.` in China, those of others haven't.
#[tokio::test(flavor = "multi_thread")]
async fn a9_vpc_endpoints_count_by_their_names_in_china() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let setup = clients_of(&aws.url, region, "AKIAREHEARSALCHINA01").await;
        let id = vpc::bare(&setup).await;
        for zone in 0..2 {
            let subnet = vpc::subnet(&setup, &id, zone, &format!("10.50.{}.0/20", 16 * (zone + 1))).await;
            vpc::own_table(&setup, &id, &subnet).await;
        }
        let world = World::new(&aws, inside("a9", region, &id)).await;
        let without = world.engine().plan().await.err().expect("a plan over subnets without a way out").to_string();
        for service in ENDPOINTS {
            assert!(without.contains(service), "{service}: {without}");
            let prefix = if service == "s3" { "com.amazonaws" } else { "cn.com.amazonaws" };
            let call = setup.ec2.create_vpc_endpoint().vpc_id(&id).service_name(format!("{prefix}.{region}.{service}"));
            let kind = if service == "s3" { "Gateway" } else { "Interface" };
            call.vpc_endpoint_type(kind.into()).send().await.unwrap();
        }
        world.plan().await;
    }
}

/// pulumi-eks#534: an issuer that is put together has a host that doesn't exist in China.
#[tokio::test(flavor = "multi_thread")]
async fn a10_the_issuer_is_what_eks_says() {
    whole("a10", async |world, _| {
        let cluster = world.clients.eks.describe_cluster().name("a10").send().await.unwrap().cluster.unwrap();
        let issuer = cluster.identity().and_then(|i| i.oidc()).and_then(|o| o.issuer()).unwrap().to_owned();
        let arn = world.outputs()[&"cluster/oidc-provider".into()]["arn"].clone();
        let provider = world.clients.iam.get_open_id_connect_provider().open_id_connect_provider_arn(&arn);
        let url = provider.send().await.unwrap().url.unwrap();
        assert_eq!(url.trim_start_matches("https://"), issuer.trim_start_matches("https://"));
        assert_eq!(arn.split_once("oidc-provider/").unwrap().1, issuer.trim_start_matches("https://"));
    })
    .await;
}

/// eksctl#7713: Fargate's principal has no suffix. Nothing of this deployment runs on Fargate.
#[tokio::test(flavor = "multi_thread")]
async fn a11_no_fargate_profile_is_made_and_no_role_trusts_one() {
    whole("a11", async |world, _| {
        let profiles = world.clients.eks.list_fargate_profiles().cluster_name("a11").send().await.unwrap();
        assert!(profiles.fargate_profile_names().is_empty());
        for (name, document) in documents(&world.clients).await {
            assert!(!document.to_string().contains("fargate"), "{name}: {document}");
        }
    })
    .await;
}

/// eksctl#4162: one of the entries had the wrong partition. Here they are access entries, and aws-auth isn't asked.
#[tokio::test(flavor = "multi_thread")]
async fn a12_access_entries_are_of_the_partition_and_aws_auth_is_out_of_use() {
    whole("a12", async |world, _| {
        let eks = &world.clients.eks;
        let cluster = eks.describe_cluster().name("a12").send().await.unwrap().cluster.unwrap();
        let mode = cluster.access_config().and_then(|a| a.authentication_mode()).unwrap();
        assert_eq!(mode.as_str(), "API");
        let entries = eks.list_access_entries().cluster_name("a12").send().await.unwrap().access_entries.unwrap();
        let caller = format!("arn:aws-cn:iam::{ACCOUNT}:user/rehearsal");
        for wanted in [&caller, &role("a12-karpenter-node")] {
            assert!(entries.contains(wanted), "{wanted}: {entries:?}");
        }
        assert!(entries.iter().all(|arn| arn.starts_with("arn:aws-cn:")), "{entries:?}");
        let policies = eks.list_associated_access_policies().cluster_name("a12").principal_arn(&caller);
        let policies = policies.send().await.unwrap().associated_access_policies.unwrap();
        let arns: Vec<_> = policies.iter().filter_map(|p| p.policy_arn()).collect();
        assert_eq!(arns, ["arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"]);
    })
    .await;
}

/// tf-eks#824: a look for the owner of the images finds nothing. EKS chooses them by their type.
#[tokio::test(flavor = "multi_thread")]
async fn a13_nodes_images_are_named_by_type_and_never_by_owner() {
    whole("a13", async |world, region| {
        let call = world.clients.eks.describe_nodegroup().cluster_name("a13").nodegroup_name("a13-nodes");
        let group = call.send().await.unwrap().nodegroup.unwrap();
        assert_eq!(group.ami_type().unwrap().as_str(), "AL2023_x86_64_STANDARD");
        assert_eq!(template(&world.clients, "a13").await.image_id().unwrap_or_default(), "");
        // Whoever has to name the owner finds the right one.
        let owner = if region == Region::CnNorth1 { "918309763551" } else { "961992271922" };
        assert_eq!(region.eks_addon_account(), owner);
    })
    .await;
}

/// eksctl#2005, #188, #1967, #6620: a quota ends the run half way, and nothing but removing all by hand goes on from there.
#[tokio::test(flavor = "multi_thread")]
async fn a15_a_run_that_met_a_quota_goes_on_when_there_is_room() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration("a15", region)).await;
        let call = "ec2:AllocateAddress".to_owned();
        world.proxy.faults.set(vec![Rule { call: call.clone(), fault: Fault::Denied, skip: 1, times: usize::MAX }]);
        let error = world.try_up().await.expect_err("one address and no more");
        assert!(error.to_string().contains(&call), "{error}");
        let half = census(&world.clients).await;
        assert_eq!((half["vpcs"], half["elastic ips"]), (1, 1), "{half:?}");
        world.proxy.faults.set(Vec::new());
        world.up().await;
        assert_eq!(census(&world.clients).await, everything());
        assert!(!world.plan().await.plan.has_work());
    }
}
