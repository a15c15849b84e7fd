//! What S3 does with conditions, and which buckets are taken.

use futures::future::join_all;
use kfctl_cn::model::{ErrorClass, Region};
use kfctl_cn::state::{Objects, Only, Put};

use super::{bucket, encrypt, keep_versions, objects};
use crate::world::{Aws, clients_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_write_happens_only_if_nobody_else_has_written() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let clients = clients_of(&aws.url, region, "AKIAREHEARSALCHINA01").await;
        bucket(&clients).await;
        let objects = objects(&clients);
        assert_eq!(objects.get("lock").await.unwrap(), None);
        let put =
            async |content: &'static str, only: Only| objects.put("lock", content.as_bytes(), &only).await.unwrap();
        assert_eq!(put("0", Only::IfUnchanged("\"none\"".into())).await, Put::Refused, "there is nothing unchanged");
        let Put::Done(first) = put("1", Only::IfAbsent).await else { panic!("the first write is refused") };
        assert_eq!(put("2", Only::IfAbsent).await, Put::Refused);
        let Put::Done(second) = put("3", Only::IfUnchanged(first.clone())).await else { panic!("a refused update") };
        assert_eq!(put("4", Only::IfUnchanged(first)).await, Put::Refused);
        assert_eq!(objects.get("lock").await.unwrap(), Some((b"3".to_vec(), second)));
        objects.delete("lock").await.unwrap();
        objects.delete("lock").await.unwrap();
        let all = join_all((0..20).map(|_| put("5", Only::IfAbsent))).await;
        assert_eq!(all.iter().filter(|put| **put != Put::Refused).count(), 1, "exactly one of 20 at once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_must_be_there_and_encrypted_and_should_keep_versions() {
    for region in Region::ALL {
        let aws = Aws::empty().await;
        let clients = clients_of(&aws.url, region, "AKIAREHEARSALCHINA01").await;
        let objects = objects(&clients);
        let error = objects.inspect().await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Config, "{error:?}");
        assert!(error.hints[0].contains(&format!("--region {region}")), "{error:?}");
        bucket(&clients).await;
        let error = objects.inspect().await.unwrap_err();
        assert!(error.class == ErrorClass::Config && error.hints[0].contains("put-bucket-encryption"), "{error:?}");
        encrypt(&clients).await;
        let advice = objects.inspect().await.unwrap();
        assert!(advice.len() == 1 && advice[0].contains("put-bucket-versioning"), "{advice:?}");
        keep_versions(&clients).await;
        assert!(objects.inspect().await.unwrap().is_empty());
    }
}
