//! Fields of the configuration are changed one at a time, and the plan says what becomes of each: as docs/reference/changes.md has it.

use std::sync::Arc;

use kfctl_cn::config::Config;
use kfctl_cn::engine::Plan;
use kfctl_cn::model::{Action, ChangeKind, Region};
use serde_json::{Value, json};

use crate::existing::team;
use crate::support::changes;
use crate::world::{ACCOUNT, Aws, World, configuration};

/// What a plan says of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    /// A field of a resource is changed in place.
    Updated(&'static str, &'static str),
    /// A field of a resource is refused.
    Refused(&'static str, &'static str),
    /// The resource can't be used as it is.
    Unusable(&'static str),
    /// The resource is removed.
    Removed(&'static str),
    /// Nothing at all.
    Nothing,
}
use Fate::{Nothing, Refused, Removed, Unusable, Updated};

impl Fate {
    /// The word that the page has for it.
    fn word(self) -> &'static str {
        match self {
            Updated(..) => "updated",
            Refused(..) | Unusable(_) => "refused",
            Removed(_) => "removed",
            Nothing => "nothing",
        }
    }

    fn is_in(self, plan: &Plan) -> bool {
        let step =
            |addr: &str, action: Action| plan.steps.iter().find(|s| s.addr.as_str() == addr && s.action == action);
        let refused = |addr: &str| plan.refused.iter().find(|refused| refused.addr.as_str() == addr);
        match self {
            Updated(addr, field) => step(addr, Action::Update)
                .is_some_and(|s| s.changes.iter().any(|c| c.field == field && c.kind == ChangeKind::Update)),
            Refused(addr, field) => refused(addr).is_some_and(|r| {
                r.changes.iter().any(|c| c.field == field && c.kind == ChangeKind::Refused && !c.why.is_empty())
            }),
            Unusable(addr) => refused(addr).is_some_and(|r| r.changes.is_empty() && !r.hints.is_empty()),
            Removed(addr) => step(addr, Action::Delete).is_some(),
            Nothing => plan.refused.is_empty() && !plan.has_work(),
        }
    }
}

/// A field, its new value, and all that must be said of it.
type Row = (&'static str, Value, &'static [Fate]);

