//! Customer-managed keys: looked at first, and used for what is made.

use aws_sdk_kms::types::GrantOperation;
use kfctl_cn::aws::Clients;
use kfctl_cn::checks::{self, Verdict, preflight};
use kfctl_cn::config::CapacityType;
use kfctl_cn::model::Region;

use crate::nodes::template;
use crate::world::{Aws, World, actions, clients_of, configuration};

async fn key(aws: &Clients) -> String {
    aws.kms.create_key().send().await.unwrap().key_metadata.unwrap().arn.unwrap()
}

async fn with_key(aws: &Aws, name: &str, region: Region, arn: &str) -> World {
    let mut config = configuration(name, region);
    config.spec.cluster.kms_key_arn = Some(arn.into());
    config.spec.cluster.disk_kms_key_arn = Some(arn.into());
    config.spec.gpu.capacity_types = vec![CapacityType::OnDemand, CapacityType::Spot];
    config.spec.data.kms_key_arn = Some(arn.into());
    World::new(aws, config).await
}

/// What the checks say of the three keys.
async fn told(world: &World) -> Vec<Verdict> {
    let all = preflight::checkers(&world.config, &world.clients);
    let mine: Vec<_> = all.into_iter().filter(|c| c.what().ends_with("can encrypt")).collect();
    checks::run(&mine, |_| ()).await.into_iter().map(|c| c.verdict).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn database_bucket_and_secrets_are_encrypted_with_the_key_that_is_named() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let arn = key(&clients_of(&aws.url, region, "AKIAREHEARSALCHINA01").await).await;
        let world = with_key(&aws, "locked", region, &arn).await;
        let verdicts = told(&world).await;
        assert!(verdicts.len() == 3 && verdicts.iter().all(|v| matches!(v, Verdict::Pass(_))), "{verdicts:?}");
        world.up().await;
        let of = &world.clients;
        let db = of.rds.describe_db_instances().db_instance_identifier("locked-db").send().await.unwrap();
        assert_eq!(db.db_instances()[0].kms_key_id(), Some(arn.as_str()));
        let bucket = world.config.bucket("123456789012");
        let encryption = of.s3.get_bucket_encryption().bucket(bucket).send().await.unwrap();
        let rule = encryption.server_side_encryption_configuration().unwrap().rules()[0].clone();
        let by_default = rule.apply_server_side_encryption_by_default().unwrap();
        assert_eq!(
            (by_default.sse_algorithm().as_str(), by_default.kms_master_key_id()),
            ("aws:kms", Some(arn.as_str()))
        );
        for secret in ["locked-rds-secret", "locked-s3-secret", "locked-admin"] {
            let seen = of.secrets.describe_secret().secret_id(secret).send().await.unwrap();
            assert_eq!(seen.kms_key_id(), Some(arn.as_str()), "{secret}");
        }
        let cluster = of.eks.describe_cluster().name("locked").send().await.unwrap().cluster.unwrap();
        assert_eq!(cluster.encryption_config()[0].provider().unwrap().key_arn(), Some(arn.as_str()));
        let call = of.iam.get_user_policy().user_name("locked-s3").policy_name("bucket");
        let user = call.send().await.unwrap().policy_document;
        assert!(user.contains("GenerateDataKey") && user.contains(arn.rsplit('/').next().unwrap()), "{user}");
        let call = of.iam.get_role_policy().role_name("locked-secrets-manager-sa").policy_name("secrets");
        let role = call.send().await.unwrap().policy_document;
        assert!(role.contains("Decrypt") && role.contains("secretsmanager."), "{role}");
        let again = world.plan().await;
        assert!(!again.plan.has_changes(), "{:#?}", actions(&again));
    }
}

