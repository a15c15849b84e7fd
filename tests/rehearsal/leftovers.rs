//! What controllers in the cluster made in AWS and left goes with a `down`, and nobody else's does.

use aws_sdk_ec2::types::{
    IpPermission, RequestLaunchTemplateData, ResourceType, Tag, TagSpecification, UserIdGroupPair, VolumeType,
};
use kfctl_cn::aws::Clients;
use kfctl_cn::model::Region;

use crate::census::census;
use crate::world::{Aws, World, configuration};

pub fn tagged(kind: ResourceType, tags: &[(&str, &str)]) -> TagSpecification {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build());
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags.collect())).build()
}

/// What Karpenter, the VPC CNI, the EBS CSI driver and a load-balancer controller make for a cluster.
pub async fn controllers_make(api: &Clients, name: &str, outputs: impl Fn(&str, &str) -> String) {
    let owned = format!("kubernetes.io/cluster/{name}");
    let (vpc, subnet) = (outputs("cluster/vpc", "vpc_id"), outputs("cluster/subnet-private-1", "subnet_id"));
    let zone = outputs("cluster/subnet-private-1", "zone");
    let ec2 = &api.ec2;
    let tags = [(owned.as_str(), "owned"), ("karpenter.sh/nodepool", "gpu")];
    let instance = ec2.run_instances().image_id("ami-12c6146b").min_count(1).max_count(1).subnet_id(&subnet);
    instance.tag_specifications(tagged(ResourceType::Instance, &tags)).send().await.unwrap();
    let data = RequestLaunchTemplateData::builder().image_id("ami-12c6146b").build();
    let template = ec2.create_launch_template().launch_template_name("karpenter.k8s.aws/1").launch_template_data(data);
    template.tag_specifications(tagged(ResourceType::LaunchTemplate, &tags)).send().await.unwrap();
    let volume = |tags: &[(&str, &str)]| {
        let call = ec2.create_volume().availability_zone(&zone).size(10).volume_type(VolumeType::Gp3);
        call.tag_specifications(tagged(ResourceType::Volume, tags)).send()
    };
    volume(&[(&owned, "owned"), ("CSIVolumeName", "pvc-1")]).await.unwrap();
    volume(&[("KubernetesCluster", name), ("CSIVolumeName", "pvc-2")]).await.unwrap();
    volume(&[("KubernetesCluster", name), ("kfctl-cn/keep", "its reclaim policy was Retain")]).await.unwrap();
    volume(&[("kubernetes.io/cluster/another", "owned")]).await.unwrap();
    let interface = ec2.create_network_interface().subnet_id(&subnet).description("aws-K8S-i-0123456789abcdef0");
    interface.send().await.unwrap();
    let group = |group: &str, tags: &[(&str, &str)]| {
        let call = ec2.create_security_group().group_name(group).description("made by a controller").vpc_id(&vpc);
        call.tag_specifications(tagged(ResourceType::SecurityGroup, tags)).send()
    };
    let balanced = group("k8s-default-web-0123", &[("elbv2.k8s.aws/cluster", name)]).await.unwrap();
    let classic = group("k8s-elb-0123", &[(&owned, "owned")]).await.unwrap();
    // Groups that name each other can't go one by one.
    for (of, to) in [(&balanced, &classic), (&classic, &balanced)] {
        let pair = UserIdGroupPair::builder().group_id(of.group_id().unwrap()).build();
        let rule = IpPermission::builder().ip_protocol("tcp").from_port(80).to_port(80).user_id_group_pairs(pair);
        let call = ec2.authorize_security_group_ingress().group_id(to.group_id().unwrap());
        call.ip_permissions(rule.build()).send().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_controllers_left_goes_whether_or_not_the_data_stays() {
    for (region, delete_data) in [(Region::CnNorth1, false), (Region::CnNorthwest1, true)] {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration("used", region)).await;
        world.up().await;
        let outputs = world.outputs();
        controllers_make(&world.clients, "used", |addr, key| outputs[&addr.into()][key].clone()).await;
        world.down(delete_data).await;
        let left = census(&world.clients).await;
        for kind in ["interfaces of pods", "instances", "launch templates", "clusters", "roles"] {
            assert_eq!(left[kind], 0, "{kind}: {left:?}");
        }
        // One that its owner keeps, and one of another cluster.
        assert_eq!(left["volumes"], 2, "{left:?}");
        let data = usize::from(!delete_data);
        // The kept database is behind a group of its own.
        for kind in ["vpcs", "security groups", "databases", "buckets"] {
            assert_eq!(left[kind], data, "{kind}: {left:?}");
        }
    }
}