/// Every field that says something about AWS, against a deployment with the defaults.
/// `key` is the ARN of a key that exists.
fn rows(key: &str) -> Vec<Row> {
    let boundary = "arn:aws-cn:iam::123456789012:policy/limits";
    let vpc = json!({"vpcId": "vpc-0123456789abcdef0"});
    let database = json!({"instance": "team-mysql", "secret": "team/mysql"});
    let host = json!({"host": "mysql.team.internal", "secret": "team/mysql"});
    vec![
        (
            "spec.tags",
            json!({"team": "ml"}),
            &[Updated("cluster/vpc", "tags.team"), Updated("data/bucket", "tags.team")],
        ),
        ("spec.state.backend", json!("s3://team-state/kf"), &[Nothing]),
        (
            "spec.network.vpcCidr",
            json!("10.1.0.0/16"),
            &[Refused("cluster/vpc", "cidr"), Refused("cluster/subnet-public-1", "cidr")],
        ),
        (
            "spec.network.natGateways",
            json!("single"),
            &[Updated("cluster/routes-private-2", "defaultRoute"), Removed("cluster/nat-2"), Removed("cluster/eip-3")],
        ),
        (
            "spec.network.proxy.url",
            json!({"url": "http://proxy:3128"}),
            &[Updated("cluster/node-template", "userData")],
        ),
        ("spec.network.existing.vpcId", vpc, &[Unusable("cluster/vpc"), Refused("cluster/eks", "vpc")]),
        ("spec.cluster.existing.name", json!({"name": "team"}), &[Refused("cluster/eks", "name")]),
        (
            "spec.cluster.version",
            json!("1.36"),
            &[
                Updated("cluster/eks", "version"),
                Updated("cluster/node-group", "version"),
                Updated("cluster/addon-kube-proxy", "version"),
            ],
        ),
        (
            "spec.cluster.version",
            json!("1.34"),
            &[Refused("cluster/eks", "version"), Refused("cluster/node-group", "version")],
        ),
        ("spec.cluster.version", json!("1.37"), &[Refused("cluster/eks", "version")]),
        ("spec.cluster.publicAccessCidrs", json!(["203.0.113.0/24"]), &[Updated("cluster/eks", "publicAccessCidrs")]),
        ("spec.cluster.publicAccessCidrs", json!([]), &[Updated("cluster/eks", "publicEndpoint")]),
        ("spec.cluster.logs", json!(["audit"]), &[Updated("cluster/eks", "logs")]),
        ("spec.cluster.kmsKeyArn", json!(key), &[Updated("cluster/eks", "kmsKeyArn")]),
        (
            "spec.cluster.diskKmsKeyArn",
            json!(key),
            &[
                Updated("cluster/node-template", "diskKmsKeyArn"),
                Updated("cluster/role-ebs-csi", "policies"),
                Updated("karpenter/role-controller", "policies"),
            ],
        ),
        (
            "spec.cluster.permissionsBoundaryArn",
            json!(boundary),
            &[Updated("cluster/role-nodes", "permissionsBoundary"), Updated("data/s3-user", "permissionsBoundary")],
        ),
        (
            "spec.cluster.nodeGroup.instanceTypes",
            json!(["m6i.2xlarge"]),
            &[Refused("cluster/node-group", "instanceTypes")],
        ),
        ("spec.cluster.nodeGroup.minSize", json!(2), &[Updated("cluster/node-group", "minSize")]),
        ("spec.cluster.nodeGroup.desiredSize", json!(4), &[Nothing]),
        ("spec.cluster.nodeGroup.maxSize", json!(9), &[Updated("cluster/node-group", "maxSize")]),
        ("spec.cluster.nodeGroup.diskGib", json!(200), &[Updated("cluster/node-template", "diskGib")]),
        ("spec.data.bucket", json!("another-name"), &[Refused("data/bucket", "name")]),
        ("spec.data.existingBucket", json!("team-artifacts"), &[Refused("data/bucket", "name")]),
        ("spec.data.existingS3Secret", json!("nobody-has-this"), &[Unusable("data/s3-secret")]),
        (
            "spec.data.kmsKeyArn",
            json!(key),
            &[
                Updated("data/bucket", "kmsKeyArn"),
                Updated("data/rds-secret", "kmsKeyArn"),
                Refused("data/database", "kmsKeyArn"),
            ],
        ),
        ("spec.data.database.instanceClass", json!("db.m6g.large"), &[Updated("data/database", "instanceClass")]),
        ("spec.data.database.storageGib", json!(100), &[Updated("data/database", "storageGib")]),
        ("spec.data.database.storageGib", json!(20), &[Nothing]),
        ("spec.data.database.maxStorageGib", json!(2000), &[Updated("data/database", "maxStorageGib")]),
        ("spec.data.database.multiAz", json!(false), &[Updated("data/database", "multiAz")]),
        ("spec.data.database.engineVersion", json!("8.4"), &[Refused("data/database", "engineVersion")]),
        ("spec.data.database.engineVersion", json!("8.0.1"), &[Nothing]),
        ("spec.data.database.backupRetentionDays", json!(14), &[Updated("data/database", "backupRetentionDays")]),
        ("spec.data.database.existing.instance", database, &[Refused("data/database", "id")]),
        ("spec.data.database.existing.host", host, &[Refused("data/database", "id")]),
        ("spec.kubeflow.admin.email", json!("b@example.com"), &[Updated("data/admin-secret", "value.email")]),
        (
            "spec.gpu.enabled",
            json!(false),
            &[Removed("karpenter/queue"), Removed("karpenter/role-node"), Removed("karpenter/rule-spot")],
        ),
        (
            "spec.gpu.capacityTypes",
            json!(["on-demand", "spot"]),
            &[Updated("karpenter/role-controller", "serviceLinkedRole")],
        ),
    ]
}

