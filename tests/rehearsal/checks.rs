//! Preflight and verify checks of AWS: they pass where all is well, and each sees its own fault.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use kfctl_cn::checks::{self, Checker, Verdict, preflight, verify};
use kfctl_cn::config::Config;
use kfctl_cn::model::{ErrorClass, Region};

use crate::world::{ACCOUNT, Aws, World, clients_of, configuration};

/// The checks that neither pass nor are skipped, with what they saw.
async fn faults(checkers: &[Arc<dyn Checker>]) -> BTreeMap<String, String> {
    let all = checks::run(checkers, |_| ()).await;
    let fault = |verdict| match verdict {
        Verdict::Pass(_) | Verdict::Skip(_) => None,
        Verdict::Warn { seen, hint } | Verdict::Fail { seen, hint } => {
            assert!(!hint.is_empty(), "no hint for: {seen}");
            Some(seen)
        }
    };
    all.into_iter().filter_map(|c| Some((c.what, fault(c.verdict)?))).collect()
}

fn with(name: &str, region: Region, change: impl Fn(&mut Config)) -> Config {
    let mut config = configuration(name, region);
    change(&mut config);
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn preflight_passes_in_an_empty_account_of_both_regions() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let world = World::new(&aws, configuration("fresh", region)).await;
        let found = faults(&preflight::checkers(&world.config, &world.clients)).await;
        assert!(found.is_empty(), "{found:#?}");
        assert_eq!(world.proxy.take_writes(), 0, "a check wrote");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn preflight_sees_what_the_region_doesnt_offer() {
    let aws = Aws::empty().await;
    let config = with("wrong", Region::CnNorth1, |config| {
        let spec = &mut config.spec;
        spec.account = Some("999999999999".into());
        spec.cluster.version = "1.21".into();
        spec.cluster.node_group.instance_types = vec!["m99.large".into()];
        spec.data.database.engine_version = "5.6".into();
        spec.gpu.families = vec!["p4d".into()];
    });
    let world = World::new(&aws, config).await;
    let found = faults(&preflight::checkers(&world.config, &world.clients)).await;
    let texts: Vec<&str> = found.keys().map(String::as_str).collect();
    for part in ["of account 999999999999", "Kubernetes 1.21", "m99.large", "MySQL 5.6", "GPU family p4d"] {
        assert!(texts.iter().any(|t| t.contains(part)), "{part}: {found:#?}");
    }
    // Nothing else is wrong but what follows from the old Kubernetes.
    let follows = |text: &&&str| text.contains("the add-on") || text.contains("works with Kubernetes 1.21");
    assert_eq!(texts.iter().filter(|text| !follows(text)).count(), 5, "{found:#?}");
    assert!(texts.iter().any(|text| text.starts_with("Karpenter 1.14.1 works with")), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_another_partition_are_refused_with_their_class() {
    let aws = Aws::empty().await;
    let error = clients_of(&aws.url, Region::CnNorth1, "AKIAREHEARSALGLOBAL1").await.identity().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Credentials);
    assert!(error.to_string().contains("partition `aws`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_aws_is_told_as_such() {
    let error =
        clients_of("http://127.0.0.1:9", Region::CnNorth1, "AKIAREHEARSALCHINA01").await.identity().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unreachable, "{error:?}");
    assert!(error.to_string().contains("sts:GetCallerIdentity"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_passes_on_a_whole_deployment_and_sees_each_fault() {
    let aws = Aws::empty().await;
    let world = World::new(&aws, configuration("sound", Region::CnNorthwest1)).await;
    world.up().await;
    let checkers = verify::aws::checkers(&world.config, &world.clients, ACCOUNT, &Arc::new(world.outputs()), &[]);
    let found = faults(&checkers).await;
    assert!(found.is_empty(), "{found:#?}");

    let (api, bucket) = (&world.clients, format!("sound-{ACCOUNT}-cn-northwest-1"));
    let off = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
    api.s3.put_bucket_versioning().bucket(&bucket).versioning_configuration(off).send().await.unwrap();
    api.s3.delete_bucket_policy().bucket(&bucket).send().await.unwrap();
    api.eks.delete_addon().cluster_name("sound").addon_name("coredns").send().await.unwrap();
    let half = r#"{"accesskey":"AKIA"}"#;
    api.secrets.put_secret_value().secret_id("sound-s3-secret").secret_string(half).send().await.unwrap();
    let unprotected = api.rds.modify_db_instance().db_instance_identifier("sound-db").deletion_protection(false);
    unprotected.send().await.unwrap();
    let found = faults(&checkers).await;
    let texts: Vec<&str> = found.keys().map(String::as_str).collect();
    for part in ["versions of objects", "plain HTTP", "coredns", "sound-s3-secret", "protected from deletion"] {
        assert!(texts.iter().any(|t| t.contains(part)), "{part}: {found:#?}");
    }
    assert_eq!(found.len(), 5, "{found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_sees_what_is_outside_china() {
    let aws = Aws::empty().await;
    let world = World::new(&aws, configuration("abroad", Region::CnNorth1)).await;
    let output = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    let outputs = BTreeMap::from([
        ("cluster/eks".into(), output("arn", "arn:aws:eks:us-east-1:123456789012:cluster/abroad")),
        ("data/database".into(), output("host", "abroad-db.x.us-east-1.rds.amazonaws.com")),
    ]);
    let found = faults(&verify::aws::checkers(&world.config, &world.clients, ACCOUNT, &Arc::new(outputs), &[])).await;
    assert!(found["every ARN is of aws-cn"].contains("arn:aws:eks"), "{found:#?}");
    assert!(found["every AWS host is of China"].contains("us-east-1.rds"), "{found:#?}");
}
