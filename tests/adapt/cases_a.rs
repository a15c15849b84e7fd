//! Section A of the public cases, as far as manifests show them: partitions, audiences, registries, images of nodes.

use kfctl_cn::adapt::{Set, adapt};
use kfctl_cn::model::{Object, Region};
use serde_json::{Value, json};

use super::cases::field;
use super::{everywhere, support::render::values};

/// Every text of an object, descriptions of schemas left out.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            map.iter().filter(|(key, _)| *key != "description").for_each(|(_, child)| texts(child, found));
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::String(text) => found.push(text.clone()),
        _ => {}
    }
}

/// tf-eks#1904, eksctl#7713, eksctl#1910: names that stay global in China pass the audit; those that don't are found.
#[test]
fn a1_a3_a11_names_that_stay_global_are_let_be_and_others_found() {
    let map = |text: &str| {
        Object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": text}}))
    };
    for region in Region::ALL {
        for (text, findings) in [
            ("eks.amazonaws.com", 0),
            ("sts.amazonaws.com", 0),
            ("eks-fargate-pods.amazonaws.com", 0),
            ("ec2.amazonaws.com", 1),
            ("arn:aws:iam::123456789012:role/a", 1),
            ("arn:aws-cn:iam::123456789012:role/a", 0),
        ] {
            let out = adapt(Set::StorageClass, vec![map(text)], &values(region)).expect("adapts");
            assert_eq!(out.findings.len(), findings, "{region} {text}: {:?}", out.findings);
        }
    }
}

/// eksctl#1910: whoever asks for a token of a role asks for it with the global audience.
#[test]
fn a3_every_audience_of_sts_is_the_global_one() {
    everywhere(|all, _| {
        let mut seen = 0;
        for object in all.values().flat_map(|out| &out.objects) {
            let mut found = Vec::new();
            texts(&object.0, &mut found);
            for text in found.iter().filter(|text| text.starts_with("sts.amazonaws.com")) {
                assert_eq!(text, "sts.amazonaws.com", "{}", object.id());
                seen += 1;
            }
        }
        assert!(seen > 0, "the CSI driver asks for one");
    });
}

/// LBC#1557, eksctl#1871, #4239: every ARN is of the partition.
#[test]
fn a4_a6_a7_every_arn_is_of_the_partition() {
    everywhere(|all, _| {
        let mut seen = 0;
        for object in all.values().flat_map(|out| &out.objects) {
            let mut found = Vec::new();
            texts(&object.0, &mut found);
            for arn in found.iter().flat_map(|text| text.split_whitespace()).filter(|word| word.contains("arn:aws")) {
                assert!(arn.contains("arn:aws-cn:"), "{}: {arn}", object.id());
                seen += 1;
            }
        }
        assert!(seen >= 2, "the roles of Kubeflow's secrets and of Karpenter");
    });
}

/// The guide's script: the account's role is named in the service account, and no managed policy anywhere.
#[test]
fn a8_the_account_has_the_role_of_the_deployment_and_no_managed_policy_is_named() {
    everywhere(|all, _| {
        let role = field(
            all,
            Set::Kubeflow,
            "ServiceAccount/kubeflow/kubeflow-secrets-manager-sa",
            "/metadata/annotations/eks.amazonaws.com~1role-arn",
        );
        assert_eq!(role, Some(json!("arn:aws-cn:iam::123456789012:role/kf-secrets")));
        for object in all.values().flat_map(|out| &out.objects) {
            let text = object.0.to_string();
            assert!(!text.contains("SecretsManagerReadWrite") && !text.contains("AmazonSSMReadOnlyAccess"));
        }
    });
}

/// tf-eks#824: Karpenter asks Systems Manager for the newest image of the family, whoever owns it.
#[test]
fn a13_gpu_nodes_images_are_named_by_family() {
    everywhere(|all, _| {
        let class = "EC2NodeClass//gpu";
        let terms = field(all, Set::GpuPool, class, "/spec/amiSelectorTerms");
        assert_eq!(terms, Some(json!([{"alias": "al2023@latest"}])));
        assert_eq!(field(all, Set::GpuPool, class, "/spec/amiFamily"), None, "the alias says it");
    });
}

/// amazon-vpc-cni-k8s#850, #924: images of EKS from the registry of us-west-2.
#[test]
fn a14_no_image_is_of_a_registry_of_eks_elsewhere() {
    everywhere(|all, registry| {
        for object in all.values().flat_map(|out| &out.objects) {
            let text = object.0.to_string();
            for host in text.split(['"', '/', ' ', '=', ',']).filter(|word| word.contains(".dkr.ecr.")) {
                assert!(registry.starts_with(host), "{}: {host}", object.id());
            }
            assert!(!text.contains("602401143452"), "{}", object.id());
        }
    });
    // Where somebody needs it: the add-ons themselves are installed by EKS, which knows.
    for (region, account) in [(Region::CnNorth1, "918309763551"), (Region::CnNorthwest1, "961992271922")] {
        let host = format!("{account}.dkr.ecr.{region}.amazonaws.com.cn");
        assert_eq!(region.ecr_host(region.eks_addon_account()), host);
    }
}
