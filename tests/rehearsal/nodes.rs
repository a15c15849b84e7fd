//! The launch template of managed nodes: their disks, and the proxy through which they reach the outside.

use std::sync::Arc;

use aws_sdk_ec2::types::{RequestLaunchTemplateData, ResponseLaunchTemplateData};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kfctl_cn::aws::Clients;
use kfctl_cn::config::Proxy;
use kfctl_cn::engine::Outputs;
use kfctl_cn::model::Region;

use crate::census::census;
use crate::world::{Aws, World, actions, configuration};

async fn behind(aws: &Aws, name: &str, region: Region) -> World {
    let mut config = configuration(name, region);
    let no_proxy = vec![".corp.example".into()];
    config.spec.network.proxy = Some(Proxy { url: "http://proxy.corp.example:3128".into(), no_proxy });
    World::new(aws, config).await
}

fn outputs(world: &World, addr: &str) -> Outputs {
    world.outputs()[&addr.into()].clone()
}

/// What the node group's nodes are made from.
pub async fn template(aws: &Clients, name: &str) -> ResponseLaunchTemplateData {
    let group = aws.eks.describe_nodegroup().cluster_name(name).nodegroup_name(format!("{name}-nodes"));
    let template = group.send().await.unwrap().nodegroup.unwrap().launch_template.unwrap();
    let call = aws.ec2.describe_launch_template_versions().launch_template_id(template.id.unwrap());
    let found = call.versions(template.version.unwrap()).send().await.unwrap();
    found.launch_template_versions()[0].launch_template_data().unwrap().clone()
}

/// What the node group's nodes are told, and the size of their root volume.
async fn told(aws: &Clients, name: &str) -> (String, i32) {
    let data = template(aws, name).await;
    let size = data.block_device_mappings()[0].ebs().unwrap().volume_size().unwrap();
    let text = STANDARD.decode(data.user_data().unwrap_or_default()).unwrap();
    (String::from_utf8(text).unwrap(), size)
}

/// A new account encrypts no disk by itself.
#[tokio::test(flavor = "multi_thread")]
async fn the_disks_of_nodes_are_encrypted_without_being_asked_for() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration("plain", region)).await;
        world.up().await;
        let data = template(&world.clients, "plain").await;
        let disk = data.block_device_mappings()[0].ebs().unwrap();
        assert_eq!((disk.encrypted(), disk.kms_key_id(), disk.volume_size()), (Some(true), None, Some(100)));
        assert_eq!(data.user_data().unwrap_or_default(), "");
        // Somebody's new version without it doesn't last.
        let template = outputs(&world, "cluster/node-template")["id"].clone();
        let call = world.clients.ec2.create_launch_template_version().launch_template_id(template);
        call.launch_template_data(RequestLaunchTemplateData::builder().build()).send().await.unwrap();
        let seen = actions(&world.plan().await);
        assert!(seen.iter().any(|action| action.contains("cluster/node-template")), "{seen:#?}");
        world.up().await;
        let data = self::template(&world.clients, "plain").await;
        assert_eq!(data.block_device_mappings()[0].ebs().unwrap().encrypted(), Some(true));
        assert!(!world.plan().await.plan.has_changes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_told_their_proxy_and_what_they_reach_without_it() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let mut world = behind(&aws, "behind", region).await;
        let before = census(&world.clients).await;
        world.up().await;
        assert_eq!(census(&world.clients).await["launch templates"], 1);
        let (text, size) = told(&world.clients, "behind").await;
        assert_eq!(size, 100);
        let config = text.split("Content-Type: application/node.eks.aws").nth(1).expect("a part for nodeadm");
        let config = config.split("--//").next().unwrap();
        let config: serde_json::Value = serde_json::from_str(config).unwrap();
        let environment = &config["spec"]["instance"]["environment"]["default"];
        assert_eq!(environment["HTTPS_PROXY"], "http://proxy.corp.example:3128");
        assert_eq!(environment["HTTP_PROXY"], "http://proxy.corp.example:3128");
        let without: Vec<&str> = environment["NO_PROXY"].as_str().unwrap().split(',').collect();
        let endpoint = outputs(&world, "cluster/eks")["endpoint"].clone();
        let host = endpoint.trim_start_matches("https://").split(':').next().unwrap();
        for wanted in ["10.0.0.0/16", "169.254.169.254", ".svc", ".cluster.local", ".corp.example", host] {
            assert!(without.contains(&wanted), "{wanted}: {without:?}");
        }
        assert!(without.iter().any(|one| ["10.100.0.0/16", "172.20.0.0/16"].contains(one)), "{without:?}");
        let again = world.plan().await;
        assert!(!again.plan.has_changes(), "{:#?}", actions(&again));
        // A change reaches the nodes by a new version of the template.
        let mut config = (*world.config).clone();
        config.spec.network.proxy.as_mut().unwrap().no_proxy.push("10.9.0.0/16".into());
        config.spec.cluster.node_group.disk_gib = 200;
        world.config = Arc::new(config);
        world.up().await;
        let (text, size) = told(&world.clients, "behind").await;
        assert!(text.contains("10.9.0.0/16") && size == 200, "{size}: {text}");
        assert!(!world.plan().await.plan.has_changes());
        let mut config = (*world.config).clone();
        config.spec.network.proxy = None;
        world.config = Arc::new(config);
        world.up().await;
        assert_eq!(told(&world.clients, "behind").await, (String::new(), 200));
        world.down(true).await;
        assert_eq!(census(&world.clients).await, before);
    }
}
