//! A newer Kubernetes: one minor version at a time, in the order that EKS asks for.

use std::sync::Arc;

use kfctl_cn::model::Region;

use crate::census::{census, whole};
use crate::world::{Aws, World, actions, configuration};

#[tokio::test(flavor = "multi_thread")]
async fn control_plane_addons_and_nodes_follow_each_step_and_a_jump_is_refused_with_the_steps() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let mut config = configuration("newer", region);
        config.spec.cluster.version = "1.33".into();
        let mut world = World::new(&aws, config).await;
        world.up().await;
        let set = |world: &mut World, version: &str| {
            let mut config = (*world.config).clone();
            config.spec.cluster.version = version.into();
            world.config = Arc::new(config);
        };
        set(&mut world, "1.35");
        let error = world.engine().plan().await.err().expect("a jump over a version");
        assert!(error.to_string().contains("EKS goes one minor version at a time"), "{error}");
        let steps = "or set 1.34, then 1.35 in turn, and run `kfctl-cn up` after each";
        assert!(error.hints.iter().any(|hint| hint == steps), "{:?}", error.hints);
        set(&mut world, "1.34");
        let planned = world.plan().await;
        let named: Vec<_> = planned.plan.steps.iter().filter(|s| s.is_work()).map(|s| s.addr.as_str()).collect();
        assert_eq!(
            named,
            ["cluster/eks", "cluster/addon-kube-proxy", "cluster/node-group"],
            "{:#?}",
            actions(&planned)
        );
        // Stopped at every call, it goes on.
        let mut runs = 0;
        while !world.cut_off(runs % 2, true).await {
            runs += 1;
            assert!(runs < 40, "it never comes to an end");
        }
        let eks = &world.clients.eks;
        let cluster = eks.describe_cluster().name("newer").send().await.unwrap().cluster.unwrap();
        let group = eks.describe_nodegroup().cluster_name("newer").nodegroup_name("newer-nodes").send().await.unwrap();
        let proxy = eks.describe_addon().cluster_name("newer").addon_name("kube-proxy").send().await.unwrap();
        assert_eq!(cluster.version(), Some("1.34"));
        assert_eq!(group.nodegroup().unwrap().version(), Some("1.34"));
        assert!(proxy.addon().unwrap().addon_version().unwrap().starts_with("v1.34."));
        let again = world.plan().await;
        assert!(!again.plan.has_work(), "{:#?}", actions(&again));
        assert_eq!(census(&world.clients).await, whole());
        set(&mut world, "1.33");
        let error = world.engine().plan().await.err().expect("a way back").to_string();
        assert!(error.contains("EKS has no way back to an older version"), "{error}");
    }
}