/// A configuration with one field changed. A value that is an object stands for the section that holds the field.
fn with(config: &Config, path: &str, value: &Value) -> Config {
    let mut all = serde_json::to_value(config).unwrap();
    let path = match value.is_object() && path != "spec.tags" {
        true => path.rsplit_once('.').unwrap().0,
        false => path,
    };
    let mut at = &mut all;
    for name in path.split('.') {
        at = &mut at[name];
    }
    *at = value.clone();
    serde_json::from_value(all).unwrap_or_else(|error| panic!("{path}: {error}"))
}

async fn draft(world: &World) -> Plan {
    world.engine().draft().await.unwrap_or_else(|error| panic!("{error:?}")).plan
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_is_updated_refused_or_nothing_as_the_page_says() {
    let aws = Aws::empty().await;
    let mut world = World::new(&aws, configuration("fields", Region::CnNorth1)).await;
    let key = world.clients.kms.create_key().send().await.unwrap().key_metadata.unwrap().arn.unwrap();
    world.up().await;
    let (before, page) = (world.config.clone(), changes::page());
    world.proxy.take_writes();
    let mut wrong = Vec::new();
    for (path, value, fates) in rows(&key) {
        world.config = Arc::new(with(&before, path, &value));
        let plan = draft(&world).await;
        let said: Vec<_> = plan.steps.iter().filter(|s| s.is_work()).map(|s| (s.addr.as_str(), s.action)).collect();
        for fate in fates {
            if !fate.is_in(&plan) {
                wrong.push(format!("{path} = {value}: no {fate:?} in {said:?}, refused {:?}", plan.refused));
            }
            if !page.iter().any(|row| row.field == path && row.kinds.iter().any(|kind| kind == fate.word())) {
                wrong.push(format!("{path}: the page doesn't say `{}`", fate.word()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(world.proxy.take_writes(), 0, "a plan wrote");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_at_the_start_is_compared_too() {
    let aws = Aws::empty().await;
    let mut config = configuration("given", Region::CnNorthwest1);
    let key = |id: &str| format!("arn:aws-cn:kms:cn-northwest-1:{ACCOUNT}:key/{id}");
    config.spec.cluster.kms_key_arn = Some(key("1234abcd-12ab-34cd-56ef-1234567890ab"));
    config.spec.data.existing_bucket = Some("team-artifacts".into());
    let mut world = World::new(&aws, config).await;
    team::bucket(&world.clients, "team-artifacts").await;
    team::bucket(&world.clients, "other-artifacts").await;
    world.up().await;
    let before = world.config.clone();
    for (path, value, fate) in [
        (
            "spec.cluster.kmsKeyArn",
            json!(key("2234abcd-12ab-34cd-56ef-1234567890ab")),
            Refused("cluster/eks", "kmsKeyArn"),
        ),
        ("spec.cluster.kmsKeyArn", json!(null), Refused("cluster/eks", "kmsKeyArn")),
        ("spec.data.existingBucket", json!("other-artifacts"), Refused("data/bucket", "name")),
        ("spec.data.existingBucket", json!(null), Refused("data/bucket", "name")),
    ] {
        world.config = Arc::new(with(&before, path, &value));
        let plan = draft(&world).await;
        assert!(fate.is_in(&plan), "{path} = {value}: {:?}", plan.refused);
    }
    // A bucket that is let go of by hand is left as it is, and the other one is used.
    world.forget("data/bucket").await;
    world.config = Arc::new(with(&before, "spec.data.existingBucket", &json!("other-artifacts")));
    world.up().await;
    assert_eq!(world.outputs()[&"data/bucket".into()]["name"], "other-artifacts");
    assert!(world.clients.s3.head_bucket().bucket("team-artifacts").send().await.is_ok());
}