/// Names and grantees of the grants on a key.
async fn grants(aws: &Clients, key: &str) -> Vec<(String, String)> {
    let found = aws.kms.list_grants().key_id(key).send().await.unwrap();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let mut all: Vec<_> = found.grants().iter().map(|g| (text(g.name()), text(g.grantee_principal()))).collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn disks_are_encrypted_with_the_key_that_is_named_and_who_starts_nodes_may_use_it() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let arn = key(&clients_of(&aws.url, region, "AKIAREHEARSALCHINA01").await).await;
        let world = with_key(&aws, "disks", region, &arn).await;
        // A grant of others on the same key is none of ours.
        let theirs = world.clients.kms.create_grant().key_id(&arn).name("theirs");
        let theirs = theirs.grantee_principal("arn:aws-cn:iam::123456789012:role/theirs");
        theirs.operations(GrantOperation::Decrypt).send().await.unwrap();
        world.up().await;
        let of = &world.clients;
        let data = template(of, "disks").await;
        let disk = data.block_device_mappings()[0].ebs().unwrap();
        assert_eq!((disk.encrypted(), disk.kms_key_id()), (Some(true), Some(arn.as_str())));
        for role in ["disks-ebs-csi", "disks-karpenter"] {
            let call = of.iam.get_role_policy().role_name(role).policy_name("disk-key");
            let policy = call.send().await.unwrap().policy_document;
            assert!(policy.contains("GrantIsForAWSResource") && policy.contains("ec2."), "{role}: {policy}");
        }
        let linked = |service: &str, role: &str| {
            let of = format!("arn:aws-cn:iam::123456789012:role/aws-service-role/{service}.amazonaws.com/{role}");
            (format!("disks-disks-{role}"), of)
        };
        let theirs = ("theirs".to_owned(), "arn:aws-cn:iam::123456789012:role/theirs".to_owned());
        let ours = [linked("autoscaling", "AWSServiceRoleForAutoScaling"), linked("spot", "AWSServiceRoleForEC2Spot")];
        let all: Vec<_> = ours.iter().cloned().chain([theirs.clone()]).collect();
        assert_eq!(grants(of, &arn).await, all);
        assert!(!world.plan().await.plan.has_changes());
        // One that somebody revokes comes back.
        let grant = world.outputs()[&"cluster/disk-grant".into()]["id"].clone();
        of.kms.revoke_grant().key_id(&arn).grant_id(grant).send().await.unwrap();
        world.up().await;
        assert_eq!(grants(&world.clients, &arn).await, all);
        world.down(true).await;
        assert_eq!(grants(&world.clients, &arn).await, [theirs]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cant_encrypt_is_told_before_anything_is_made() {
    let aws = Aws::empty().await;
    let api = clients_of(&aws.url, Region::CnNorth1, "AKIAREHEARSALCHINA01").await;
    let nobodys = "arn:aws-cn:kms:cn-north-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let failed = |verdicts: &[Verdict], part: &str| {
        let fails = |v: &Verdict| matches!(v, Verdict::Fail { seen, .. } if seen.contains(part));
        assert!(verdicts.len() == 3 && verdicts.iter().all(fails), "{part}: {verdicts:?}");
    };
    failed(&told(&with_key(&aws, "nobody", Region::CnNorth1, nobodys).await).await, "there is no key");
    let off = key(&api).await;
    api.kms.disable_key().key_id(off.rsplit('/').next().unwrap()).send().await.unwrap();
    failed(&told(&with_key(&aws, "off", Region::CnNorth1, &off).await).await, "it is Disabled");
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::123456789012:role/keeper"},"Action":"kms:*","Resource":"*"}]}"#;
    let made = api.kms.create_key().policy(policy).send().await.unwrap();
    let shut = made.key_metadata.unwrap().arn.unwrap();
    let verdicts = told(&with_key(&aws, "shut", Region::CnNorth1, &shut).await).await;
    let warned = |v: &Verdict| matches!(v, Verdict::Warn { hint, .. } if hint.contains(":root"));
    assert!(verdicts.iter().all(warned), "{verdicts:?}");
}
